"""SQLite without a thread hop for every statement.

The async driver sends each call to a thread and back; a turn makes some twenty of them, which cost
more than the turn (measured here: 170 turn-sized transactions a second, against 2,276 by plain
sqlite3). A statement on a local file takes microseconds, so it runs inline; only what can wait does
not: COMMIT (it waits for the disk) runs in a thread, BEGIN IMMEDIATE (which waits for another
program's lock) is tried again without blocking.

This has the shape of an aiosqlite connection, so SQLAlchemy's own dialect drives it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

_TRY_AGAIN: Final = 0.02


async def _to_its_end(work: Coroutine[Any, Any, Any]) -> None:
    """Wait for ``work`` even when the caller is cancelled.

    A COMMIT under way cannot be called back, and nobody may touch the connection before it is done.
    """
    running = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    running.result()


class InlineCursor:
    """An aiosqlite cursor's shape around a plain one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self.arraysize = 1

    async def __aenter__(self) -> "InlineCursor":
        """Nothing to wait for."""
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> "InlineCursor":
        """Run one statement."""
        self._cursor.execute(operation, parameters)
        return self

    async def executemany(self, operation: str, parameters: Sequence[Any]) -> "InlineCursor":
        """Run one statement for each set of parameters."""
        self._cursor.executemany(operation, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Give the statement back."""
        self._cursor.close()

    @property
    def description(self) -> Any:
        """Columns of the result, as the DB-API has them."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Row id of the last insert."""
        return self._cursor.lastrowid


class InlineConnection:
    """An aiosqlite connection's shape around a plain one."""

    def __init__(self, path: Path, patience: float) -> None:
        self._connection: sqlite3.Connection | None = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=0
        )
        self._patience = patience
        self.committed = False
        """The last transaction ended well (migrations commit their own)."""

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ValueError("connection closed")
        return self._connection

    def cursor(self) -> InlineCursor:
        """A new cursor."""
        return InlineCursor(self._open)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._open.in_transaction

    def control(self, statement: str) -> None:
        """A statement about the transaction: nothing to give, nothing to get."""
        self._open.execute(statement)

    def trace(self, saw: Callable[[str], object] | None) -> None:
        """Call ``saw`` with every statement (tests)."""
        self._open.set_trace_callback(saw)

    async def begin_immediate(self) -> None:
        """Begin writing; waits for another program's lock as long as its patience lasts."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        while True:
            try:
                self._open.execute("BEGIN IMMEDIATE")
                self.committed = False
            except sqlite3.OperationalError:
                if loop.time() > until:
                    raise
                await asyncio.sleep(_TRY_AGAIN)
            else:
                return

    async def commit(self) -> None:
        """Put an open transaction on the disk, in a thread."""
        if self._open.in_transaction:
            await _to_its_end(asyncio.to_thread(self._open.execute, "COMMIT"))
            self.committed = True

    async def fold(self) -> bool:
        """Write the log into the file and empty it, in a thread; False while a reader is in it."""
        found: list[bool] = []

        def folded() -> None:
            (busy, *_), *_ = self._open.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            found.append(not busy)

        await _to_its_end(asyncio.to_thread(folded))
        return found == [True]

    def undo(self) -> None:
        """Take an open transaction back. After a full disk SQLite has done it by itself."""
        if self._open.in_transaction:
            self._open.execute("ROLLBACK")

    async def rollback(self) -> None:
        """The same, as the dialect calls it."""
        self.undo()

    async def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stop(self) -> None:
        """Close at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Register an SQL function (the dialect brings one)."""
        self._open.create_function(*arguments, **options)


def opener(path: Path, patience: float) -> Callable[..., Any]:
    """What ``create_async_engine(async_creator=…)`` takes."""

    async def connect(*_: Any, **__: Any) -> InlineConnection:
        return InlineConnection(path, patience)

    return connect
