"""The bot's disk: what was accepted is there, and nothing in it can be read."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.core import ConfigurationError, Spool, SpoolError
from bots.core.spool import Kept
from sealing import Envelope
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import running
from tests.bots.slow_world import until

ROOT = Path(__file__).parents[2]
SEALED = Envelope("2026-W48", b"sealed bytes")

WRITER = """
import asyncio, sys
from pathlib import Path
from bots.core import Spool
from sealing import Envelope

async def main():
    spool = Spool.open(Path(sys.argv[1]))
    for n in range(100_000):
        await spool.add(f"e{n:06}", Envelope("k", bytes(1500)))
        print(f"e{n:06}", flush=True)

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the spool is to be."""
    return tmp_path / "spool" / "telegram.db"


async def test_rows_come_back_in_order(path: Path) -> None:
    """What was added is there after a restart, oldest first, once each."""
    spool = Spool.open(path)
    adds = (spool.add(f"e{n}", SEALED) for n in (3, 1, 2, 1))
    assert await asyncio.gather(*adds) == [True, True, True, False]
    spool.close()
    again = Spool.open(path)
    assert await again.event_ids() == ["e3", "e1", "e2"]
    assert await again.event("e1") == Kept(SEALED)
    again.close()


async def test_what_was_put_aside_can_be_handed_over_again(path: Path) -> None:
    """Requeued behind the rest, still sealed as it was."""
    spool = Spool.open(path)
    for name in ("bad", "good"):
        await spool.add(name, SEALED)
    await spool.quarantine("bad", Kept(SEALED), "malformed")
    assert (await spool.event_ids(), await spool.quarantined()) == (["good"], 1)
    assert await spool.requeue() == 1
    assert (await spool.event_ids(), await spool.quarantined()) == (["good", "bad"], 0)
    assert await spool.event("bad") == Kept(SEALED)
    assert await spool.requeue() == 0
    spool.close()


def test_requeue_says_what_it_did_and_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command moves a spool's rows; without a spool it says so, with exit code 2."""
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path))

    async def put_aside() -> None:
        spool = Spool.open(tmp_path / "spool" / "telegram.db")
        await spool.add("bad", SEALED)
        await spool.quarantine("bad", Kept(SEALED), "malformed")
        spool.close()

    asyncio.run(put_aside())
    done = CliRunner().invoke(app, ["requeue", "telegram"])
    assert (done.exit_code, done.stdout) == (
        0,
        "1 event(s) will be handed over when the bot starts.\n",
    )
    nothing = CliRunner().invoke(app, ["requeue", "signal"])
    assert nothing.exit_code == 2
    assert "no spool" in nothing.stderr


async def test_stored_runs_in_the_order_of_the_calls(path: Path) -> None:
    """However commits are grouped, later steps see events in the order they were accepted."""
    spool = Spool.open(path)
    seen: list[int] = []
    await asyncio.gather(
        *(spool.add(f"e{n}", SEALED, lambda n=n: seen.append(n)) for n in range(300))  # type: ignore[misc]
    )
    spool.close()
    assert seen == list(range(300))


def test_kill_9_loses_nothing_accepted(path: Path) -> None:
    """Every event whose ``add`` returned before a kill -9 is in the spool afterwards, in order."""
    for kill_after in (1, 7, 40):
        directory = path.parent / str(kill_after)
        spool_path = directory / "telegram.db"
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(spool_path)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        ) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(kill_after)]
            assert all(told), "the writer did not start"
            os.kill(process.pid, signal.SIGKILL)
            told += process.stdout.read().split()
        kept = asyncio.run(_event_ids(spool_path))
        assert kept[: len(told)] == told
        assert kept == sorted(kept)


async def _event_ids(path: Path) -> list[str]:
    spool = Spool.open(path)
    try:
        return await spool.event_ids()
    finally:
        spool.close()


def test_only_its_owner_can_read_the_files(path: Path) -> None:
    """Database, write-ahead log and lock are 0600, their directory 0700."""
    spool = Spool.open(path)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes.pop("telegram.db") == 0o600
    assert set(modes.values()) == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    spool.close()


async def test_nothing_on_the_disk_is_readable(tmp_path: Path) -> None:
    """Neither words, nor a token, nor an address is anywhere in the spool's files."""
    backend = FakeBackend(down=False)
    async with running(tmp_path, backend) as run:
        backend.down = True
        await run.write("event-1", "address-SENTINEL", "words-SENTINEL")
        files = [file.read_bytes() for file in run.spool_path.parent.iterdir()]
        assert any(b"event-1" in content for content in files)
        assert not any(b"SENTINEL" in content or b"token-of" in content for content in files)


def test_second_process_is_refused(path: Path) -> None:
    """Two bots on one spool would double every message: the second one says so and stops."""
    spool = Spool.open(path)
    with pytest.raises(ConfigurationError, match="Another bot is running"):
        Spool.open(path)
    spool.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 50, b"SQLite format 3\0" * 99])
def test_damaged_spool_says_so(path: Path, content: bytes) -> None:
    """A file that is no spool is refused with its path, and left as it is."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"telegram\.db"):
        Spool.open(path)
    assert path.read_bytes() == content


def test_unwritable_directory_says_so(tmp_path: Path) -> None:
    """A data directory that cannot be made is a configuration error that names the setting."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="RELAIS_DATA_DIR"):
        Spool.open(tmp_path / "file" / "spool" / "telegram.db")


async def test_full_disk_refuses_and_recovers(path: Path) -> None:
    """When the disk is full nothing is claimed to be kept; with room again, it goes on."""
    spool = Spool.open(path)
    await spool.add("before", SEALED)
    pages = spool._connection.execute("PRAGMA page_count").fetchone()[0]
    spool._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SpoolError) as caught:
        await spool.add("too much", Envelope("k", bytes(200_000)))
    assert caught.value.retry
    assert "FULL" in caught.value.advice
    spool._connection.execute("PRAGMA max_page_count = 1000000")
    assert await spool.add("after", SEALED)
    assert await spool.event_ids() == ["before", "after"]
    spool.close()


async def test_locked_spool_is_reported_not_lost(tmp_path: Path) -> None:
    """While another program locks the file, ``accept`` fails and health says why; then it works."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        await until(lambda: run.relay._spool._pending == [])
        run.relay._spool._connection.execute("PRAGMA busy_timeout=10")
        other = sqlite3.connect(run.spool_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SpoolError):
            await run.write("e1", "a", "kept later")
        assert "spool_failed" in run.relay.health.problems
        other.execute("ROLLBACK")
        other.close()
        await run.write("e1", "a", "kept later")
        await until(lambda: backend.texts("a") == ["kept later"])
        assert "spool_failed" not in run.relay.health.problems


async def test_one_bad_write_leaves_nobody_waiting(path: Path) -> None:
    """Whatever goes wrong in a shared commit, everybody in it is told."""
    spool = Spool.open(path)
    async with asyncio.timeout(5):
        ended = await asyncio.gather(
            spool.add("good", SEALED), spool.add("\ud800", SEALED), return_exceptions=True
        )
    assert any(isinstance(end, SpoolError) for end in ended)
    assert await spool.add("good", SEALED) in {True, False}
    spool.close()
