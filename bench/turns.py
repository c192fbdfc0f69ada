"""Turns over HTTP against a real server process: throughput, latency, and the way of an alert."""

import asyncio
import base64
import json
import random
import sqlite3
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path

import httpx

from bench.client import LeanClient
from bench.results import Row
from sealing import PublicKey, seal_envelope
from tests.e2e.processes import backend_process, bot_token, free_port

PEOPLE = 64
ANSWERS = ("hello", "1", "1", "2", "s", "s", "s", "s", "s", "s", "s", "s")


class Sealer:
    """Seals events as a bot does."""

    def __init__(self, base: str) -> None:
        key = httpx.get(f"{base}/v1/inbox-key").json()
        self._key_id = key["key_id"]
        self._public = PublicKey(base64.b64decode(key["public"]))

    def turn(self, event_id: str, address: str, text: str) -> bytes:
        """The body of one POST."""
        inbound = json.dumps(
            {"address": address, "kind": "text", "text": text, "message_id": event_id}
        ).encode()
        sealed = seal_envelope(
            inbound, key_id=self._key_id, to=self._public, channel="telegram", event_id=event_id
        )
        return json.dumps(
            {
                "event_id": event_id,
                "key_id": self._key_id,
                "envelope": base64.b64encode(sealed.sealed).decode(),
            }
        ).encode()


async def _person(
    client: LeanClient, bodies: list[bytes], latencies: list[float], errors: list[int]
) -> None:
    for body in bodies:
        started = time.perf_counter()
        status, _ = await client.post("/v1/channels/telegram/turns", body)
        latencies.append(time.perf_counter() - started)
        if status != 200:
            errors.append(status)


def _prepare(sealer: Sealer, people: int, tag: str) -> list[list[bytes]]:
    return [
        [
            sealer.turn(f"{tag}-{person}-{number}", f"{tag}-{person}", text)
            for number, text in enumerate(ANSWERS)
        ]
        for person in range(people)
    ]


async def _connected(stack: AsyncExitStack, port: int, count: int) -> list[LeanClient]:
    token = bot_token("telegram")
    return [await stack.enter_async_context(LeanClient(port, token)) for _ in range(count)]


async def _throughput(
    port: int, sealer: Sealer, people: int, rounds: int, tag: str = "t"
) -> tuple[float, int]:
    rates, failed = [], 0
    for number in range(rounds):
        work = _prepare(sealer, people, f"{tag}{people}-{number}")
        latencies: list[float] = []
        errors: list[int] = []
        async with AsyncExitStack() as stack:
            clients = await _connected(stack, port, people)
            started = time.perf_counter()
            await asyncio.gather(
                *(
                    _person(client, bodies, latencies, errors)
                    for client, bodies in zip(clients, work, strict=True)
                )
            )
            rates.append(len(latencies) / (time.perf_counter() - started))
        failed += len(errors)
    return statistics.median(rates), failed


async def _p95_at(port: int, sealer: Sealer, per_second: int, seconds: int) -> float:
    """People come at random moments and answer at their own pace, ``per_second`` in all."""
    work = _prepare(sealer, per_second * seconds // len(ANSWERS), "p")
    latencies: list[float] = []
    errors: list[int] = []
    chance = random.Random(20261124)

    async def paced(client: LeanClient, bodies: list[bytes], offset: float) -> None:
        await asyncio.sleep(offset)
        for body in bodies:
            pause = chance.expovariate(1 / 0.4)
            await asyncio.sleep(pause)
            await _person(client, [body], latencies, errors)

    async with AsyncExitStack() as stack:
        clients = await _connected(stack, port, len(work))
        await asyncio.gather(
            *(
                paced(client, bodies, chance.uniform(0, seconds))
                for client, bodies in zip(clients, work, strict=True)
            )
        )
    if errors:
        raise RuntimeError(f"{len(errors)} turns failed at {per_second}/s")
    return sorted(latencies)[int(len(latencies) * 0.95)] * 1000


def measure(name: str, database_url: str = "") -> list[Row]:
    """turns_per_s_<name>, errors at 4 and 64 clients, and the latency at 100 a second."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = backend_process(Path(folder), port=port, database_url=database_url)
        process.start()
        base = f"http://127.0.0.1:{port}"
        try:
            sealer = Sealer(base)
            _, few = asyncio.run(_throughput(port, sealer, 4, 1))
            rate, many = asyncio.run(_throughput(port, sealer, PEOPLE, 3))
            p95 = asyncio.run(_p95_at(port, sealer, 100, 8))
        finally:
            process.stop()
    return [
        # Peers as measured by the design on such a machine: Hush Line takes 17 twelve-field
        # reports a second, which is 204 answers a second.
        Row(f"turns_per_s_{name}", rate, "turns/s"),
        Row(f"turn_errors_{name}", few + many, "errors at 4 and 64 clients"),
        Row(
            "turn_p95_ms_at_100_per_s" if name == "sqlite" else f"turn_p95_ms_at_100_per_s_{name}",
            p95,
            "ms",
        ),
    ]


CROWD = 1_000_000


def measure_growth() -> Row:
    """turns_per_s_sqlite_1m: the same throughput with a million conversations in the database.

    The peer is the same server on the same file before they were added.
    """
    with tempfile.TemporaryDirectory() as folder:
        rates = []
        for crowd in (0, CROWD):
            port = free_port()
            process = backend_process(Path(folder), port=port)
            if crowd:
                _crowd(Path(folder) / "var" / "relais.db", crowd)
            process.start()
            try:
                sealer = Sealer(f"http://127.0.0.1:{port}")
                asyncio.run(_throughput(port, sealer, 4, 1, f"warm{crowd}"))
                rates.append(asyncio.run(_throughput(port, sealer, PEOPLE, 3, f"g{crowd}"))[0])
            finally:
                process.stop()
    return Row("turns_per_s_sqlite_1m", rates[1], "turns/s", "the same, empty", rates[0])


def _crowd(path: Path, many: int) -> None:
    """Conversations that ended, each with a code, and three events and deliveries of the last."""
    chance = random.Random(1)
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.executemany(
            "INSERT INTO conversations (id, channel, address_index, address_sealed, state_sealed,"
            " state_key, version, last_seq, settled_seq, contact)"
            " VALUES (?, 'telegram', ?, ?, ?, 'keyring', 12, 12, 12, 1)",
            (
                (
                    f"{number:032x}",
                    chance.randbytes(32),
                    chance.randbytes(60),
                    chance.randbytes(150),
                )
                for number in range(many)
            ),
        )
        plain.executemany(
            "INSERT INTO return_codes (code_index, conversation_id, shown_at) VALUES (?, ?, 1)",
            ((chance.randbytes(32), f"{number:032x}") for number in range(many)),
        )
        plain.executemany(
            "INSERT INTO events (event_index, conversation_id, seen_at, outcome)"
            " VALUES (?, ?, 1, 'done')",
            ((chance.randbytes(32), f"{number:032x}") for number in range(many)),
        )
        plain.executemany(
            "INSERT INTO deliveries (id, conversation_id, channel, seq, kind, purpose, status,"
            " fence, lease_until, not_before, attempts, created_at)"
            " VALUES (?, ?, 'telegram', 12, 'send', 'reply', 'sent', 1, 0, 0, 1, 1)",
            ((f"{number:032x}", f"{number:032x}") for number in range(many)),
        )
