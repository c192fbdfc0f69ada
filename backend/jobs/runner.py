"""Runs what is due, one at a time. Nothing a handler does can stop it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import structlog

from backend.database import DatabaseUnavailable
from backend.jobs import queue
from backend.jobs.failures import TRIES, KeptCrashing, LeaseLost, code_of
from backend.jobs.job import Aside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.jobs.job import Claimed, Handler, Work
    from backend.relais import Relais

_log: Final[Any] = structlog.get_logger("relais.jobs")


class Runner:
    """One a process; several may run on one database."""

    def __init__(self, relais: Relais, handlers: Mapping[str, Work]) -> None:
        self._relais = relais
        self._handlers = dict(handlers)
        self._kinds = tuple(sorted(handlers))

    async def run_due(self, limit: int | None = None) -> int:
        """Run what is due now (at most ``limit``), and what that makes due; returns how many ran.

        Raises ``DatabaseUnavailable`` when jobs cannot even be claimed.
        """
        ran = 0
        while limit is None or ran < limit:
            claimed = await self._claim()
            if claimed is None:
                break
            await self._run(claimed)
            ran += 1
        return ran

    async def run_forever(self) -> None:
        """Until cancelled: look when something was committed here, and every ``job_seconds``."""
        woken = self._relais.wake.channel("jobs")
        while True:
            woken.clear()
            try:
                await self.run_due()
            except DatabaseUnavailable as error:
                _log.warning("jobs_wait", error=error.code)
            except Exception as error:  # noqa: BLE001  (the runner outlives everything)
                _log.error("jobs_stumbled", error=code_of(error))
            # not wait_for: until Python 3.12 it can swallow the cancellation that stops us
            with suppress(TimeoutError):
                async with asyncio.timeout(self._relais.settings.job_seconds):
                    await woken.wait()

    async def _claim(self) -> Claimed | None:
        async with self._relais.db.read() as connection:
            if not await queue.any_due(connection, self._relais.world.now(), self._kinds):
                return None
        async with self._relais.db.write() as tx:
            return await queue.claim(tx, self._relais.world.now(), self._kinds)

    async def _run(self, claimed: Claimed) -> None:
        try:
            await self._carry_out(claimed)
        except LeaseLost:
            _log.info("job_overtaken", kind=claimed.job.kind, job=claimed.job.id)
        except Exception as error:  # noqa: BLE001  (whatever it is, the job is tried again)
            await self._failed(claimed, error)
        else:
            self._relais.wake.all()

    async def _carry_out(self, claimed: Claimed) -> None:
        if claimed.attempts > TRIES:
            raise KeptCrashing
        work = self._handlers[claimed.job.kind]
        handler: Handler | None
        if isinstance(work, Aside):
            await work.work(self._relais, claimed.job)
            handler = work.then
        else:
            handler = work
        async with self._relais.db.write() as tx:
            if handler is not None:
                await handler(tx, self._relais, claimed.job)
            await queue.finish(tx, claimed, self._relais.world.now())

    async def _failed(self, claimed: Claimed, error: Exception) -> None:
        code = code_of(error)
        _log.warning(
            "job_failed",
            kind=claimed.job.kind,
            job=claimed.job.id,
            error=code,
            attempts=claimed.attempts,
        )
        # If even this cannot be written, the lease runs out and the job is claimed again.
        with suppress(DatabaseUnavailable):
            async with self._relais.db.write() as tx:
                now = self._relais.world.now()
                if isinstance(error, DatabaseUnavailable):
                    await queue.release(tx, claimed, now, code)
                elif await queue.put_back(tx, claimed, now, code):
                    _log.error(
                        "job_given_up", kind=claimed.job.kind, job=claimed.job.id, error=code
                    )
