"""The database under stress: two writers, a foreign lock, a full disk, a connection that dies."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import OperationalError

from backend.database import Database, DatabaseUnavailable, metadata, open_database
from backend.database import database as database_module
from backend.database.inline_sqlite import InlineConnection
from backend.database.tables import topics
from backend.errors import ConfigurationError

ROW = {"month": "2026-11", "topic": "care", "count": 0}


@pytest.fixture
async def db(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty schema of either kind."""
    database = open_database(database_url, tmp_path / "relais.db")
    async with database.write() as tx:
        await tx.run_sync(metadata.create_all)
    yield database
    await database.close()


async def _count(db: Database) -> int:
    async with db.read() as connection:
        count: int = (await connection.execute(select(topics.c.count))).scalar_one()
        return count


async def test_no_update_is_lost_among_many_writers(db: Database) -> None:
    """200 read-and-add transactions at once add up to 200."""
    async with db.write() as tx:
        await tx.execute(insert(topics), ROW)

    async def add() -> None:
        async with db.write() as tx:
            await tx.execute(update(topics).values(count=topics.c.count + 1))

    await asyncio.gather(*(add() for _ in range(200)))
    assert await _count(db) == 200


async def test_what_fails_is_taken_back(db: Database) -> None:
    """An error inside a transaction leaves nothing of it, and the next one works."""
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await tx.execute(insert(topics), ROW)
            raise RuntimeError
    async with db.write() as tx:
        await tx.execute(insert(topics), ROW)
    assert await _count(db) == 0


async def test_a_cancelled_transaction_is_taken_back(db: Database) -> None:
    """A request that is given up half-way leaves nothing, and blocks nobody."""
    began = asyncio.Event()

    async def half() -> None:
        async with db.write() as tx:
            await tx.execute(insert(topics), ROW)
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(half())
    await began.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with db.read() as connection:
        assert (await connection.execute(select(topics))).first() is None
    await db.check()


async def test_cancelling_at_any_moment_leaves_a_working_database(db: Database) -> None:
    """Given up before, in or after its COMMIT: whole or not at all, and the next one works."""

    async def add(number: int) -> None:
        async with db.write() as tx:
            await tx.execute(insert(topics), ROW | {"topic": f"a{number}"})
            await tx.execute(insert(topics), ROW | {"topic": f"b{number}"})

    for number in range(60):
        task = asyncio.create_task(add(number))
        for _ in range(number % 20):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(3):
            await db.check()
    async with db.read() as connection:
        kept = set((await connection.execute(select(topics.c.topic))).scalars())
    assert {f"b{name[1:]}" for name in kept if name[0] == "a"} == {n for n in kept if n[0] == "b"}


async def test_a_foreign_lock_is_waited_for_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's lock on the file gives `locked`; when it is gone, all is well."""
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    db = open_database("", tmp_path / "relais.db")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)
    other = sqlite3.connect(tmp_path / "relais.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="locked"):
        await db.check()
    other.execute("ROLLBACK")
    other.close()
    await db.check()
    await db.close()


async def test_a_full_disk_is_named_and_loses_nothing(tmp_path: Path) -> None:
    """When no page can be added the transaction is `full`, and what was there stays."""
    db = open_database("", tmp_path / "relais.db")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)
        await tx.execute(insert(topics), ROW)
    async with db.write() as tx:
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseUnavailable, match="full"):
        async with db.write() as tx:
            for number in range(2000):
                await tx.execute(insert(topics), ROW | {"topic": f"{number:064}"})
    assert await _count(db) == 0
    async with db.write() as tx:
        await tx.exec_driver_sql("PRAGMA max_page_count = 1000000")
    async with db.write() as tx:
        await tx.execute(insert(topics), ROW | {"topic": "places"})
    await db.close()


async def test_a_file_that_is_gone_takes_nothing_more(tmp_path: Path) -> None:
    """Deleted or replaced under the server: `gone`, instead of writing where nobody looks."""
    path = tmp_path / "relais.db"
    db = open_database("", path)
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)
    path.rename(tmp_path / "elsewhere.db")
    with pytest.raises(DatabaseUnavailable, match="gone"):
        await db.check()
    path.touch()
    with pytest.raises(DatabaseUnavailable, match="gone"):
        await db.check()
    path.unlink()
    (tmp_path / "elsewhere.db").rename(path)
    await db.check()
    await db.close()


async def test_a_second_process_on_one_file_is_refused(tmp_path: Path) -> None:
    """One SQLite file has one server; the second is told to use PostgreSQL."""
    db = open_database("", tmp_path / "relais.db")
    with pytest.raises(ConfigurationError, match="another process"):
        open_database("", tmp_path / "relais.db")
    await db.close()


async def test_a_dead_connection_is_named_then_replaced(postgres_url: str, tmp_path: Path) -> None:
    """PostgreSQL ends the connection: that transaction is `gone`, the next one works."""
    db = open_database(postgres_url, tmp_path / "none")
    with pytest.raises(DatabaseUnavailable, match="gone"):
        async with db.write() as tx:
            pid = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with db.read() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await tx.execute(text("SELECT 1"))
    await db.check()
    await db.close()


async def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    """Nobody listens there: `gone`, at once."""
    db = open_database("postgresql://nobody@127.0.0.1:9/none", tmp_path / "none")
    with pytest.raises(DatabaseUnavailable, match="gone"):
        await db.check()
    await db.close()


def test_an_unknown_scheme_is_explained(tmp_path: Path) -> None:
    """A wrong RELAIS_DATABASE_URL names what is right."""
    with pytest.raises(ConfigurationError, match="postgresql://"):
        open_database("mysql://x", tmp_path / "none")


async def test_writers_that_come_together_share_a_commit(tmp_path: Path) -> None:
    """50 transactions at once on SQLite are all kept, with far fewer waits for the disk."""
    db = open_database("", tmp_path / "relais.db")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)

    async def add(number: int) -> None:
        async with db.write() as tx:
            await tx.execute(insert(topics), ROW | {"topic": f"{number}"})

    seen: list[str] = []
    async with db.write() as tx:
        raw = (await tx.get_raw_connection()).driver_connection
        assert isinstance(raw, InlineConnection)
        raw.trace(seen.append)
    await asyncio.gather(*(add(number) for number in range(50)))
    assert seen.count("COMMIT") < 10
    async with db.read() as connection:
        assert len((await connection.execute(select(topics))).all()) == 50
    await db.close()


async def test_one_that_fails_takes_nobody_with_it(db: Database) -> None:
    """Of transactions that run together, those that fail or are given up leave the others be."""
    async with db.write() as tx:
        await tx.execute(insert(topics), ROW)

    async def one(number: int) -> None:
        async with db.write() as tx:
            await tx.execute(update(topics).values(count=topics.c.count + 1))
            if number % 3 == 0:
                raise RuntimeError
            if number % 3 == 1:
                raise asyncio.CancelledError

    ended = await asyncio.gather(*(one(number) for number in range(30)), return_exceptions=True)
    assert await _count(db) == 10
    assert [type(end) for end in ended].count(type(None)) == 10


async def test_a_disk_that_fills_up_spares_nobody_in_silence(tmp_path: Path) -> None:
    """SQLite may take a whole group back when the disk is full: everyone of it is told so."""
    db = open_database("", tmp_path / "relais.db")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    async def write(name: str, rows: int) -> None:
        async with db.write() as tx:
            for number in range(rows):
                await tx.execute(insert(topics), ROW | {"topic": f"{name}{number:050}"})

    names = [("a", 1), ("b", 1), ("big", 2000), ("c", 1)]
    ended = await asyncio.gather(*(write(*one) for one in names), return_exceptions=True)
    async with db.read() as connection:
        kept = {name[0] for name in (await connection.execute(select(topics.c.topic))).scalars()}
    said = {name for (name, _), end in zip(names, ended, strict=True) if end is None}
    assert kept == said
    assert "big" not in said
    await db.close()


async def test_closing_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    """Closed while many write: whoever was told "stored" is stored, everybody else is refused."""
    path = tmp_path / "relais.db"
    db = open_database("", path)
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)

    async def add(number: int) -> None:
        async with db.write() as tx:
            await asyncio.sleep(0)
            await tx.execute(insert(topics), ROW | {"topic": f"{number}"})
            await asyncio.sleep(0)

    writers = [asyncio.create_task(add(number)) for number in range(20)]
    for _ in range(7):
        await asyncio.sleep(0)
    closing = asyncio.create_task(db.close())
    ended = await asyncio.gather(*writers, return_exceptions=True)
    await closing
    stored = {str(number) for number, end in enumerate(ended) if end is None}
    assert all(end is None or isinstance(end, DatabaseUnavailable) for end in ended)
    with contextlib.closing(sqlite3.connect(path)) as plain:
        assert {row[0] for row in plain.execute("SELECT topic FROM topics")} == stored


async def test_a_swallowed_full_disk_is_not_called_stored(tmp_path: Path) -> None:
    """A block that hides the error does not make a rolled-back group look committed."""
    db = open_database("", tmp_path / "relais.db")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseUnavailable, match="full"):
        async with db.write() as tx:
            await tx.execute(insert(topics), ROW)
            with contextlib.suppress(OperationalError):
                for number in range(2000):
                    await tx.execute(insert(topics), ROW | {"topic": f"{number:060}"})
    assert await _empty(db)
    await db.close()


async def test_a_commit_that_cannot_even_start_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of threads at COMMIT: that group is refused and taken back, the next one works."""
    db = open_database("", tmp_path / "relais.db")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)

    async def no_thread(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch, pytest.raises(DatabaseUnavailable):
        patch.setattr(InlineConnection, "commit", no_thread)
        async with db.write() as tx:
            await tx.execute(insert(topics), ROW)
    assert await _empty(db)
    await db.check()
    await db.close()


async def _empty(db: Database) -> bool:
    async with db.read() as connection:
        return (await connection.execute(select(topics))).first() is None


async def test_waiting_for_a_lock_in_vain_is_named(postgres_url: str, tmp_path: Path) -> None:
    """PostgreSQL's lock timeout is `locked`, not an error of ours."""
    db = open_database(postgres_url, tmp_path / "none")
    async with db.write() as tx:
        await tx.run_sync(metadata.create_all)
        await tx.execute(insert(topics), ROW)
    async with db.write() as tx:
        await tx.execute(update(topics).values(count=1))
        with pytest.raises(DatabaseUnavailable, match="locked"):
            async with db.write() as other:
                await other.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await other.execute(update(topics).values(count=2))
    await db.close()


async def test_who_only_looks_writes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """Beside the process that serves it; and no file is made where there is none."""
    path = tmp_path / "relais.db"
    serving = open_database(sqlite_url, path)
    async with serving.write() as tx:
        await tx.run_sync(metadata.create_all)
        await tx.execute(insert(topics), ROW)
    looking = open_database(sqlite_url, path, only_read=True)
    assert await _count(looking) == 0
    with pytest.raises(DatabaseUnavailable):
        async with looking.write() as tx:
            await tx.execute(update(topics).values(count=1))
    await looking.close()
    await serving.close()
    with pytest.raises(ConfigurationError, match="there is no database"):
        open_database("", tmp_path / "other.db", only_read=True)
    assert not (tmp_path / "other.db").exists()
