"""State machines over the real backend: rules that await, and a house that is put back."""

import asyncio
import copy
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import Select

from tests.backend.chats import TOKENS
from tests.backend.consoles import Console, running_console
from tests.backend.worlds import Clock

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound="Machine")


def awaited(
    step: Callable[Concatenate[M, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[M, P], T]:
    """A rule or an invariant that awaits: run on the loop of the house."""

    @wraps(step)
    def run(machine: M, /, *args: P.args, **drawn: P.kwargs) -> T:
        return machine.house.runner.run(step(machine, *args, **drawn))

    return run


def demo(folder: Path, clock: Clock, seed: int) -> AbstractAsyncContextManager[Console]:
    """The demo with both bots; ``seed`` makes the randomness of each start another."""
    return running_console("", folder, clock=clock, seed=seed, **TOKENS)


@dataclass
class House:
    """One backend for all examples of a machine; before each, its data are put back."""

    folder: Path
    runner: asyncio.Runner
    opens: Callable[[Path, Clock, int], AbstractAsyncContextManager[Console]]
    clock: Clock = field(default_factory=Clock)
    starts: int = 0
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start the backend; one that runs is stopped first."""
        await self.stop()
        self.starts += 1
        opened = self.opens(self._here, self.clock, self.starts)
        self.console = await self._open.enter_async_context(opened)

    async def stop(self) -> None:
        """Everything is closed, and the database a single file."""
        await self._open.aclose()

    def keep(self) -> None:
        """What is there now (while nothing runs) is what every example finds."""
        shutil.copytree(self._here, self._kept)
        self._began = self.clock.ms

    def put_back(self) -> None:
        """As it was when it was kept, under the backend that runs."""
        self.clock.ms = self._began
        for path in sorted(self._here.rglob("*"), reverse=True):
            # Keys of days stay: the backend remembers them, and none opens another's.
            if path.is_file() and path.suffix not in {".key", ".lock"} and not _database(path):
                path.unlink()
        for path in self._kept.rglob("*"):
            if path.is_file() and not _database(path):
                shutil.copy2(path, self._here / path.relative_to(self._kept))
        kept, here = (one / "var" / "relais.db" for one in (self._kept, self._here))
        with closing(sqlite3.connect(kept)) as before, closing(sqlite3.connect(here)) as now:
            before.backup(now)
        self.console.relais.directory.invalidate()

    @property
    def _here(self) -> Path:
        return self.folder / "here"

    @property
    def _kept(self) -> Path:
        return self.folder / "kept"


def _database(path: Path) -> bool:
    return path.name.startswith("relais.db")


class Machine(RuleBasedStateMachine):
    """One example: the house as it was kept, and what is known of it."""

    def __init__(self, house: House, known: Any) -> None:
        super().__init__()
        house.put_back()
        self.house = house
        self.known = copy.deepcopy(known)
        """What ``prepare`` said about the house; the example may change it."""

    @property
    def console(self) -> Console:
        """The backend that runs."""
        return self.house.console

    @property
    def clock(self) -> Clock:
        """The clock of that backend."""
        return self.house.clock

    async def rows(self, query: Select[Any]) -> list[Any]:
        """What a query finds."""
        async with self.console.relais.db.read() as connection:
            return list((await connection.execute(query)).all())


@contextmanager
def _house(folder: Path, prepare: Any, opens: Any) -> Iterator[tuple[House, Any]]:
    with asyncio.Runner() as runner:
        house = House(folder, runner, opens)
        try:
            runner.run(house.start())
            known = runner.run(prepare(house.console))
            runner.run(house.stop())
            house.keep()
            runner.run(house.start())
            yield house, known
        finally:
            runner.run(house.stop())


def run_machine(
    machine: Callable[[House, Any], Machine],
    folder: Path,
    prepare: Callable[[Console], Coroutine[Any, Any, Any]],
    *,
    opens: Callable[[Path, Clock, int], AbstractAsyncContextManager[Console]] = demo,
    examples: int,
    steps: int,
) -> None:
    """Run ``examples`` of at most ``steps`` rules, each in the house as ``prepare`` left it.

    A failure is shown as it was found: making it smaller would take minutes.
    """
    size = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    with _house(folder, prepare, opens) as (house, known):
        made = cast("type[RuleBasedStateMachine]", lambda: machine(house, known))
        run_state_machine_as_test(made, settings=size)  # calls it for each example
