"""After a rotation: what the older keys sealed is sealed anew, a few rows a transaction.

Idempotent, and safe beside a serving backend: a row that changed meanwhile is left for the next
round. Whatever seals under an older key during a rotation is found by a later round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from backend.vault.keyring import version_of
from backend.vault.sealed_columns import SEALED, Sealed
from sealing import SealError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.database import Database
    from backend.vault.keyring import Keyring

_AT_ONCE = 200


@dataclass(slots=True)
class Resealed:
    """``done``: rows newly sealed. ``damaged``: by column, rows that do not open."""

    done: int = 0
    damaged: dict[str, int] = field(default_factory=dict)


async def reseal_older(db: Database, keyring: Keyring) -> Resealed:
    """Seal under the newest version whatever an older one sealed."""
    keyring.refresh()
    result = Resealed()
    if len(keyring.versions) > 1:
        for column in SEALED:
            await _reseal(db, keyring, column, result)
    return result


async def _reseal(db: Database, keyring: Keyring, sealed: Sealed, result: Resealed) -> None:
    after = None
    older = keyring.version.to_bytes(2, "big")
    while True:
        query = _page(sealed, after, sealed.filled & (sealed.column < older))
        async with db.write() as tx:
            rows = (await tx.execute(query.with_for_update(skip_locked=True))).all()
            for key, value in rows:
                await _one(tx, keyring, sealed, key, value, result)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


async def _one(
    tx: AsyncConnection,
    keyring: Keyring,
    sealed: Sealed,
    key: object,
    value: bytes,
    result: Resealed,
) -> None:
    place = sealed.place(key)
    try:
        plain = keyring.open(sealed.purpose, value, *place)
    except SealError:
        result.damaged[sealed.name] = result.damaged.get(sealed.name, 0) + 1
        return
    changed = await tx.execute(
        update(sealed.table)
        .where(sealed.key == key, sealed.column == value)
        .values({sealed.column: keyring.seal(sealed.purpose, plain, *place)})
    )
    result.done += changed.rowcount


async def versions_in_use(connection: AsyncConnection) -> dict[str, dict[int, int]]:
    """How many values each version sealed: column -> version -> rows."""
    found: dict[str, dict[int, int]] = {}
    for sealed in SEALED:
        version = func.substr(sealed.column, 1, 2)
        rows = await connection.execute(
            select(version, func.count()).where(sealed.filled).group_by(version)
        )
        found[sealed.name] = {version_of(bytes(raw)): many for raw, many in rows}
    return found


async def unopenable(connection: AsyncConnection, keyring: Keyring) -> dict[str, int]:
    """Values that this keyring does not open: column -> rows. Opens every one."""
    found: dict[str, int] = {}
    for sealed in SEALED:
        after = None
        while True:
            query = _page(sealed, after, sealed.filled)
            rows = (await connection.execute(query)).all()
            for key, value in rows:
                try:
                    keyring.open(sealed.purpose, value, *sealed.place(key))
                except SealError:
                    found[sealed.name] = found.get(sealed.name, 0) + 1
            if len(rows) < _AT_ONCE:
                break
            after = rows[-1][0]
    return found


def _page(sealed: Sealed, after: object, which: ColumnElement[bool]) -> Any:
    """The next few rows of ``which``, by key."""
    query = select(sealed.key, sealed.column).where(which).order_by(sealed.key).limit(_AT_ONCE)
    return query if after is None else query.where(sealed.key > after)
