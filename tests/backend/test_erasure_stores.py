"""What is left of a case in the log, in backups and in stores: the statements of docs/erasure.md.

Rows are looked for byte by byte in the files of a database that a real turn erased.
"""

import os
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import insert, select

from backend.cases.applying import apply
from backend.cases.changes import Changes
from backend.cases.recording import DraftItem, draft_row
from backend.database.tables import (
    cases,
    conversations,
    draft_items,
    events,
    file_garbage,
    grants,
    items,
    jobs,
    media,
)
from backend.jobs.folding import FOLD_JOB
from backend.vault.draft_keys import dark_from
from bots.core.spool import Spool
from conversation import effects as fx
from sealing import Envelope
from tests.backend.consoles import running_console
from tests.backend.filing_scene import MARK, open_desk
from tests.backend.nights import ACCOUNT, TO_MORE, Night, open_night
from tests.backend.thieves import Thief, copied, unknown_columns
from tests.postgresql import PostgresServer, running_postgres

ROOT = Path(__file__).parents[2]
SEALED = (
    grants.c.sealed,
    items.c.sealed,
    cases.c.routing_sealed,
    conversations.c.state_sealed,
    conversations.c.address_sealed,
)


@pytest.fixture
async def stored(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Night]:
    """She told on SQLite; the jobs of this moment have run."""
    async with open_night(sqlite_url, tmp_path) as night:
        await told(night)
        yield night


@pytest.fixture
def durable() -> Iterator[PostgresServer]:
    """A server as in production: with fsync, and whole pages in its log."""
    with running_postgres(durable=True) as server:
        yield server


async def told(night: Night) -> None:
    """A request, and the beginning of an account."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "The boat was green.")


async def a_little_later(night: Night) -> None:
    """The jobs of the next eleven minutes: her address goes in ten, its bytes a minute later."""
    for minutes in (1, 9, 1):
        night.console.clock.forward(minutes=minutes)
        await night.jobs()


async def sealed_of(night: Night) -> list[bytes]:
    """What is sealed of her now: keys, items, facts, state and address."""
    found: list[bytes] = []
    for column in SEALED:
        query = select(column).where(column.is_not(None))
        if column.table is conversations:
            query = query.where(conversations.c.member_id.is_(None))
        found += [bytes(row[0]) for row in await night.rows(query)]
    return found


def seen(values: Iterable[bytes], *files: Path) -> int:
    """How many of these values stand in the files: by their end, or by their middle."""
    raw = b"\n".join(one.read_bytes() for one in files if one.exists())
    return sum(
        one[-40:] in raw or one[len(one) // 2 - 20 : len(one) // 2 + 20] in raw for one in values
    )


def log_of(database: Path) -> Path:
    """Its write-ahead log."""
    return database.with_name(f"{database.name}-wal")


def test_every_statement_has_its_test() -> None:
    """Tests that the document names are there."""
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "erasure.md").read_text("utf-8")))
    known = "\n".join(one.read_text("utf-8") for one in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 10
    assert {one for one in named if f"def {one}(" not in known} == set()


# -- SQLite -------------------------------------------------------------------------------------


async def test_sqlite_holds_nothing_once_the_jobs_have_run(stored: Night, tmp_path: Path) -> None:
    """Until then all of it stands in the write-ahead log, deleted or not."""
    hers, file = await sealed_of(stored), tmp_path / "relais.db"
    assert len(hers) > 30
    await stored.says("erase", "1", "1")
    assert seen(hers, log_of(file)) == len(hers)
    await a_little_later(stored)
    assert seen(hers, file, log_of(file)) == 0


async def test_sqlite_overwrites_what_is_deleted_from_the_file(
    stored: Night, tmp_path: Path
) -> None:
    """What had reached the file goes within a minute (`secure_delete`), her address in 11."""
    hers, file = await sealed_of(stored), tmp_path / "relais.db"
    await stored.jobs()
    assert seen(hers, file) == len(hers)
    assert seen(hers, log_of(file)) == 0
    await stored.says("erase", "1", "1")
    stored.console.clock.forward(minutes=1)
    await stored.jobs()
    *sealed, address = hers
    assert seen(sealed, file, log_of(file)) == 0
    await a_little_later(stored)
    assert seen([address], file, log_of(file)) == 0


async def test_what_she_takes_back_leaves_the_files_too(stored: Night, tmp_path: Path) -> None:
    """Her account alone: gone from file and log a minute later."""
    await stored.jobs()
    relais, file, case = stored.console.relais, tmp_path / "relais.db", await stored.case()
    told_then = select(items.c.sealed).where(items.c.compartment == "account")
    account = [bytes(row.sealed) for row in await stored.rows(told_then)]
    assert seen(account, file) == len(account) > 0
    async with relais.db.write() as tx:
        changes = Changes(case_id=case.id, drop_account=True)
        await apply(tx, relais, "", changes)
    stored.console.clock.forward(minutes=1)
    await stored.jobs()
    assert seen(account, file, log_of(file)) == 0


async def test_a_backup_that_reads_puts_the_emptying_off(stored: Night, tmp_path: Path) -> None:
    """The log keeps everything while somebody reads in it, and is emptied seconds after."""
    await stored.jobs()
    hers, file = await sealed_of(stored), tmp_path / "relais.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM items").fetchall()
        await stored.says("erase", "1", "1")
        await a_little_later(stored)
        assert seen(hers, file) == len(hers)
    waiting, *_ = await stored.rows(
        select(jobs.c.error).where(jobs.c.kind == FOLD_JOB, jobs.c.status == "waiting")
    )
    assert waiting.error == "locked"
    stored.console.clock.forward(minutes=1)
    await stored.jobs()
    assert seen(hers, file, log_of(file)) == 0


# -- PostgreSQL ---------------------------------------------------------------------------------


async def on_server(server: PostgresServer, statement: str) -> None:
    """As its superuser, outside a transaction."""
    connection = await asyncpg.connect(host=str(server.data), user="postgres")
    await connection.execute(statement)
    await connection.close()


def files_in(folder: Path) -> list[Path]:
    """Every file below."""
    return [one for one in folder.rglob("*") if one.is_file()]


async def test_postgresql_clears_the_tables_and_keeps_everything_in_its_log(
    durable: PostgresServer, tmp_path: Path
) -> None:
    """A few rows may stay in free space until VACUUM FULL; the log holds all until it is reused."""
    heap, log = durable.data / "base", durable.data / "pg_wal"
    async with open_night(durable.url(), tmp_path) as night:
        await told(night)
        hers = await sealed_of(night)
        await on_server(durable, "CHECKPOINT")
        assert seen(hers, *files_in(heap)) == len(hers)
        await night.says("erase", "1", "1")
        await a_little_later(night)
        await on_server(durable, "CHECKPOINT")
        assert seen(hers, *files_in(heap)) < len(hers) / 5
        await on_server(durable, "VACUUM FULL")
        await on_server(durable, "CHECKPOINT")
        assert seen(hers, *files_in(heap)) == 0
        assert seen(hers, *files_in(log)) == len(hers)


# -- backups ------------------------------------------------------------------------------------


def test_the_thief_tries_every_sealed_column() -> None:
    """A new one is to be thought of here, and in the document."""
    assert unknown_columns() == set()


@pytest.fixture
async def stolen(stored: Night, tmp_path: Path) -> Path:
    """A backup from before the erasure, of a day on which something waited in the draft, too."""
    await stored.jobs()
    relais = stored.console.relais
    chats = select(conversations.c.id).where(conversations.c.member_id.is_(None))
    (her,) = await stored.rows(chats)
    waiting = DraftItem("account", "answer", "words", {"text": "It was green."})
    async with relais.db.write() as tx:
        await tx.execute(insert(draft_items), draft_row(relais, her.id, waiting))
    return copied(tmp_path / "relais.db", tmp_path / "backup.db")


def thief(night: Night, copy: Path) -> Thief:
    """With the keyring and the draft keys of now."""
    return Thief(copy, night.console.relais.settings, night.console.relais.world)


async def test_a_draft_in_a_backup_goes_dark_on_the_day_that_is_said(
    stored: Night, stolen: Path
) -> None:
    """Opened until the day before; nothing from then on, with keyring and every living key."""
    relais = stored.console.relais
    dark = dark_from(relais.world.day(), relais.settings.idle_hours)
    assert dark == "2026-11-29"
    await stored.says("erase", "1", "1")
    assert set(await thief(stored, stolen).drafts()) >= {
        "conversations.state_sealed",
        "draft_items.sealed",
        "deliveries.receipt_sealed",
        "events.receipt_sealed",
    }
    while relais.world.day() < dark:
        assert (await thief(stored, stolen).drafts())["conversations.state_sealed"]
        stored.console.clock.forward(days=1)
        await stored.jobs()
    assert await thief(stored, stolen).drafts() == {}


async def test_no_key_of_the_server_opens_a_case(stored: Night, stolen: Path) -> None:
    """Neither a holder's key nor an item, with every secret in its files, living draft keys too."""
    one = thief(stored, stolen)
    assert len(one.secrets()) > 5
    assert await one.compartments("", one.secrets()) == (0, 0)


async def test_a_holder_opens_an_old_backup_for_as_long_as_it_exists(
    stored: Night, stolen: Path
) -> None:
    """The document says so: no destroyed draft key takes a case out of a backup."""
    await stored.says("erase", "1", "1")
    stored.console.clock.forward(days=30)
    await stored.jobs()
    granted, read = await thief(stored, stolen).compartments(
        stored.ada.member_id, [stored.ada.seed]
    )
    assert granted > 0
    assert read > 0


async def test_facts_and_address_in_an_old_backup_stay_readable_with_the_keyring(
    stored: Night, stolen: Path
) -> None:
    """The document says so, too."""
    await stored.says("erase", "1", "1")
    stored.console.clock.forward(days=30)
    await stored.jobs()
    found = await thief(stored, stolen).facts()
    assert found["cases.routing_sealed"] == 1
    assert found["conversations.address_sealed"] == 3
    now = copied(stolen.with_name("relais.db"), stolen.with_name("now.db"))
    found = await thief(stored, now).facts()
    assert found["cases.routing_sealed"] == 0
    assert found["conversations.address_sealed"] == 2, "of the two members"


async def test_her_address_goes_with_the_next_look_after_the_goodbye(stored: Night) -> None:
    """At most ten minutes later, when she writes no more."""
    await stored.says("erase", "1", "1")
    stored.console.clock.forward(minutes=10)
    await stored.jobs()
    hers = select(conversations.c.id).where(conversations.c.member_id.is_(None))
    assert await stored.rows(hers) == []
    assert await stored.rows(select(draft_items)) == []


async def test_her_messages_ids_go_with_the_goodbye(stored: Night) -> None:
    """Both sides' ids on the messenger are known no more, once the chat was cleared."""
    hers = select(events.c.conversation_id).where(events.c.receipt_sealed.is_not(None))
    of_her = await stored.rows(
        select(conversations.c.id).where(conversations.c.member_id.is_(None))
    )
    (chat,) = (row.id for row in of_her)
    assert await stored.rows(hers.where(events.c.conversation_id == chat))
    await stored.says("erase", "1", "1")
    assert await stored.rows(hers.where(events.c.conversation_id == chat)) == []


async def test_a_restored_backup_is_erased_before_it_serves(
    sqlite_url: str, tmp_path: Path
) -> None:
    """With the newest tombstones; and the restored file holds nothing after the jobs."""
    async with open_night(sqlite_url, tmp_path) as night:
        await told(night)
        await night.jobs()
        hers, clock = await sealed_of(night), night.console.clock
        copy = copied(tmp_path / "relais.db", tmp_path / "restored.db")
        await night.says("erase", "1", "1")
    assert seen(hers, copy) == len(hers)
    async with running_console(f"sqlite:///{copy}", tmp_path, clock=clock, seed=2) as console:
        restored = Night(console, night.chat, night.ada, night.sam)
        for table in (grants, items):
            assert await restored.rows(select(table)) == []
        await a_little_later(restored)
        assert seen(hers, copy, log_of(copy)) == 0


async def test_a_file_leaves_the_store_with_the_jobs(sqlite_url: str, tmp_path: Path) -> None:
    """Its object and its row; its bytes stand in no file of the data folder."""
    async with open_desk(sqlite_url, tmp_path) as desk:
        await desk.attaches(MARK)
        await desk.opens_account()
        (stored_file,) = desk.objects()
        sealed = stored_file.read_bytes()
        await desk.carries_out(fx.Erase())
        await desk.jobs()
        assert await desk.rows(select(media)) == await desk.rows(select(file_garbage)) == []
        assert seen([sealed], *files_in(tmp_path)) == 0


# -- the bots' folders --------------------------------------------------------------------------


async def test_a_spool_holds_handed_over_events_until_its_log_is_reused(tmp_path: Path) -> None:
    """Sealed to the inbox key; gone from file and log when the bot stops."""
    spool = Spool.open(tmp_path / "spool.db")
    sealed = [os.urandom(1500) for _ in range(20)]
    for number, raw in enumerate(sealed):
        await spool.add(f"e{number}", Envelope("2026-W48", raw))
        await spool.remove(f"e{number}")
    assert await spool.event_ids() == []
    assert seen(sealed, spool.path) == 0
    assert seen(sealed, log_of(spool.path)) == len(sealed)
    spool.close()
    assert seen(sealed, *files_in(tmp_path)) == 0
