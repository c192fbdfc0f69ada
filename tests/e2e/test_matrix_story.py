"""Interview, alert, take, quick exit and erasure over Matrix: real backend, bot and Synapse."""

import asyncio
import re
from pathlib import Path

import httpx
import nio
import pytest

from tests.bots.matrices import PASSWORD, Person, sign_in
from tests.e2e.bots import matrix_process
from tests.e2e.console_client import enrol_and_get_code, go_on_call
from tests.e2e.processes import free_port, run_process
from tests.synapse import Synapse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
SENTINEL = "Qzx7 vermillion heron"


class MatrixPhone:
    """A messenger without buttons: she reads the numbers and types them."""

    def __init__(self, one: Person) -> None:
        self.one = one

    async def says(self, text: str, expects: str) -> None:
        """Type; wait for what must follow."""
        before = len(self.one.heard)
        await self.one.says(text)
        await self.one.until(lambda: any(expects in said for said in self.one.texts()[before:]), 30)

    async def chooses(self, label: str, expects: str) -> None:
        """Type the number that stands before a label, on the latest list that shows it."""
        for said in reversed(self.one.texts()):
            found = re.search(rf"^(\d+)\. (?:\S+ )?{re.escape(label)}$", said, re.MULTILINE)
            if found:
                await self.says(found[1], expects)
                return
        raise AssertionError(f"no line {label!r} under {self.one.texts()[-1]!r}")


async def asks_for_help(phone: MatrixPhone) -> None:
    """From the first word to the yes."""
    await phone.says("hello", "Choose your language")
    await phone.chooses("English", "Are you safe")
    await phone.chooses("Yes", "Which fits")
    await phone.chooses("Something happened to me", "How old")
    await phone.chooses("26 to 40", "Is any of this true")
    await phone.chooses("None of these", "Where are you")
    await phone.chooses("River Town (demo)", "When was the last")
    await phone.chooses("In the last 3 days", "What would help")
    await phone.chooses("Health care", "Who should answer")
    await phone.chooses("Either", "May I tell")
    await phone.chooses("Yes", "May a helper write")


async def met(synapse: Synapse, name: str, bot: str) -> Person:
    """An account in a room with the bot."""
    one = await sign_in(synapse, synapse.register(name, PASSWORD), bot)
    await (await one.meet()).joined()
    return one


def test_a_person_is_heard_over_matrix(tmp_path: Path, synapse: Synapse) -> None:
    """The alert rings at the responder's, is taken there; she leaves in a hurry, and comes back."""
    port = free_port()
    user = synapse.register("story-bot", PASSWORD)
    backend = run_process(tmp_path, port)
    bot = matrix_process(tmp_path, port, synapse.url, user, PASSWORD)
    backend.start()
    bot.start()
    try:
        asyncio.run(_story(synapse, user, port, backend.log))
    finally:
        bot.stop()
        backend.stop()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert SENTINEL.encode() not in path.read_bytes(), path.name
        if path.suffix == ".log":
            for word in (b"amina", b"@ada", b"story-bot", b"syt_", b"kite", PASSWORD.encode()):
                assert word not in path.read_bytes(), (path.name, word)


async def _story(synapse: Synapse, bot: str, port: int, log: Path) -> None:
    ada, amina = await met(synapse, "ada", bot), await met(synapse, "amina", bot)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        printed = await asyncio.to_thread(log.read_text)
        code = await asyncio.to_thread(enrol_and_get_code, client, printed)
        await MatrixPhone(ada).says(code, "")
        await asyncio.to_thread(go_on_call, client)
    phone = MatrixPhone(amina)
    await asks_for_help(phone)
    before = len(ada.heard)
    await ada.until(lambda: any("health care" in said for said in ada.texts()[before - 1 :]), 30)
    alert = next(content for _, content in ada.heard if "health care" in content["body"])
    assert alert["msgtype"] == "m.text"  # it has to ring; what answers her does not
    assert {content["msgtype"] for _, content in amina.heard} == {"m.notice"}
    await MatrixPhone(ada).says("1", "is yours")
    shown = {event_id for event_id, _ in amina.heard}
    await phone.says("00", "Goodbye")
    await amina.until(lambda: shown <= amina.redacted, 30)
    await phone.says("hello", "Choose your language")
    await phone.chooses("English", "Are you safe")
    await _erases(phone)
    for one in (ada, amina):
        await one.client.close()


async def _erases(phone: MatrixPhone) -> None:
    """Everything goes, the bot too; whoever invites it anew is greeted as a stranger."""
    one = phone.one
    await phone.says("erase", "Erase everything?")
    await phone.says("1", "sent to helpers")
    await one.says("1")
    await one.until(lambda: bot_gone(one), 30)
    assert isinstance(await one.client.room_leave(one.room), nio.RoomLeaveResponse)
    await (await one.meet()).joined()
    await phone.says(SENTINEL, "Choose your language")


def bot_gone(one: Person) -> bool:
    """It is in her room no more."""
    return one.bot not in one.client.rooms[one.room].users
