"""What she told and did not send; and part 2, when it is destroyed."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases import referrals
from backend.cases.history import log
from backend.database.tables import compartments, conversations, grants, items, media
from backend.jobs.folding import fold_soon
from backend.media import remove_files
from backend.relais import Relais
from backend.vault.compartments import ACCOUNT


def _unsent(case_id: str, run: str) -> Any:
    """Items of one telling that wait for her word."""
    return (items.c.case_id == case_id) & (items.c.held == run)


async def drop_unsent(tx: AsyncConnection, relais: Relais, case_id: str, run: str) -> None:
    """She did not send it: ciphertext and files go, and keys that then open nothing."""
    await fold_soon(tx, relais.world)
    waiting = _unsent(case_id, run)
    slots = select(items.c.slot).where(waiting)
    await remove_files(tx, relais.world, (media.c.case_id == case_id) & media.c.slot.in_(slots))
    await tx.execute(delete(items).where(waiting))
    left = await tx.execute(
        select(items.c.id)
        .where(items.c.case_id == case_id, items.c.compartment.in_(ACCOUNT))
        .limit(1)
    )
    if left.first() is None:
        await drop_account(tx, relais, case_id)


async def release(tx: AsyncConnection, case_id: str, run: str) -> int:
    """What she told in this telling may be handed out. How many items waited."""
    freed = await tx.execute(update(items).where(_unsent(case_id, run)).values(held=None))
    return freed.rowcount


async def settle(
    tx: AsyncConnection, relais: Relais, case_id: str, run: str, *, keep: bool
) -> dict[str, Any]:
    """What she did not send is kept or destroyed. Returns columns of the case to set."""
    if not keep:
        await drop_unsent(tx, relais, case_id, run)
        return {}
    if not await release(tx, case_id, run):
        return {}
    await log(tx, relais, case_id, "submitted")
    return {"account_served": True, "submitted_at": relais.world.now()}


async def settle_chat(
    tx: AsyncConnection, relais: Relais, conversation_id: str, case_id: str
) -> dict[str, Any]:
    """The account that a chat had under way ends as she chose for silence, whatever its state says.

    Returns as :func:`settle`.
    """
    mine = conversations.c.id == conversation_id
    found = await tx.execute(
        select(conversations.c.unsent_run, conversations.c.unsent_keep).where(mine)
    )
    row = found.one()
    if row.unsent_run is None:
        return {}
    await tx.execute(update(conversations).where(mine).values(unsent_run=None, unsent_keep=None))
    return await settle(tx, relais, case_id, row.unsent_run, keep=bool(row.unsent_keep))


async def drop_account(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Silence after "drop", or her word: what was told in part 2 is destroyed."""
    await drop_places(tx, relais, case_id, ACCOUNT)


async def drop_places(
    tx: AsyncConnection, relais: Relais, case_id: str, places: tuple[str, ...]
) -> None:
    """Destroy these compartments: files, grants, what was sealed in them, who was referred to."""
    await fold_soon(tx, relais.world)
    await referrals.revoke(tx, relais, case_id, places=places)
    await referrals.forget_words(tx, case_id, places)
    await remove_files(
        tx, relais.world, (media.c.case_id == case_id) & media.c.compartment.in_(places)
    )
    for table, column in ((grants, grants.c.name), (items, items.c.compartment)):
        await tx.execute(delete(table).where(table.c.case_id == case_id, column.in_(places)))
    await tx.execute(
        delete(compartments).where(
            compartments.c.case_id == case_id, compartments.c.name.in_(places)
        )
    )
