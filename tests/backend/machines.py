"""State machines over the real backend: rules that await, one backend for each example."""

import asyncio
import copy
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import Select

from tests.backend.chats import TOKENS
from tests.backend.consoles import Console, running_console
from tests.backend.worlds import START, Clock

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound="Machine")


def size(*, examples: int, steps: int) -> settings:
    """How long a machine runs. A failure is shown as it was found: shrinking it takes minutes."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )


def awaited(
    step: Callable[Concatenate[M, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[M, P], T]:
    """A rule or an invariant that awaits: run on the machine's own loop."""

    @wraps(step)
    def run(machine: M, *args: P.args, **drawn: P.kwargs) -> T:
        return machine.loop.run_until_complete(step(machine, *args, **drawn))

    return run


class Machine(RuleBasedStateMachine):
    """Every example has a backend of its own, on a copy of a folder that is prepared once."""

    _prepared: ClassVar[tuple[tempfile.TemporaryDirectory[str], int, Any] | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._starts = 1
        cls = type(self)
        if cls._prepared is None:
            cls._prepared = self.loop.run_until_complete(self._prepare())
        kept, now, known = cls._prepared
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name) / "house"
        shutil.copytree(kept.name, self.folder)
        self.clock = Clock(now)
        self.known = copy.deepcopy(known)
        """What ``prepare`` said about the folder; the example may change it."""
        self.loop.run_until_complete(self.start())

    def opens(self, folder: Path, clock: Clock, seed: int) -> AbstractAsyncContextManager[Console]:
        """The backend on this folder; ``seed`` makes the randomness of each start another."""
        return running_console("", folder, clock=clock, seed=seed, **TOKENS)

    async def prepare(self, console: Console) -> Any:
        """What every example finds there; returns what its model has to know of it."""

    async def _prepare(self) -> tuple[tempfile.TemporaryDirectory[str], int, Any]:
        kept, clock = tempfile.TemporaryDirectory(), Clock(START)
        async with self.opens(Path(kept.name), clock, 1) as console:
            known = await self.prepare(console)
        return kept, clock.ms, known

    async def start(self) -> None:
        """Start the backend; where one runs it is stopped first."""
        await self._stack.aclose()
        self._starts += 1
        opened = self.opens(self.folder, self.clock, self._starts)
        self.console = await self._stack.enter_async_context(opened)

    async def rows(self, query: Select[Any]) -> list[Any]:
        """What a query finds."""
        async with self.console.relais.db.read() as connection:
            return list((await connection.execute(query)).all())

    def teardown(self) -> None:
        """The backend is closed and its folder gone."""
        self.loop.run_until_complete(self._stack.aclose())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self._folder.cleanup()
