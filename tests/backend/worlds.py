"""Worlds for tests: a clock that is set, and randomness that repeats."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.ambient import World

START = 1_795_530_000_000  # 2026-11-24T14:20:00Z


def counting_random(seed: int = 1) -> Callable[[int], bytes]:
    """Bytes that look random and are the same in every run."""
    counter = seed * 1_000_000

    def random(size: int) -> bytes:
        nonlocal counter
        counter += 1
        return hashlib.shake_256(counter.to_bytes(16, "big")).digest(size)

    return random


@dataclass
class Clock:
    """Moves only when told to."""

    ms: int = START

    def __call__(self) -> int:
        """Milliseconds."""
        return self.ms

    def forward(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        self.ms += int(((days * 24 + hours) * 60 + minutes) * 60_000)


@dataclass
class TestWorld:
    """A world with its clock in reach."""

    __test__ = False
    clock: Clock = field(default_factory=Clock)
    seed: int = 1

    def world(self) -> World:
        """The same world as the backend takes it."""
        return World(now=self.clock, random=counting_random(self.seed))
