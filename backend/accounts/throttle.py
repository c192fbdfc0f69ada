"""Slowing down those who guess: a delay that doubles, is capped, and forgets.

Whoever is refused while waiting is not counted again, so nobody can push the end of the wait
further away; and lanes are chosen by the caller so that a stranger's guesses never stand in the
way of a device that proved itself before.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import HOUR
from backend.database.tables import throttles

FORGET_MS: Final = HOUR


@dataclass(frozen=True, slots=True)
class Pace:
    """``free`` failures cost nothing; then ``base`` seconds, doubled each time, up to ``cap``."""

    free: int
    base: int
    cap: int

    def delay_ms(self, failures: int) -> int:
        """How long to wait after this many failures."""
        over = failures - self.free
        return 0 if over < 0 else min(self.cap, self.base << min(over, 16)) * 1000


async def _counted(tx: AsyncConnection, key: bytes, now: int) -> tuple[int, int]:
    row = (
        await tx.execute(
            select(throttles.c.failures, throttles.c.since).where(throttles.c.key == key)
        )
    ).one_or_none()
    # A failure of a later moment (the clock was set back since) would hold up until that moment.
    if row is None or not row.since <= now < row.since + FORGET_MS:
        return 0, 0
    return row.failures, row.since


async def failures(tx: AsyncConnection, key: bytes, now: int) -> int:
    """How often this went wrong lately."""
    return (await _counted(tx, key, now))[0]


async def wait_ms(tx: AsyncConnection, key: bytes, pace: Pace, now: int) -> int:
    """Milliseconds to wait before the next try; 0: go ahead."""
    count, since = await _counted(tx, key, now)
    return max(0, since + pace.delay_ms(count) - now) if count else 0


async def record_failure(tx: AsyncConnection, key: bytes, now: int) -> None:
    """Count one failure; the count starts anew after a quiet hour."""
    make = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    fresh = make(throttles).values(key=key, failures=1, since=now)
    await tx.execute(delete(throttles).where(throttles.c.since <= now - FORGET_MS))
    await tx.execute(
        fresh.on_conflict_do_update(
            index_elements=[throttles.c.key],
            set_={"failures": throttles.c.failures + 1, "since": now},
        )
    )


async def forgive(tx: AsyncConnection, key: bytes) -> None:
    """A right answer clears what was counted."""
    await tx.execute(delete(throttles).where(throttles.c.key == key))
