"""Erasing everything that a chat ever told: at once, or, of what was sent, after some days."""

from typing import Any, Final

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.changes import Changes
from backend.cases.codes import forget_codes, lead
from backend.cases.erasing import erase_case
from backend.cases.erasing_later import due, erase_due, moment, set_aside
from backend.cases.stones import chat_stone, later_stone, write_tombstone
from backend.cases.unsent import settle_chat
from backend.chats import leads
from backend.database import DatabaseUnavailable
from backend.database.tables import (
    cases,
    conversations,
    earlier_cases,
    quarantine,
    return_codes,
)
from backend.jobs.failures import code_of
from backend.jobs.folding import fold_soon
from backend.relais import Relais

log: Final[Any] = structlog.get_logger("relais.cases")
_LOCK = select(cases.c.id).with_for_update()


async def erase_all(
    tx: AsyncConnection, relais: Relais, conversation_id: str, changes: Changes
) -> None:
    """Every case that this chat ever had, what was set aside of it, and the chat as it was.

    The stones are written once nothing but the commit can fail any more: they let no restore bring
    a case back.
    """
    mine = earlier_cases.c.conversation_id == conversation_id
    rows = (await tx.execute(select(earlier_cases).where(mine))).mappings()
    # Nobody has another's request erased by a line that they put into the database.
    earlier = {row["case_id"] for row in rows if leads(relais.vault.keyring, earlier_cases, row)}
    found = earlier | ({changes.case_id} if changes.case_id is not None else set())
    at = moment(relais) if changes.erase_later else None
    if at is not None:
        # The chat's row does not name its case any more: its codes do.
        own = return_codes.c.conversation_id == conversation_id
        present = own & return_codes.c.case_id.is_(None)
        await lead(tx, relais, present, case_id=changes.case_id)
    stones, act = [], relais.world.new_id()
    for one in sorted(found):
        await tx.execute(_LOCK.where(cases.c.id == one))
        if at is not None and one == changes.case_id:
            values = await settle_chat(tx, relais, conversation_id, one)
            if values:
                await tx.execute(update(cases).where(cases.c.id == one).values(**values))
        waits = await set_aside(tx, relais, one, at, act) if at is not None else None
        if waits is not None:
            stones.append(later_stone(one, waits))
        else:
            await erase_case(tx, relais, one)
            stones.append(one)
    await tx.execute(delete(earlier_cases).where(mine))
    await forget_codes(tx, conversation_id=conversation_id)
    await tx.execute(delete(quarantine).where(quarantine.c.conversation_id == conversation_id))
    version = await tx.execute(
        select(conversations.c.version).where(conversations.c.id == conversation_id)
    )
    stones.append(chat_stone(conversation_id, version.scalar_one() - 1))
    await fold_soon(tx, relais.world)
    for stone in stones:
        write_tombstone(relais.settings.data_dir, stone)


async def erase_waiting(relais: Relais) -> None:
    """Erase the requests whose days are over (a recurring job). One that fails stops no other."""
    for case_id in await due(relais):
        try:
            async with relais.db.write() as tx:
                if await erase_due(tx, relais, case_id):
                    await fold_soon(tx, relais.world)
                    write_tombstone(relais.settings.data_dir, case_id)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (the others are erased all the same)
            log.error("erasing_failed", case=case_id, error=code_of(error))
