"""Urgent alerts come again and again until somebody takes the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.alerts import facts as known
from backend.alerts import messages, timers, timing
from backend.alerts.audience import Audience
from backend.alerts.ringing import alert_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.jobs import Job
    from backend.relais import Relais
    from conversation import Directory


async def repeat_if_urgent(tx: AsyncConnection, relais: Relais, facts: Facts) -> None:
    """Set the first repetition of this round, once."""
    if facts.urgency == "urgent":
        await _set(tx, relais, facts, 1)


async def _set(tx: AsyncConnection, relais: Relais, facts: Facts, n: int) -> None:
    due_at = relais.world.now() + timing.REPEAT
    await timers.set_timer(tx, relais.world, timers.REPEAT, facts.id, facts.round, n, due_at=due_at)


async def repeat(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """An urgent case nobody took: once more to everyone whose alert is open. A job handler."""
    round_, n = timers.numbers(job)
    seen = await known.read(tx, relais, job.subject)
    if seen is None or not _still_open(seen, round_):
        return
    directory = await relais.directory.get()
    audience = await Audience.of(tx, await _to_remind(tx, relais, seen, directory))
    facts = await known.read(tx, relais, job.subject, lock=True)
    if facts is None or not _still_open(facts, round_):
        return
    waiting = await known.alerted(tx, facts, "open")
    answer_by = facts.deadline_at or relais.world.now()
    for person in audience.people:
        if person.id in waiting:
            reply = messages.alert(facts, directory, person.locale, answer_by, again=True)
            key = alert_key(facts, facts.tier, person.id, n)
            await audience.tell(tx, relais, person, reply, key, purpose="alert")
    await _set(tx, relais, facts, n + 1)


def _still_open(facts: Facts, round_: int) -> bool:
    return facts.status == "open" and facts.round == round_


async def _to_remind(
    tx: AsyncConnection, relais: Relais, facts: Facts, directory: Directory
) -> set[str]:
    """Members still on call whose alert is open and did not come just now."""
    on_call = {one.id for team in directory.teams for one in team.on_call}
    on_call |= {one.id for one in directory.coordinators}
    on_call -= await known.barred(tx, facts)
    long_ago = relais.world.now() - timing.JUST_NOW
    waiting = await known.alerted(tx, facts, "open")
    return {one for one, (_, when) in waiting.items() if one in on_call and when <= long_ago}
