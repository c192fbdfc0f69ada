"""Erasing a case at her wish: grants first, then ciphertext; ``stones`` keeps it so."""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts
from backend.cases import referrals
from backend.cases.history import KEPT
from backend.database.tables import case_log, cases, compartments, grants, items, media
from backend.media import remove_files
from backend.relais import Relais


async def erase_case(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Destroy what was sealed and stop every alert. The row stays as an empty stone."""
    await alerts.withdraw(tx, relais, case_id)
    await alerts.forget_contact(tx, relais.world, case_id)
    await referrals.revoke(tx, relais, case_id)
    await referrals.forget_words(tx, case_id)
    await tx.execute(delete(grants).where(grants.c.case_id == case_id))
    await remove_files(tx, relais.world, media.c.case_id == case_id)
    await tx.execute(delete(items).where(items.c.case_id == case_id))
    await tx.execute(delete(compartments).where(compartments.c.case_id == case_id))
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
            closed_at=relais.world.now(),
        )
    )
