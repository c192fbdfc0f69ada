"""Erasing later: a request that waits some days, in which her code alone undoes it.

She may be forced to erase, or regret it. Meanwhile nobody is alerted, nothing is served, and no
chat leads to it; the chat itself is erased at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from backend import alerts
from backend.ambient import DAY
from backend.cases import referrals
from backend.cases.codes import lead, leading_to
from backend.cases.erasing import erase_case
from backend.cases.history import log
from backend.database.tables import cases
from conversation import ERASE_DAYS

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais


def moment(relais: Relais) -> int:
    """When what she wants erased now is erased."""
    return relais.world.now() + ERASE_DAYS * DAY


async def set_aside(
    tx: AsyncConnection, relais: Relais, case_id: str, erase_at: int, act: str = ""
) -> int | None:
    """Close it to everybody until then; when that is. None where there is nothing to wait for.

    ``act``: requests that one word of hers set aside come back together. One that waits already
    waits no longer for it.
    """
    row = await _locked(tx, case_id)
    if row is None or row.status == "erased":
        return None
    await lead(tx, relais, leading_to(case_id), case_id=case_id, conversation_id=None)
    if row.status == "erasing":
        return int(row.erase_at)
    await referrals.revoke(tx, relais, case_id)
    await referrals.forget_words(tx, case_id)
    await alerts.withdraw(tx, relais, case_id)
    await alerts.forget_contact(tx, relais.world, case_id)
    await tx.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(
            status="erasing",
            erase_at=erase_at,
            erase_act=act or case_id,
            deadline_at=None,
            closed_at=row.closed_at or relais.world.now(),
        )
    )
    await log(tx, relais, case_id, "erase_later")
    return erase_at


async def undo_erase(tx: AsyncConnection, relais: Relais, case_id: str) -> list[str] | None:
    """She came back by her code: they are requests that are over, as if she had taken them back.

    Those that come back; none where another phone was first. None once it is erased.
    """
    row = await _locked(tx, case_id)
    if row is None or row.status == "erased":
        return None
    if row.status != "erasing":
        return []
    together = (cases.c.status == "erasing") & (cases.c.erase_act == row.erase_act)
    found = await tx.execute(
        select(cases.c.id).where(together).order_by(cases.c.id).with_for_update()
    )
    undone = list(found.scalars())
    await tx.execute(
        update(cases)
        .where(cases.c.id.in_(undone))
        .values(status="done", erase_at=None, erase_act=None)
    )
    for one in undone:
        await log(tx, relais, one, "erase_undone")
    return undone


async def due(relais: Relais) -> list[str]:
    """Requests whose days are over."""
    late = (cases.c.status == "erasing") & (cases.c.erase_at <= relais.world.now())
    async with relais.db.read() as connection:
        found = await connection.execute(select(cases.c.id).where(late).order_by(cases.c.id))
        return list(found.scalars())


async def erase_due(tx: AsyncConnection, relais: Relais, case_id: str) -> bool:
    """Erase one of them, unless she came back this very moment."""
    row = await _locked(tx, case_id)
    if row is None or row.status != "erasing" or row.erase_at > relais.world.now():
        return False
    await erase_case(tx, relais, case_id)
    return True


async def _locked(tx: AsyncConnection, case_id: str) -> Any:
    query = select(cases.c.status, cases.c.closed_at, cases.c.erase_at, cases.c.erase_act)
    return (await tx.execute(query.where(cases.c.id == case_id).with_for_update())).one_or_none()
