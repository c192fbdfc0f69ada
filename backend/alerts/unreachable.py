"""An address that is gone: somebody is told, or somebody else is asked. Never silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from backend.alerts.audience import lock_chats
from backend.alerts.history import note
from backend.alerts.on_call import set_on_call
from backend.database.tables import cases, conversations

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.jobs import Job
    from backend.relais import Relais


async def act_on_unreachable(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """A chat blocked us or does not exist any more. A job handler; the subject is the chat.

    A responder loses this messenger, and without another goes off call: alerts that were open for
    them go on at once. A person's case gets a line that its taker reads.
    """
    chat = (
        await tx.execute(
            select(conversations.c.member_id, conversations.c.case_id).where(
                conversations.c.id == job.subject
            )
        )
    ).one_or_none()
    if chat is None:
        return
    if chat.member_id is not None:
        await _without_messenger(tx, relais, chat.member_id, job.subject)
    elif chat.case_id is not None:
        open_case = await tx.execute(
            select(cases.c.id).where(
                cases.c.id == chat.case_id, cases.c.status.in_(("open", "taken", "silent"))
            )
        )
        if open_case.first() is not None:
            await note(tx, relais.world, chat.case_id, "unreachable")


async def _without_messenger(
    tx: AsyncConnection, relais: Relais, member_id: str, chat_id: str
) -> None:
    await lock_chats(tx, [member_id])
    await tx.execute(
        conversations.update().where(conversations.c.id == chat_id).values(member_id=None)
    )
    left = await tx.execute(
        select(func.count())
        .select_from(conversations)
        .where(conversations.c.member_id == member_id)
    )
    if left.scalar_one() == 0:
        await set_on_call(tx, relais, member_id, on=False)
    relais.directory.invalidate()
