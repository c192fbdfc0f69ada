"""A chat of which nothing is to be kept: what waits in it, and its address."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.codes import forget_codes
from backend.chats import relink
from backend.database.tables import (
    conversations,
    deliveries,
    draft_items,
    earlier_cases,
    media,
    quarantine,
)
from backend.jobs.folding import fold_soon
from backend.media import remove_files
from backend.relais import Relais


async def let_go(tx: AsyncConnection, relais: Relais, row: Any) -> None:
    """The address goes; what her codes lead to stays, and without such the whole row goes."""
    await empty_chat(tx, relais, row.id)
    await fold_soon(tx, relais.world)
    mine = conversations.c.id == row.id
    led = await tx.execute(
        select(earlier_cases.c.case_id).where(earlier_cases.c.conversation_id == row.id).limit(1)
    )
    if row.case_id is None and led.first() is None:
        await forget_codes(tx, conversation_id=row.id)
        await tx.execute(delete(conversations).where(mine))
        return
    await relink(
        tx,
        relais.vault.keyring,
        row.id,
        address_index=relais.world.random(32),
        address_sealed=b"",
        state_sealed=None,
        state_key=None,
        expires_at=None,
    )


async def empty_chat(tx: AsyncConnection, relais: Relais, conversation_id: str) -> None:
    """What waits in it: files, messages to her, the draft, what could not be read."""
    await remove_files(tx, relais.world, media.c.conversation_id == conversation_id)
    for table in (deliveries, draft_items, quarantine):
        await tx.execute(delete(table).where(table.c.conversation_id == conversation_id))


async def erase_chat(tx: AsyncConnection, relais: Relais, row: Any) -> None:
    """As she wished: address, state and everything that led to a request."""
    await tx.execute(delete(earlier_cases).where(earlier_cases.c.conversation_id == row.id))
    await forget_codes(tx, conversation_id=row.id)
    await empty_chat(tx, relais, row.id)
    await tx.execute(delete(conversations).where(conversations.c.id == row.id))
