"""Her leave to be written to ends with her request, as she was told.

A job, which takes the chats of one case and no other lock: whoever closes a case holds the case and
the taker's chat, and her own turn holds her chat and wants the case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, func, select, update

from backend.ambient import CLEARABLE
from backend.database.tables import KEYRING, cases, conversations

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.jobs import Job
    from backend.relais import Relais


async def end_contact(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The subject is the case. ``backend.jobs.expiring`` then destroys the addresses.

    A chat that is over is let go after the time in which it can still be cleared; after an erasure
    at once, and nothing leads from any chat to the case any more.
    """
    status = (
        await tx.execute(select(cases.c.status).where(cases.c.id == job.subject))
    ).scalar_one_or_none()
    if status not in {"done", "erased"}:
        return
    now = relais.world.now()
    ours = await tx.execute(
        select(conversations.c.id)
        .where(conversations.c.case_id == job.subject)
        .order_by(conversations.c.id)
        .with_for_update()
    )
    over = conversations.c.state_key == KEYRING
    values = {
        "contact": False,
        "expires_at": func.coalesce(conversations.c.expires_at, now + CLEARABLE),
        "version": conversations.c.version + 1,
    }
    if status == "erased":
        values |= {
            "case_id": None,
            "return_index": None,
            "sign_index": None,
            "expires_at": case((over, now), else_=conversations.c.expires_at),
        }
    for chat in ours.scalars().all():
        await tx.execute(update(conversations).where(conversations.c.id == chat).values(**values))
