"""The history of a case: every transition is one line of codes and ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from backend.database.tables import case_log

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World
    from backend.cases.history import CaseKind


async def note(
    tx: AsyncConnection,
    world: World,
    case_id: str,
    kind: CaseKind,
    *,
    member_id: str | None = None,
    detail: str = "",
) -> None:
    """Write one line. ``detail`` is a code or a number, never a word that a person wrote."""
    await tx.execute(
        insert(case_log).values(
            id=world.new_id(),
            case_id=case_id,
            kind=kind,
            member_id=member_id,
            at=world.now(),
            detail=detail[:64],
        )
    )


async def note_once(
    tx: AsyncConnection, world: World, case_id: str, kind: CaseKind, detail: str
) -> bool:
    """Write the line unless the very same stands there already; returns whether it was written."""
    known = await tx.execute(
        select(case_log.c.id)
        .where(
            case_log.c.case_id == case_id,
            case_log.c.kind == kind,
            case_log.c.detail == detail[:64],
        )
        .limit(1)
    )
    if known.first() is not None:
        return False
    await note(tx, world, case_id, kind, detail=detail)
    return True
