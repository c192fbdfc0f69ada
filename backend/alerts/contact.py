"""Her leave to be written to ends with her request, as she was told.

A job, which takes the chats of one case and no other lock: whoever closes a case holds the case and
the taker's chat, and her own turn holds her chat and wants the case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, delete, func, or_, select, true

from backend.ambient import CLEARABLE
from backend.chats import relink
from backend.database.tables import KEYRING, cases, conversations, earlier_cases

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.jobs import Job
    from backend.relais import Relais


_OVER: Final = {"done", "erasing", "erased"}


async def end_contact(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The subject is the case. ``backend.jobs.expiring`` then destroys the addresses.

    A chat that is over is let go after the time in which it can still be cleared; after an erasure
    at once, and nothing leads from any chat to the case any more.
    """
    if await _status(tx, job.subject) not in _OVER:
        return
    now = relais.world.now()
    before = select(earlier_cases.c.conversation_id).where(earlier_cases.c.case_id == job.subject)
    ours = await tx.execute(
        select(conversations.c.id, conversations.c.case_id)
        .where(or_(conversations.c.case_id == job.subject, conversations.c.id.in_(before)))
        .order_by(conversations.c.id)
        .with_for_update()
    )
    status = await _status(tx, job.subject)  # with the chats locked no turn of hers changes it
    gone = status in {"erasing", "erased"}
    over = conversations.c.state_key == KEYRING
    for chat in ours.all():
        values: dict[str, Any] = {}
        if not await _lives(tx, await of_chat(tx, chat.id, agreed=True), job.subject):
            values = {
                "contact": False,
                "expires_at": func.coalesce(conversations.c.expires_at, now + CLEARABLE),
            }
        if gone and chat.case_id == job.subject:
            values |= {"case_id": None, "sign_index": None}
        if gone and "contact" in values:
            values["expires_at"] = case((over, now), else_=conversations.c.expires_at)
        if values:
            await relink(tx, relais.vault.keyring, chat.id, **values)
    if gone:
        await tx.execute(delete(earlier_cases).where(earlier_cases.c.case_id == job.subject))


async def _status(connection: AsyncConnection, case_id: str) -> str | None:
    found = await connection.execute(select(cases.c.status).where(cases.c.id == case_id))
    return found.scalar_one_or_none()


async def of_chat(
    connection: AsyncConnection, conversation_id: str, *, agreed: bool = False
) -> list[str]:
    """Every case that this chat has or had, the present one first.

    ``agreed``: of those it had, only where she agreed to be written to about them.
    """
    present = await connection.execute(
        select(conversations.c.case_id).where(
            conversations.c.id == conversation_id, conversations.c.case_id.is_not(None)
        )
    )
    earlier = await connection.execute(
        select(earlier_cases.c.case_id)
        .where(
            earlier_cases.c.conversation_id == conversation_id,
            earlier_cases.c.contact if agreed else true(),
        )
        .order_by(earlier_cases.c.case_id)
    )
    return list(dict.fromkeys((*present.scalars(), *earlier.scalars())))


async def _lives(connection: AsyncConnection, chats_cases: list[str], but: str) -> bool:
    """Whether another of these may still need that she can be written to."""
    found = await connection.execute(
        select(cases.c.id).where(
            cases.c.id.in_([one for one in chats_cases if one != but]),
            cases.c.status.in_(("open", "taken", "silent")),
        )
    )
    return found.first() is not None
