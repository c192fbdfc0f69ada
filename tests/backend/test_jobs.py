"""The jobs table and its runner: nothing is lost, nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import jobs
from backend.database import DatabaseUnavailable
from backend.database.statements import upsert
from backend.database.tables import jobs as jobs_table
from backend.database.tables import topics
from backend.errors import busy
from backend.jobs import Job, Work, queue
from backend.jobs.failures import TRIES, LeaseLost
from backend.relais import Relais
from tests.backend.alert_scene import Scene, open_scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A backend on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


async def count(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The effect of these tests: one more for the job's subject."""
    here = topics.c.topic == job.subject
    found = (await tx.execute(select(topics.c.count).where(here))).scalar_one_or_none()
    row = {"month": "2026-11", "topic": job.subject, "count": (found or 0) + 1}
    await tx.execute(upsert(tx.dialect.name, topics, ["month", "topic"], row), row)


async def _counted(scene: Scene) -> dict[str, int]:
    return {row.topic: row.count for row in await scene.rows(select(topics))}


async def _schedule(scene: Scene, name: str = "a", *, after: int = 0, kind: str = "count") -> None:
    async with scene.relais.db.write() as tx:
        await jobs.schedule(
            tx, scene.relais.world, kind=kind, key=name, subject=name, due_at=scene.clock() + after
        )


async def _job(scene: Scene, key: str = "a") -> Any:
    (row,) = await scene.rows(select(jobs_table).where(jobs_table.c.key == key))
    return row


def _runner(scene: Scene, **handlers: Work) -> jobs.Runner:
    return jobs.Runner(scene.relais, {"count": count, **handlers})


async def test_a_job_runs_once_when_it_is_due_and_not_before(scene: Scene) -> None:
    """Its key is used up: scheduling it again sets nothing."""
    await _schedule(scene, after=60_000)
    runner = _runner(scene)
    assert await runner.run_due() == 0
    scene.clock.forward(minutes=1)
    assert await runner.run_due() == 1
    await _schedule(scene)
    assert await runner.run_due() == 0
    assert await _counted(scene) == {"a": 1}


async def test_a_waiting_job_keeps_its_first_time(scene: Scene) -> None:
    """Scheduling the same key twice is one row."""
    await _schedule(scene, after=5)
    await _schedule(scene, after=9)
    assert (await _job(scene)).due_at == scene.clock() + 5


async def test_effect_and_next_timer_are_kept_together_or_not_at_all(scene: Scene) -> None:
    """A handler that fails after its work leaves nothing of it; the next try leaves all."""
    fails = [True, False]

    async def step(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        await count(tx, relais, job)
        await jobs.schedule(
            tx, relais.world, kind="count", key="next", subject="next", due_at=job.due_at
        )
        if fails.pop(0):
            raise busy()

    await _schedule(scene, kind="step")
    runner = _runner(scene, step=step)
    assert await runner.run_due() == 1
    assert await _counted(scene) == {}
    row = await _job(scene)
    assert (row.status, row.error, row.attempts) == ("waiting", "busy", 1)
    scene.clock.forward(minutes=1)
    assert await runner.run_due() == 2
    assert await _counted(scene) == {"a": 1, "next": 1}
    assert (await _job(scene)).error is None


async def test_one_that_always_fails_backs_off_is_given_up_and_seen_and_stops_nobody(
    scene: Scene,
) -> None:
    """The others run meanwhile; after so many tries it stands as failed, and can be revived."""
    tried: list[int] = []

    async def broken(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        tried.append(relais.world.now())
        raise ValueError("what a person wrote")

    await _schedule(scene, "bad", kind="broken")
    await _schedule(scene, "good")
    scene.runner = _runner(scene, broken=broken)
    await scene.later(hours=5)
    assert await _counted(scene) == {"good": 1}
    waits = [(later - now) // 1000 for now, later in pairwise(tried)]
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) == 600
    assert len(tried) == TRIES
    row = await _job(scene, "bad")
    assert (row.status, row.error) == ("failed", "ValueError")
    async with scene.relais.db.write() as tx:
        assert (await jobs.counts(tx, scene.clock())).failed == 1
        assert [(job.key, code) for job, code in await jobs.failed(tx)] == [("bad", "ValueError")]
        await jobs.revive(tx, "bad", scene.clock())
    assert await scene.runner.run_due() == 1


async def test_what_a_person_wrote_reaches_neither_the_row_nor_the_log(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception's text can hold anything; only its code or class is kept."""

    async def broken(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        raise ValueError("SENTINEL")

    await _schedule(scene, kind="broken")
    await _runner(scene, broken=broken).run_due()
    printed = capsys.readouterr()
    assert "SENTINEL" not in printed.out + printed.err + str(await _job(scene))
    assert "job_failed" in printed.out + printed.err


async def test_only_the_newest_fence_finishes(scene: Scene) -> None:
    """A runner that slept through its lease finds that another has the job: its work is undone."""
    await _schedule(scene)
    async with scene.relais.db.write() as tx:
        slow = await queue.claim(tx, scene.clock(), ("count",))
    assert slow is not None
    assert await _runner(scene).run_due() == 0  # leased
    scene.clock.ms += queue.LEASE_MS
    async with scene.relais.db.write() as tx:
        quick = await queue.claim(tx, scene.clock(), ("count",))
    assert quick is not None
    assert quick.fence == slow.fence + 1
    with pytest.raises(LeaseLost):
        await _count_and_finish(scene, slow)
    assert await _counted(scene) == {}
    await _count_and_finish(scene, quick)
    assert await _counted(scene) == {"a": 1}


async def _count_and_finish(scene: Scene, claimed: jobs.Claimed) -> None:
    async with scene.relais.db.write() as tx:
        await count(tx, scene.relais, claimed.job)
        await queue.finish(tx, claimed, scene.clock())


async def test_a_crash_between_claim_and_commit_loses_nothing_and_doubles_nothing(
    scene: Scene,
) -> None:
    """The process dies in the middle of the handler: the job runs once, after the lease."""
    reached, gone = asyncio.Event(), asyncio.Event()

    async def die(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        await count(tx, relais, job)
        if not gone.is_set():
            reached.set()
            await asyncio.Event().wait()

    await _schedule(scene, kind="die")
    runner = _runner(scene, die=die)
    dying = asyncio.create_task(runner.run_due())
    await reached.wait()
    gone.set()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert await runner.run_due() == 0
    scene.clock.ms += queue.LEASE_MS
    assert await runner.run_due() == 1
    assert await _counted(scene) == {"a": 1}


async def test_one_that_takes_the_process_along_every_time_is_given_up(scene: Scene) -> None:
    """Tries are counted when a job is claimed, so that a poisonous one ends too."""
    await _schedule(scene)
    for _ in range(TRIES):
        async with scene.relais.db.write() as tx:
            assert await queue.claim(tx, scene.clock(), ("count",)) is not None
        scene.clock.ms += queue.LEASE_MS
    assert await _runner(scene).run_due() == 1
    row = await _job(scene)
    assert (row.status, row.error) == ("failed", "KeptCrashing")
    assert await _counted(scene) == {}


async def test_several_runners_do_each_job_once(scene: Scene) -> None:
    """Forty jobs, four runners at once."""
    for number in range(40):
        await _schedule(scene, f"job-{number}")
    ran = await asyncio.gather(*(_runner(scene).run_due() for _ in range(4)))
    assert sum(ran) == 40
    assert await _counted(scene) == {f"job-{number}": 1 for number in range(40)}


async def test_an_unavailable_database_is_no_fault_of_the_job(scene: Scene) -> None:
    """Such a try does not count towards giving up."""

    async def locked(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        raise DatabaseUnavailable("full")

    await _schedule(scene, kind="locked")
    scene.runner = _runner(scene, locked=locked)
    await scene.later(minutes=1)
    row = await _job(scene)
    assert (row.status, row.error, row.attempts) == ("waiting", "full", 0)


async def test_a_kind_that_this_release_does_not_know_is_left_to_one_that_does(
    scene: Scene,
) -> None:
    """It stays waiting, and its lag is seen."""
    await _schedule(scene, kind="of_tomorrow")
    scene.clock.forward(minutes=3)
    assert await _runner(scene).run_due() == 0
    async with scene.relais.db.read() as connection:
        found = await jobs.counts(connection, scene.clock())
    assert (found.waiting, found.due, found.failed, found.lag_ms) == (1, 1, 0, 180_000)


async def test_cancel_hasten_and_cancelling_by_subject(scene: Scene) -> None:
    """Only waiting jobs; hastening never puts one off."""
    for name in ("a", "b", "c"):
        await _schedule(scene, name, after=60_000)
    async with scene.relais.db.write() as tx:
        await jobs.cancel(tx, "a")
        await jobs.cancel_subject(tx, "count", "b")
        await jobs.hasten(tx, "c", scene.clock() + 90_000)
        await jobs.hasten(tx, "c", scene.clock())
    assert await _runner(scene).run_due() == 1
    assert await _counted(scene) == {"c": 1}
    statuses = await scene.rows(
        select(jobs_table.c.status, func.count().label("many")).group_by(jobs_table.c.status)
    )
    assert {row.status: row.many for row in statuses} == {"dropped": 2, "done": 1}


async def test_a_handler_may_cancel_what_it_is_running_for(scene: Scene) -> None:
    """It ends all the same, once."""

    async def ends_itself(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        await count(tx, relais, job)
        await jobs.cancel(tx, job.key)

    await _schedule(scene, kind="ends_itself")
    scene.runner = _runner(scene, ends_itself=ends_itself)
    await scene.later(hours=1)
    assert await _counted(scene) == {"a": 1}
    assert (await _job(scene)).status == "done"


async def test_work_aside_has_transactions_of_its_own_and_then_the_jobs(scene: Scene) -> None:
    """If the work fails nothing is marked; if it succeeds, ``then`` and done are one commit."""
    fails = [True, False]

    async def work(relais: Relais, job: Job) -> None:
        if fails.pop(0):
            raise busy()
        async with relais.db.write() as tx:
            await count(tx, relais, job)

    await _schedule(scene, kind="aside")
    scene.runner = _runner(scene, aside=jobs.Aside(work, then=count))
    await scene.later(minutes=1)
    assert await _counted(scene) == {"a": 2}
    assert (await _job(scene)).status == "done"


async def test_the_runner_goes_on_for_ever_and_wakes_when_something_was_committed(
    scene: Scene,
) -> None:
    """Errors do not end it; it looks at once when it is woken."""
    scene.relais.settings.__dict__["job_seconds"] = 60.0

    async def broken(tx: AsyncConnection, relais: Relais, job: Job) -> None:
        raise ValueError

    running = asyncio.create_task(_runner(scene, broken=broken).run_forever())
    await asyncio.sleep(0.05)
    await _schedule(scene, "bad", kind="broken")
    await _schedule(scene, "good")
    scene.relais.wake.all()
    async with asyncio.timeout(5):
        while not await _counted(scene):  # noqa: ASYNC110  (only the database knows)
            await asyncio.sleep(0.01)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_job_that_was_lost_by_hand_can_be_found(scene: Scene) -> None:
    """What is failed is listed by kind."""
    await _schedule(scene)
    await scene.write(update(jobs_table).values(status="failed", error="x"))
    async with scene.relais.db.read() as connection:
        assert len(await jobs.failed(connection, "count")) == 1
        assert await jobs.failed(connection, "other") == []
