"""Tasks that belong together, and tasks that nobody awaits, whose failure must not go unseen."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """All of them, until one fails: its error is raised as it is, and the others are cancelled."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        # Not gather, which would cancel the parts itself, and us a second time while they stop.
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work``; SIGINT and SIGTERM cancel it in good order."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Tasks:
    """An error of ours in any of them ends the bot: a restart is clean, a half-dead bot is not."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._broken = asyncio.Event()
        self._error: BaseException | None = None

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start it."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def watch(self) -> None:
        """Raises the first error of any task; else waits until cancelled."""
        await self._broken.wait()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Cancel what is left."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._error = self._error or error
            self._broken.set()
