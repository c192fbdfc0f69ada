"""The jobs of alerting: one key for each deadline, so that none is ever set twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.jobs import cancel_subject, hasten, schedule

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.ambient import World
    from backend.jobs import Job

ESCALATE: Final = "alert.escalate"
REPEAT: Final = "alert.repeat"
IDLE: Final = "alert.idle"
RETURN: Final = "alert.return"
TAKEN: Final = "alert.taken"
YOURS: Final = "alert.yours"
WITHDRAWN: Final = "alert.withdrawn"
REROUTED: Final = "alert.rerouted"
AGAIN: Final = "alert.again"
ADDED: Final = "alert.added"
TEST: Final = "alert.test"
OWED: Final = "alert.owed"
OFF_CALL: Final = "alert.off_call"
END_CONTACT: Final = "alert.end_contact"
SWEEP: Final = "alert.sweep"

_OF_OPEN: Final = (ESCALATE, REPEAT)
_OF_TAKEN: Final = (IDLE, RETURN)


def key(kind: str, subject: str, *numbers: int) -> str:
    """``alert.escalate:<case>:<round>:<tier>`` and the like."""
    return ":".join((kind, subject, *map(str, numbers)))


def numbers(job: Job) -> tuple[int, ...]:
    """The numbers of a key, in order."""
    return tuple(int(part) for part in job.key.split(":")[2:])


async def set_timer(
    tx: AsyncConnection, world: World, kind: str, subject: str, *numbers: int, due_at: int
) -> None:
    """Schedule under :func:`key`."""
    await schedule(
        tx, world, kind=kind, key=key(kind, subject, *numbers), subject=subject, due_at=due_at
    )


async def stop_alerting(tx: AsyncConnection, case_id: str) -> None:
    """Nobody is to be alerted any more."""
    for kind in _OF_OPEN:
        await cancel_subject(tx, kind, case_id)


async def stop_waiting(tx: AsyncConnection, case_id: str) -> None:
    """The taker need not be reminded any more."""
    for kind in _OF_TAKEN:
        await cancel_subject(tx, kind, case_id)


async def bring_forward(tx: AsyncConnection, facts: Facts, due_at: int) -> None:
    """The next wave of this case comes at ``due_at``, or earlier if it was to come earlier."""
    await hasten(tx, key(ESCALATE, facts.id, facts.round, facts.tier), due_at)


async def bring_waiting_forward(tx: AsyncConnection, facts: Facts, due_at: int) -> None:
    """The taker is reminded, and the case goes back, at ``due_at`` or earlier."""
    for kind in _OF_TAKEN:
        await hasten(tx, key(kind, facts.id, facts.round), due_at)


async def end_contact(tx: AsyncConnection, world: World, case_id: str) -> None:
    """Soon after this transaction nobody may write to her any more."""
    await schedule(
        tx,
        world,
        kind=END_CONTACT,
        key=key(END_CONTACT, case_id, world.now()),
        subject=case_id,
        due_at=world.now(),
    )
