"""Recurring work: keys that go dark, drafts that expire, rows that have done their duty.

Each recurring job is one row a period; whichever of them runs also sees to it that every one of
them has its next row, so that one that was given up comes back a period later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backend.accounts.watching import watch_holders, watch_roster
from backend.alerts import sweep
from backend.ambient import DAY, HOUR, MINUTE
from backend.cases.erasing_all import erase_waiting
from backend.jobs import folding
from backend.jobs.clearing import clear_chats
from backend.jobs.expiring import expire_conversations
from backend.jobs.job import Aside, Job
from backend.jobs.pruning import prune
from backend.jobs.queue import schedule
from backend.jobs.resealing import reseal_deliveries
from backend.jobs.resealing_drafts import reseal_drafts
from backend.media.sweeping import drop_unnamed, sweep_store
from backend.vault.draft_keys import oldest_needed
from backend.vault.rotation import reseal_older

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World
    from backend.relais import Relais


@dataclass(frozen=True, slots=True)
class Recurring:
    """``work`` is done once in every period of ``every`` milliseconds; it is idempotent."""

    kind: str
    every: int
    work: Callable[[Relais], Awaitable[object]]


async def keys(relais: Relais) -> None:
    """Move what waits to today's draft key, then destroy the keys that nothing may need now."""
    await reseal_deliveries(relais)
    await reseal_drafts(relais)
    day = relais.world.day()
    relais.vault.drafts.destroy_before(oldest_needed(day, relais.settings.idle_hours))
    relais.vault.inbox.destroy_old(day)


async def reseal_keyring(relais: Relais) -> None:
    """After a rotation: take up the new version, and seal anew what an older one sealed."""
    await reseal_older(relais.db, relais.vault.keyring)


async def sweep_alerts(relais: Relais) -> None:
    """No case without a timer."""
    async with relais.db.write() as tx:
        await sweep(tx, relais)


RECURRING: Final = (
    Recurring("housekeeping.keys", DAY, keys),
    Recurring("housekeeping.keyring", HOUR, reseal_keyring),
    Recurring("housekeeping.prune", DAY, prune),
    Recurring("housekeeping.expire", 10 * MINUTE, expire_conversations),
    Recurring("housekeeping.erase", HOUR, erase_waiting),
    Recurring("housekeeping.clear", HOUR, clear_chats),
    Recurring("housekeeping.fold", DAY, folding.fold),
    Recurring("alert.sweep", 15 * MINUTE, sweep_alerts),
    Recurring("roster.watch", 6 * HOUR, watch_roster),
    Recurring("vault.holders", HOUR, watch_holders),
    Recurring("files.unnamed", HOUR, drop_unnamed),
    Recurring("files.sweep", DAY, sweep_store),
)


async def ensure(tx: AsyncConnection, world: World) -> None:
    """At start: every recurring job that did not run in its present period is due now."""
    for one in RECURRING:
        await _set(tx, world, one, world.now() // one.every, world.now())


async def _next(tx: AsyncConnection, relais: Relais, _job: Job) -> None:
    for one in RECURRING:
        period = relais.world.now() // one.every + 1
        await _set(tx, relais.world, one, period, period * one.every)


async def _set(tx: AsyncConnection, world: World, one: Recurring, period: int, due_at: int) -> None:
    await schedule(
        tx,
        world,
        kind=one.kind,
        key=f"{one.kind}:{period}",
        subject=str(period),
        due_at=due_at,
    )


def _aside(one: Recurring) -> Aside:
    async def work(relais: Relais, _job: Job) -> None:
        await one.work(relais)

    return Aside(work, then=_next)


HANDLERS: Final = {one.kind: _aside(one) for one in RECURRING} | folding.HANDLERS
