"""A clock that a test moves by hand."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

from bots.core import World


class SlowWorld:
    """``world`` is what the code gets; ``advance`` lets its sleepers wake."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self.world = World(
            now=lambda: self.seconds + 1_790_000_000,
            monotonic=lambda: self.seconds,
            sleep=self._sleep,
            fraction=lambda: 0.5,
        )

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + seconds, next(self._numbers), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time; everything that falls due on the way happens in its order."""
        end = self.seconds + seconds
        await breathe()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self.seconds = max(self.seconds, due)
            if not future.done():
                future.set_result(None)
                await breathe()
        self.seconds = end
        await breathe()

    async def advance_until(
        self, condition: Callable[[], bool], most: float = 600, step: float = 0.5
    ) -> None:
        """Step by step until ``condition`` holds; what falls due happens in its order."""
        end = self.seconds + most
        while not condition():
            assert self.seconds < end, "it never came true"
            await self.advance(step)


async def breathe() -> None:
    """Let everything that can happen without time happen (threads of the spool included)."""
    for _ in range(5):
        await asyncio.sleep(0.001)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that happens by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.005)
