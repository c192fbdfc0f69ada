"""SQLite's one writer, where transactions that end together share one COMMIT.

A COMMIT waits for the disk, in a thread. Whoever comes meanwhile waits for the lock; then all of
them run one after the other, each in a savepoint of its own, and are committed at once. The lock is
fair, so a group is closed by the commit that its first member asked for: nobody waits for company.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from backend.database.inline_sqlite import InlineConnection
from backend.database.unavailable import DatabaseUnavailable, reason


class _Group:
    """Transactions that are committed together; ``done`` tells all of them how it ended."""

    __slots__ = ("done", "members")

    def __init__(self) -> None:
        self.members = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Every member may have been cancelled; then nobody asks for the outcome.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())

    def fail(self, code: str) -> None:
        """Nothing of this group was stored."""
        if not self.done.done():
            self.done.set_exception(DatabaseUnavailable(code))


class GroupWriter:
    """The only connection that writes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._held: tuple[AsyncConnection, InlineConnection] | None = None
        self._group: _Group | None = None
        self._committing: set[asyncio.Task[None]] = set()
        self._closing = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Returns when what the block wrote is on the disk; raises when it is not."""
        async with self._lock:
            if self._closing:
                raise DatabaseUnavailable("gone")
            connection, raw = await self._connected()
            group = await self._join(raw)
            try:
                yield connection
            except BaseException:
                self._take_back(group, raw)
                raise
            self._keep(group, raw)
        # A caller that gives up does not stop the COMMIT, which others wait for.
        await asyncio.shield(group.done)

    async def fold(self) -> bool:
        """Empty the write-ahead log into the file; False while somebody still reads in it."""
        async with self._lock:
            if self._closing:
                raise DatabaseUnavailable("gone")
            _, raw = await self._connected()
            await self._end_group()
            return await raw.fold()

    async def close(self) -> None:
        """Begin nothing more, end what has begun, and give the connection back."""
        self._closing = True
        async with self._lock:
            await self._end_group()
        await asyncio.gather(*self._committing, return_exceptions=True)
        async with self._lock:
            if self._held is not None:
                await self._held[0].close()
                self._held = None

    async def _end_group(self) -> None:
        """Commit what is under way now; the lock is held."""
        if self._group is not None and self._held is not None:
            group, self._group = self._group, None
            await self._commit_now(group, self._held[1])

    async def _connected(self) -> tuple[AsyncConnection, InlineConnection]:
        if self._held is None or self._held[0].closed:
            connection = await self._engine.connect()
            raw = (await connection.get_raw_connection()).driver_connection
            assert isinstance(raw, InlineConnection)  # noqa: S101  the engine's own creator
            self._held = (connection, raw)
        return self._held

    async def _join(self, raw: InlineConnection) -> _Group:
        if self._group is None:
            await raw.begin_immediate()
            self._group = _Group()
        else:
            raw.control("SAVEPOINT member")
        return self._group

    def _keep(self, group: _Group, raw: InlineConnection) -> None:
        try:
            if group.members:
                raw.control("RELEASE member")
        except sqlite3.Error as error:
            self._give_up(group, error)
            return
        group.members += 1
        if group.members == 1:
            task = asyncio.create_task(self._commit(group), name="commit")
            self._committing.add(task)
            task.add_done_callback(self._committing.discard)

    def _take_back(self, group: _Group, raw: InlineConnection) -> None:
        """Undo one member. A full disk makes SQLite undo the whole group by itself."""
        try:
            if group.members and raw.in_transaction:
                raw.control("ROLLBACK TO member")
                raw.control("RELEASE member")
                return
            self._group = None
            raw.undo()
            group.fail("full")
        except sqlite3.Error as error:
            self._give_up(group, error)

    async def _commit(self, group: _Group) -> None:
        try:
            async with self._lock:
                if self._group is not group or self._held is None:
                    return
                self._group = None
                await self._commit_now(group, self._held[1])
        finally:
            group.fail("gone")  # says nothing once the outcome is known

    async def _commit_now(self, group: _Group, raw: InlineConnection) -> None:
        if not (raw.in_transaction or raw.committed):
            # A full disk took it back, and the block that saw it kept silent.
            group.fail("full")
            return
        try:
            await raw.commit()
        except BaseException as error:
            # A failed COMMIT (disk full) leaves the transaction open: take it back.
            group.fail(reason(error))
            try:
                raw.undo()
            except sqlite3.Error as worse:
                self._give_up(group, worse)
            if not isinstance(error, Exception):
                raise
        else:
            group.done.set_result(None)

    def _give_up(self, group: _Group, error: sqlite3.Error) -> None:
        """The connection is of no use any more: the next transaction opens another."""
        group.fail(reason(error))
        self._group = None
        if self._held is not None:
            self._held[1].stop()
            self._held = None
