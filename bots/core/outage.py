"""One common view of whether the backend is there, so that a thousand people do not all knock."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from bots.core.ambient import World
from bots.core.backoff import Backoff
from bots.core.client import BackendClient
from bots.core.errors import LeaseLost, Refused, Rejected, Unavailable
from bots.core.health import Health

T = TypeVar("T")


class Outage:
    """While the backend is away, one request at a time goes out as a probe; the rest wait."""

    def __init__(self, world: World, health: Health, *, grace: float = 60.0) -> None:
        self._world = world
        self._health = health
        self._grace = grace
        self._backoff = Backoff(world, most=5.0)
        self._probe = asyncio.Lock()
        self._pause = 0.0
        self.since: float | None = None
        """Monotonic moment of the first failure since the last success."""

    async def attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of ``call``, tried until the backend is there. Other errors pass through."""
        while True:
            if not self._is_away():
                try:
                    return await self._ask(call)
                except (Unavailable, Refused) as error:
                    if self.since is None:  # the first to notice, of many at once
                        self.since = self._world.monotonic()
                        self._away(error)
            async with self._probe:
                if not self._is_away():  # someone else's probe found it
                    continue
                await self._world.sleep(self._pause)
                try:
                    return await self._ask(call)
                except (Unavailable, Refused) as error:
                    self._away(error)

    def _is_away(self) -> bool:
        return self.since is not None

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            result = await call()
        except (Rejected, LeaseLost):
            self.over()
            raise
        self.over()
        return result

    def lasting(self) -> float:
        """Seconds without a backend."""
        return 0.0 if self.since is None else self._world.monotonic() - self.since

    def over(self) -> None:
        """The backend answered (even if it refused this one request)."""
        self.since = None
        self._backoff.reset()
        self._health.clear("backend_away")
        self._health.clear("backend_refuses")

    def _away(self, error: Unavailable | Refused) -> None:
        self._health.metrics.errors.labels(error.code).inc()
        if isinstance(error, Refused):
            self._health.problem(
                "backend_refuses",
                f"The backend refuses this bot ({error.code}): {error.advice} "
                "Set the same RELAIS_BOT_TOKEN_… on both sides.",
            )
        elif self.lasting() >= self._grace:
            self._health.problem("backend_away", f"No backend ({error.code}). {error.advice}")
        self._pause = self._backoff.next(error.retry_after)


class Backend(NamedTuple):
    """The backend's calls, and the common view of whether it is there to take them."""

    client: BackendClient
    outage: Outage
