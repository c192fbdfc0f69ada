"""An address that is gone: somebody is told, or somebody else is asked. Never silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from backend.alerts import messages
from backend.alerts.audience import Audience, lock_chats
from backend.alerts.contact import of_chat
from backend.alerts.history import note
from backend.alerts.on_call import set_on_call
from backend.alerts.people import coordinators
from backend.alerts.taking import pass_on
from backend.alerts.working import open_alerts
from backend.chats import relink
from backend.database.tables import cases, conversations
from conversation import Name

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.jobs import Job
    from backend.relais import Relais


async def act_on_unreachable(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """A chat blocked us or does not exist any more. A job handler; the subject is the chat.

    A responder loses this messenger, and without another goes off call: alerts that were open for
    them go on at once; the coordinators hear of it. A person's case gets a line, and whoever has it
    hears that messages no longer arrive.
    """
    chat = (
        await tx.execute(select(conversations.c.member_id).where(conversations.c.id == job.subject))
    ).one_or_none()
    if chat is None:
        return
    if chat.member_id is not None:
        await _without_messenger(tx, relais, chat.member_id, job)
        return
    for case_id in await of_chat(tx, job.subject):
        await _person_gone(tx, relais, case_id, job)


async def act_on_held(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """A messenger takes nothing from our number for long. A job handler; the subject is the chat.

    The alert also went to the member's other messengers. Without one, it counts as passed: nobody
    waits for somebody who cannot hear.
    """
    member_id = (
        await tx.execute(select(conversations.c.member_id).where(conversations.c.id == job.subject))
    ).scalar_one_or_none()
    if member_id is None:
        return
    chats = (await lock_chats(tx, [member_id])).get(member_id, [])
    here = {chat.channel for chat in chats if chat.id == job.subject}
    if any(chat.channel not in here for chat in chats):
        return
    for case_id in sorted(await open_alerts(tx, member_id)):
        await pass_on(tx, relais, case_id, member_id, why="held")


async def _person_gone(tx: AsyncConnection, relais: Relais, case_id: str, job: Job) -> None:
    case = (
        await tx.execute(
            select(cases.c.code, cases.c.taker_id, cases.c.status).where(cases.c.id == case_id)
        )
    ).one_or_none()
    if case is None or case.status not in {"open", "taken", "silent"}:
        return
    if case.status != "silent":  # of an account without help nobody was told anything
        told = {case.taker_id} if case.taker_id is not None else await coordinators(tx)
        audience = await Audience.of(tx, told)
        reply = messages.say("person_gone", code=Name(case.code))
        await audience.tell_all(tx, relais, reply, f"gone:{job.id}:{case.code}")
    await note(tx, relais.world, case_id, "unreachable")


async def _without_messenger(tx: AsyncConnection, relais: Relais, member_id: str, job: Job) -> None:
    everybody = await Audience.of(tx, {member_id, *await coordinators(tx)})
    await relink(tx, relais.vault.keyring, job.subject, member_id=None, expires_at=0)
    left = await tx.execute(
        select(func.count())
        .select_from(conversations)
        .where(conversations.c.member_id == member_id)
    )
    if left.scalar_one() == 0:
        await set_on_call(tx, relais, member_id, on=False)
        lost = next((one.name for one in everybody.people if one.id == member_id), "")
        reply = messages.say("member_gone", member=Name(lost))
        others = everybody.without({member_id})
        await others.tell_all(tx, relais, reply, f"gone:{job.id}", purpose="alert")
    relais.directory.invalidate()
