"""The only place of the bots that touches the machine's clock and randomness."""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """``now`` is Unix time, ``monotonic`` a steady clock (seconds); ``fraction`` lies in [0, 1).

    ``sleep`` is what every wait of a bot goes through, so that a test can move time by hand.
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    fraction: Callable[[], float] = random.random
    random: Callable[[int], bytes] = os.urandom

    async def within(self, seconds: float, work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
        """The result of ``work``, or :class:`TimeoutError` after ``seconds`` (it is cancelled)."""
        task = asyncio.ensure_future(work)
        alarm = asyncio.ensure_future(self._alarm(seconds))
        try:
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise TimeoutError
        finally:
            task.cancel()
            alarm.cancel()

    async def _alarm(self, seconds: float) -> None:
        await self.sleep(seconds)


def iso(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the second, with a Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(moment: str) -> float:
    """The inverse of :func:`iso`; also takes an offset."""
    return datetime.fromisoformat(moment).timestamp()
