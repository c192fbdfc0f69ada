"""How long to wait before trying again."""

from bots.core.ambient import World


class Backoff:
    """Doubling pauses with jitter, so that many bots do not come back in the same instant."""

    def __init__(self, world: World, *, first: float = 0.5, most: float = 30.0) -> None:
        self._world = world
        self._first = first
        self._most = most
        self.failures = 0

    def next(self, at_least: float = 0.0) -> float:
        """Seconds to wait now; at least what the other side asked for."""
        pause = min(self._most, self._first * float(1 << min(self.failures, 16)))
        self.failures += 1
        return max(at_least, pause * (0.5 + 0.5 * self._world.fraction()))

    def reset(self) -> None:
        """It worked: the next failure starts small again."""
        self.failures = 0
