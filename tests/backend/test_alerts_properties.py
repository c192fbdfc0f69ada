"""Whatever is done in whatever order, and whatever fails: the promises of alerting hold."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts, jobs
from backend.alerts import HANDLERS
from backend.database.tables import alerts as alerts_table
from backend.database.tables import case_log, conversations, deliveries
from backend.database.tables import jobs as jobs_table
from backend.jobs import Handler, Job
from backend.relais import Relais
from tests.backend.alert_scene import ANA, BEN, CAM, DIA, EVE, FAY, TOWN, Scene, open_scene

MEMBERS = st.sampled_from((ANA, BEN, CAM, DIA, EVE, FAY))
VERBS = st.sampled_from(("take", "take", "pass", "pass", "conflict", "step", "off", "on"))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(VERBS, MEMBERS),
        st.tuples(st.just("wait"), st.sampled_from((1, 3, 16, 31, 61, 250))),
        st.tuples(st.just("crash"), st.just(0)),
    ),
    min_size=1,
    max_size=14,
)
URGENCIES = st.sampled_from(("urgent", "high", "normal"))
EXCLUDED = st.sampled_from(((), ("org-first",), ("org-second",)))


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """The town on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


@dataclass
class Chaos:
    """Makes every n-th handler fail after its work, before the commit."""

    every: int
    calls: int = 0

    def wrap(self, handler: Handler) -> Handler:
        """The same handler, failing now and then."""

        async def flaky(tx: AsyncConnection, relais: Relais, job: Job) -> None:
            await handler(tx, relais, job)
            self.calls += 1
            if self.every and self.calls % self.every == 0:
                raise RuntimeError

        return flaky


@dataclass
class Watcher:
    """Looks after each action whether a promise was broken."""

    scene: Scene
    case_id: str
    excluded: tuple[str, ...]
    conflicted: dict[str, int] = field(default_factory=dict)
    rung: dict[int, int] = field(default_factory=dict)

    async def look(self) -> None:
        """All promises that hold at every moment."""
        row = await self.scene.row(self.case_id)
        await self._one_taker()
        await self._never_silent(row)
        told = await self._told()
        for member, (_, team) in TOWN.items():
            if f"org-{team}" in self.excluded:
                assert told[member] == 0
            if member in self.conflicted:
                assert told[member] == self.conflicted[member]
        if row.status == "taken":
            rung = await self._alerts_sent()
            assert self.rung.setdefault(row.round, rung) == rung

    async def _one_taker(self) -> None:
        query = (
            select(alerts_table.c.round, func.count().label("takers"))
            .where(alerts_table.c.case_id == self.case_id, alerts_table.c.status == "taken")
            .group_by(alerts_table.c.round)
        )
        assert all(row.takers == 1 for row in await self.scene.rows(query))
        lines = [one for one in await self._log() if one in {"taken", "returned"}]
        assert all(first != second for first, second in pairwise(lines))

    async def _log(self) -> list[str]:
        rows = await self.scene.rows(
            select(case_log.c.kind)
            .where(case_log.c.case_id == self.case_id, case_log.c.kind.in_(("taken", "returned")))
            .order_by(case_log.c.at)
        )
        return [row.kind for row in rows]

    async def _never_silent(self, row: Any) -> None:
        """An open case has its next deadline, a taken one its reminder until the first step."""
        query = select(jobs_table.c.kind).where(
            jobs_table.c.subject == self.case_id, jobs_table.c.status == "waiting"
        )
        kinds = {one.kind for one in await self.scene.rows(query)}
        if row.status == "open":
            assert "alert.escalate" in kinds
        elif row.status == "taken" and row.answered_at is None:
            assert kinds & {"alert.idle", "alert.return"}

    async def _told(self) -> Counter[str]:
        rows = await self.scene.rows(
            select(conversations.c.member_id).join(
                deliveries, deliveries.c.conversation_id == conversations.c.id
            )
        )
        return Counter(row.member_id for row in rows)

    async def _alerts_sent(self) -> int:
        rows = await self.scene.rows(select(deliveries.c.id).where(deliveries.c.purpose == "alert"))
        return len(rows)

    async def nobody_twice(self) -> None:
        """In each round a member got at most one first alert."""
        row = await self.scene.row(self.case_id)
        for member in TOWN:
            first = [key for key in await self.scene.told(member) if key in FIRST_WORDS]
            assert len(first) <= row.round + 1

    async def note_conflict(self, member: str) -> None:
        """From now on this member hears nothing."""
        self.conflicted.setdefault(member, (await self._told())[member])


FIRST_WORDS = {"alert", "alert_urgent", "escalation", "gap", "restricted"}


async def _act(scene: Scene, watcher: Watcher, action: tuple[str, Any]) -> None:
    verb, value = action
    if verb == "wait":
        await scene.later(minutes=value)
    elif verb == "crash":
        await _crash_while_running(scene)
    elif verb == "on":
        await scene.set_on_call(value, on=True)
    elif verb == "off":
        await scene.set_on_call(value, on=False)
    elif verb == "step":
        async with scene.relais.db.write() as tx:
            await alerts.note_step(tx, scene.relais, watcher.case_id, value)
    else:
        replies = await scene.says(value, f"{verb} K7Q4")
        if replies == ["conflict_done"]:
            await watcher.note_conflict(value)


async def _crash_while_running(scene: Scene) -> None:
    """A process claims the next job and is gone: only the lease is left of it."""
    async with scene.relais.db.write() as tx:
        await jobs.queue.claim(tx, scene.clock() + 400 * 60_000, tuple(HANDLERS))


@pytest.mark.slow
@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(actions=ACTIONS, urgency=URGENCIES, excluded=EXCLUDED, failing=st.sampled_from((0, 2, 3, 5)))
async def test_promises_hold_in_every_order_of_take_pass_conflict_step_time_and_failure(
    scene: Scene,
    actions: list[tuple[str, Any]],
    urgency: str,
    excluded: tuple[str, ...],
    failing: int,
) -> None:
    """One taker a round, no word to the excluded, none after acceptance, none twice, no silence."""
    await scene.clear()
    chaos = Chaos(failing)
    scene.runner = jobs.Runner(
        scene.relais, {kind: chaos.wrap(handler) for kind, handler in HANDLERS.items()}
    )
    case_id = await scene.case(urgency, excluded=excluded)
    watcher = Watcher(scene, case_id, excluded)
    for action in actions:
        await _act(scene, watcher, action)
        await watcher.look()
    await scene.later(hours=1.5 if urgency == "urgent" else 9)
    await watcher.look()
    await watcher.nobody_twice()
    async with scene.relais.db.read() as connection:
        assert (await jobs.counts(connection, scene.clock())).failed == 0
