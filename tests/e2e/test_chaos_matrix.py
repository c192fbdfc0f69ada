"""kill -9 of bot, backend and homeserver at random moments: on Matrix nothing is lost or doubled.

Meanwhile the networks between them break, fall silent, drip and refuse (see unkind).

As in test_chaos: what the bot says to somebody in peace must reach everybody else through the
kills, in the same order and once. The people are clients of the library that try again until the
server has their words, under one transaction id, as every client does.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import nio
import pytest

from tests.bots.matrices import PASSWORD, Person, sign_in
from tests.e2e.bots import matrix_process
from tests.e2e.processes import backend_process, free_port
from tests.e2e.test_chaos import SCRIPT, Damage, Victim, compare
from tests.e2e.unkind import INSIDE, MATRIX_FLOOD, NETWORK, Unkind
from tests.synapse import Synapse, running_synapse

PEOPLE = 3
_TROUBLE = (aiohttp.ClientError, TimeoutError, OSError, AssertionError, nio.LocalProtocolError)


async def stubbornly(work: Callable[[], Awaitable[Any]], wanted: type) -> Any:
    """Again and again until it gives what is wanted."""
    while True:
        try:
            answer = await work()
        except _TROUBLE:
            await asyncio.sleep(0.2)
            continue
        if isinstance(answer, wanted):
            return answer
        await asyncio.sleep(0.2)


async def says(one: Person, text: str, transaction: str) -> None:
    """Until the server has it."""
    content = {"msgtype": "m.text", "body": text}
    await stubbornly(
        lambda: one.client.room_send(
            one.room, "m.room.message", dict(content), transaction, ignore_unverified_devices=True
        ),
        nio.RoomSendResponse,
    )


async def listens(one: Person, until: Callable[[], bool], seconds: float) -> None:
    """Sync through every trouble."""
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        try:
            await one.sync(200)
        except _TROUBLE:
            await asyncio.sleep(0.2)


async def newcomer(synapse: Synapse, name: str, bot: str) -> Person:
    """An account in a room with the bot."""
    user = await asyncio.to_thread(synapse.register, name, PASSWORD)
    one = await sign_in(synapse, user, bot)
    await (await one.meet()).joined()
    return one


async def in_peace(synapse: Synapse, bot: str) -> list[str]:
    """One script, each answer awaited until nothing more comes."""
    one = await newcomer(synapse, "peace", bot)
    for number, text in enumerate(SCRIPT):
        await says(one, text, f"peace-{number}")
        before = -1
        while before < len(one.heard) or before < 1:
            before = len(one.heard)
            await listens(one, lambda: False, 1.2)
    await one.client.close()
    return one.texts()


async def under_fire(
    synapse: Synapse, bot: str, victims: list[Victim], kills: int, peace: list[str]
) -> tuple[Damage, int]:
    """Groups of people write while one of the three is killed and started again."""
    chance = random.Random(kills)
    total, people, left = Damage(), 0, kills
    while left > 0:
        group = [await newcomer(synapse, f"p{people + n}", bot) for n in range(PEOPLE)]
        people += len(group)
        for number, text in enumerate(SCRIPT):
            sending = [asyncio.ensure_future(says(one, text, f"t{number}")) for one in group]
            if left > 0:
                await asyncio.sleep(chance.uniform(0.0, 0.6))
                victim = chance.choice(victims)
                await asyncio.to_thread(victim.kill)
                await asyncio.to_thread(victim.start)
                left -= 1
            await asyncio.gather(*sending)
        for one in group:
            await listens(one, lambda one=one: not compare(peace, one.texts()).lost, 60)  # type: ignore[misc]
            await listens(one, lambda: False, 1.0)
            damage = compare(peace, one.texts())
            total.lost += damage.lost
            total.reordered += damage.reordered
            total.doubled += damage.doubled
            await one.client.close()
    return total, people


@pytest.mark.parametrize("kills", [2, pytest.param(210, marks=pytest.mark.long)])
@pytest.mark.timeout(3600)
def test_kills_lose_reorder_and_double_nothing(
    kills: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """0 lost, 0 reordered, 0 doubled over kills of bot, backend and homeserver."""
    port = free_port()
    chance = random.Random(kills)
    with ExitStack() as stack:
        synapse = stack.enter_context(running_synapse(free_port()))
        network = stack.enter_context(Unkind(synapse.url, chance, MATRIX_FLOOD))
        inside = stack.enter_context(Unkind(f"http://127.0.0.1:{port}", chance, b""))
        bot_user = synapse.register("chat", PASSWORD)
        backend = backend_process(tmp_path, port=port)
        bot = matrix_process(tmp_path, inside.port, network.url, bot_user, PASSWORD)
        backend.start()
        bot.start()
        try:
            peace = asyncio.run(in_peace(synapse, bot_user))
            assert len(peace) >= len(SCRIPT)
            network.faults, inside.faults = NETWORK, INSIDE
            victims: list[Victim] = [backend, bot, synapse]
            damage, people = asyncio.run(under_fire(synapse, bot_user, victims, kills, peace))
        finally:
            bot.stop()
            backend.stop()
    met = f"{dict(network.done)} outside, {dict(inside.done)} inside"
    record_property("chaos", f"matrix: {kills} kills, {people} people, {met}: {damage}")
    assert damage == Damage()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"vermillion" not in path.read_bytes(), path.name
