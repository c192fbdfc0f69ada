"""What a job is, and the two shapes of work that can be done for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais


@dataclass(frozen=True, slots=True)
class Job:
    """A due row. ``subject`` is the id it is about; ``key`` names this very deadline."""

    id: str
    kind: str
    key: str
    subject: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job under lease. Only the newest ``fence`` may finish it."""

    job: Job
    fence: int
    attempts: int


Handler = Callable[["AsyncConnection", "Relais", Job], Awaitable[None]]
"""Runs inside the transaction that also marks the job done: all of it is kept, or nothing."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Work that has transactions of its own or touches files: runs before the job's commit.

    It can run twice (a crash between work and commit), so it must be idempotent. ``then``, if any,
    runs in the job's transaction and schedules what comes next.
    """

    work: Callable[[Relais, Job], Awaitable[None]]
    then: Handler | None = None


Work = Handler | Aside
