"""Erasing a case at her wish: grants first, then ciphertext; ``stones`` keeps it so."""

from sqlalchemy import Table, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts
from backend.alerts.history import note
from backend.cases import referrals
from backend.cases.codes import forget_codes
from backend.cases.history import ERASED, KEPT
from backend.database.tables import case_log, cases, compartments, grants, items, media
from backend.media import remove_files
from backend.relais import Relais


async def erase_case(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Destroy what was sealed and stop every alert. The row stays as an empty stone.

    Its history then says when, and how many rows went: see ``relais erasure proof``.
    """
    await alerts.withdraw(tx, relais, case_id)
    await alerts.forget_contact(tx, relais.world, case_id)
    gone = {"grants": await _destroy(tx, grants, case_id)}
    await referrals.revoke(tx, relais, case_id)
    await referrals.forget_words(tx, case_id)
    gone["files"] = await remove_files(tx, relais.world, media.c.case_id == case_id)
    gone["items"] = await _destroy(tx, items, case_id)
    gone["compartments"] = await _destroy(tx, compartments, case_id)
    await forget_codes(tx, case_id=case_id)
    # Who read it and who gave keys stays for the auditor, without what was said for it.
    mine = case_log.c.case_id == case_id
    await tx.execute(delete(case_log).where(mine, case_log.c.kind.not_in(KEPT)))
    await tx.execute(update(case_log).where(mine).values(reason_sealed=None))
    await tx.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(
            status="erased",
            routing_sealed=None,
            remembered_sealed=None,
            deadline_at=None,
            erase_at=None,
            erase_act=None,
            closed_at=relais.world.now(),
        )
    )
    await note(tx, relais.world, case_id, ERASED, detail=counted(gone))


def counted(gone: dict[str, int]) -> str:
    """Numbers by name, as the history holds them: ``grants 8, files 1``."""
    return ", ".join(f"{name} {many}" for name, many in gone.items())


def numbers(detail: str) -> dict[str, int]:
    """The inverse of :func:`counted`."""
    pairs = (part.split(" ") for part in detail.split(", "))
    return {name: int(many) for name, many in pairs}


async def _destroy(tx: AsyncConnection, table: Table, case_id: str) -> int:
    done = await tx.execute(delete(table).where(table.c.case_id == case_id))
    return done.rowcount
