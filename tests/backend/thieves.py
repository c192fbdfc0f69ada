"""Somebody with a copy of the database, and with whatever keys of the server they got."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, select

from backend.ambient import World
from backend.cases.recording import draft_place
from backend.database import Database, metadata, open_database
from backend.database.tables import (
    KEYRING,
    conversations,
    deliveries,
    draft_items,
    events,
    grants,
    items,
    media,
    quarantine,
)
from backend.settings import Settings
from backend.vault import DraftKeyGone, Vault, open_vault
from backend.vault.keyring_file import read_keyring
from backend.vault.rotation import unopenable, versions_in_use
from backend.vault.sealed_columns import SEALED
from sealing import Context, KeyPair, SealError, open_text


@dataclass(frozen=True)
class Drafted:
    """A column under the draft key of the day that ``key`` names."""

    column: Column[Any]
    key: Column[Any]
    place: Callable[[Any], tuple[str, ...]]


DRAFTED = (
    Drafted(
        conversations.c.state_sealed,
        conversations.c.state_key,
        lambda row: ("conversations", "state", row.id),
    ),
    Drafted(
        draft_items.c.sealed,
        draft_items.c.key,
        lambda row: draft_place(row.conversation_id, row.slot),
    ),
    Drafted(
        deliveries.c.body_sealed,
        deliveries.c.body_key,
        lambda row: ("deliveries", "body", row.id),
    ),
    Drafted(
        deliveries.c.receipt_sealed,
        deliveries.c.receipt_key,
        lambda row: ("deliveries", "receipt", row.id),
    ),
    Drafted(
        events.c.receipt_sealed,
        events.c.receipt_key,
        lambda row: ("events", "receipt", row.event_index.hex()),
    ),
    Drafted(media.c.key_sealed, media.c.key_key, lambda row: ("media", "key", row.id)),
)
HELD = (grants.c.sealed, items.c.sealed)
"""Under a compartment's key, or a holder's: nothing that the server has opens them."""
INBOX = (quarantine.c.envelope,)
"""Under the inbox key of a week."""


def unknown_columns() -> set[str]:
    """Sealed columns that no thief of ours tries."""
    tried = {one.column for one in DRAFTED} | {one.column for one in SEALED} | {*HELD, *INBOX}
    return {
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
        and (column.name.endswith("sealed") or column.name == "envelope")
        and column not in tried
    }


def copied(database: Path, to: Path) -> Path:
    """A backup of a SQLite file, as its own tool makes one."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


class Thief:
    """``server``: the settings of the installation, whose keys as they are now were stolen."""

    def __init__(self, copy: Path, server: Settings, world: World) -> None:
        self._copy = copy
        self._server = server
        self._vault: Vault = open_vault(server, world)

    def _open(self) -> Database:
        return open_database("", self._copy, only_read=True)

    async def drafts(self) -> Counter[str]:
        """How many values of each column the draft keys open."""
        found: Counter[str] = Counter()
        database = self._open()
        async with database.read() as connection:
            for one in DRAFTED:
                rows = await connection.execute(
                    select(one.column.table).where(one.column.is_not(None), one.key != KEYRING)
                )
                for row in rows.all():
                    found[str(one.column)] += self._opens(one, row)
        await database.close()
        return +found

    def _opens(self, one: Drafted, row: Any) -> bool:
        key, sealed = getattr(row, one.key.name), getattr(row, one.column.name)
        try:
            self._vault.drafts.open(key, sealed, *one.place(row))
        except (DraftKeyGone, SealError):
            return False
        return True

    async def facts(self) -> Counter[str]:
        """How many values of each column the keyring opens."""
        database = self._open()
        async with database.read() as connection:
            there = await versions_in_use(connection)
            closed = await unopenable(connection, self._vault.keyring)
        await database.close()
        return +Counter(
            {name: sum(many.values()) - closed.get(name, 0) for name, many in there.items()}
        )

    def secrets(self) -> list[bytes]:
        """Every 32 bytes that lie in the server's key files."""
        material, _ = read_keyring(self._server.keyring_path)
        files = [one.read_bytes() for one in self._server.draft_keys_path.glob("*.key")]
        return [*material.roots.values(), *material.fixed.values(), *files]

    async def compartments(self, holder: str, seeds: Iterable[bytes]) -> tuple[int, int]:
        """(grants, items) that whoever has these seeds opens, as if they were ``holder``'s."""
        database = self._open()
        async with database.read() as connection:
            granted = (await connection.execute(select(grants))).all()
            told = (await connection.execute(select(items))).all()
        await database.close()
        opened = [
            (row, found) for row in granted if (found := _granted(row, holder, seeds)) is not None
        ]
        known = {(row.case_id, row.name, row.generation): KeyPair(seed) for row, seed in opened}
        return len(opened), sum(_reads(row, known) for row in told)


def _granted(row: Any, holder: str, seeds: Iterable[bytes]) -> bytes | None:
    context = Context(row.case_id, row.name, row.generation, holder or row.holder, "grant")
    for seed in seeds:
        try:
            return open_text(row.sealed, KeyPair(seed), context)
        except SealError:
            continue
    return None


def _reads(row: Any, known: dict[Any, KeyPair]) -> bool:
    keys = known.get((row.case_id, row.compartment, row.generation))
    if keys is None:
        return False
    context = Context(row.case_id, row.compartment, row.generation, row.id, row.kind)
    try:
        open_text(row.sealed, keys, context)
    except SealError:
        return False
    return True
