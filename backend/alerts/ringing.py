"""Telling a wave of members that a case is open, and coordinators that it still is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from backend.alerts import facts as known
from backend.alerts import messages, timing
from backend.alerts.history import note, note_once
from backend.database.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.audience import Audience
    from backend.alerts.facts import Facts
    from backend.alerts.people import Person
    from backend.alerts.waves import Wave
    from backend.relais import Relais
    from conversation import Directory, Reply


def alert_key(facts: Facts, tier: int, member_id: str, n: int) -> str:
    """One alert to one member: ``n`` is 0, or counts the repetitions."""
    return f"alert:{facts.id}:{facts.round}:{tier}:{member_id}:{n}"


async def ring_wave(
    tx: AsyncConnection,
    relais: Relais,
    facts: Facts,
    directory: Directory,
    wave: Wave,
    audience: Audience,
) -> None:
    """Alert everyone of the wave who was not alerted in this round yet."""
    tier = facts.tier + 1
    audience = audience.without(await known.alerted(tx, facts))
    for person in audience.people:
        await tx.execute(
            insert(alerts).values(
                case_id=facts.id,
                round=facts.round,
                tier=tier,
                member_id=person.id,
                status="open",
                alerted_at=relais.world.now(),
            )
        )
        await note(tx, relais.world, facts.id, "alerted", member_id=person.id, detail=str(tier))
        reply = _first_words(relais, facts, directory, wave, person)
        key = alert_key(facts, tier, person.id, 0)
        await audience.tell(tx, relais, person, reply, key, purpose="alert")


def _first_words(
    relais: Relais, facts: Facts, directory: Directory, wave: Wave, person: Person
) -> Reply:
    if wave.members[person.id]:
        return messages.alert_coordinator(facts, directory, person.locale, gap=wave.first)
    answer_by = relais.world.now() + timing.time_to_answer(facts.urgency)
    return messages.alert(facts, directory, person.locale, answer_by)


async def tell_still_open(
    tx: AsyncConnection, relais: Relais, facts: Facts, directory: Directory, audience: Audience
) -> None:
    """Every coordinator on call, once for each full hour that the case has been open."""
    if not audience.people:
        await note_once(tx, relais.world, facts.id, "nobody", str(facts.round))
        return
    hours = messages.hours_open(facts, relais.world.now())
    if not hours or not await note_once(
        tx, relais.world, facts.id, "hourly", f"{facts.round}:{hours}"
    ):
        return
    for person in audience.people:
        reply = messages.still_open(facts, directory, person.locale, hours)
        key = f"hourly:{facts.id}:{facts.round}:{person.id}:{hours}"
        await audience.tell(tx, relais, person, reply, key, purpose="alert")
