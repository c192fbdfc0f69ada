"""Connections, transactions and what goes wrong with them.

SQLite: the driver's own transaction handling loses updates silently (measured: 26 of 200 kept), so
it is off; ONE writer connection behind a lock begins IMMEDIATE, readers have their own.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from backend.database.inline_sqlite import opener
from backend.database.sqlite_writer import GroupWriter
from backend.database.unavailable import DatabaseUnavailable, translated
from backend.errors import ConfigurationError

BUSY_SECONDS = 5.0
HERS = (
    "grants, items, compartments, cases, case_log, media, draft_items, conversations, referrals,"
    " return_codes, earlier_cases, deliveries, quarantine"
)
"""Tables of which PostgreSQL clears deleted rows when asked; small ones wait for long otherwise."""
ROOM = 1 << 20
"""Bytes that must be free for SQLite to count as able to store a message."""


class Database:
    """Hands out connections. ``write`` is one explicit transaction, committed at block end."""

    def __init__(self, dialect: str, engine: AsyncEngine) -> None:
        self.dialect = dialect
        self.engine = engine
        """The engine that writes, for migrations."""

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading; every statement sees what was committed before it."""
        raise NotImplementedError

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction: everything in the block is committed together, or nothing is."""
        raise NotImplementedError

    async def check(self) -> None:
        """Raise :class:`DatabaseUnavailable` unless something could be stored now."""
        raise NotImplementedError

    async def fold(self) -> None:
        """Let go of deleted rows: SQLite empties its write-ahead log, PostgreSQL its tables.

        PostgreSQL's log belongs to its server. Raises :class:`DatabaseUnavailable` while somebody
        else (a backup) is in the way.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Give everything back."""
        await self.engine.dispose()


class _Postgresql(Database):
    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__("postgresql", engine)
        # The same pool; a transaction around single SELECTs would be two more round trips.
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        with translated():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        with translated():
            async with self.engine.begin() as connection:
                yield connection

    async def fold(self) -> None:
        async with self.read() as connection:
            await connection.execute(text(f"VACUUM {HERS}"))

    async def check(self) -> None:
        async with self.write() as connection:
            # A transaction with a number is written to PostgreSQL's log; a bare SELECT is not.
            await connection.execute(text("SELECT pg_current_xact_id()"))


class _Sqlite(Database):
    """Statements run inline, so one connection for reading serves everybody at once."""

    def __init__(
        self, path: Path, writer: AsyncEngine, reader: AsyncEngine, lock_file: IO[str] | None
    ) -> None:
        super().__init__("sqlite", writer)
        self._path = path
        self._file = path.stat().st_ino
        self._writer = GroupWriter(writer)
        self._reader = reader
        self._opening = asyncio.Lock()
        self._shared: AsyncConnection | None = None
        self._lock_file = lock_file

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        with translated():
            connection = self._shared or await self._open_shared()
            try:
                yield connection
            except SQLAlchemyError:
                self._shared = None  # whatever is wrong with it, the next reader gets another
                raise

    async def _open_shared(self) -> AsyncConnection:
        async with self._opening:
            if self._shared is None:
                self._shared = await self._reader.connect()
            return self._shared

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self._still_there()
        with translated():
            async with self._writer.transaction() as connection:
                yield connection

    async def check(self) -> None:
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < ROOM:
            raise DatabaseUnavailable("full")
        async with self.write() as connection:
            await connection.execute(text("SELECT 1"))

    async def fold(self) -> None:
        self._still_there()
        with translated():
            if not await self._writer.fold():
                raise DatabaseUnavailable("locked")

    def _still_there(self) -> None:
        """A file that was deleted or replaced goes on taking writes that nobody will ever find."""
        try:
            if self._path.stat().st_ino == self._file:
                return
        except OSError:
            pass
        raise DatabaseUnavailable("gone")

    async def close(self) -> None:
        """Fold the write-ahead log into the file, too."""
        await self._writer.close()
        if self._shared is not None:
            await self._shared.close()
        await self._reader.dispose()
        await super().close()
        if self._lock_file is not None:
            self._lock_file.close()


def _sqlite_pragmas(dbapi_connection: Any, _record: object) -> None:
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-64000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _open_sqlite(path: Path) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = (path.parent / f"{path.name}.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ConfigurationError(
            f"another process already serves {path.name}; stop it first, "
            "or use PostgreSQL (RELAIS_DATABASE_URL) for several"
        ) from error
    path.touch(mode=0o600, exist_ok=True)
    return _Sqlite(path, _sqlite_engine(path), _sqlite_engine(path), lock)


def _open_sqlite_beside(path: Path) -> Database:
    """For looking only, while another process may serve it."""
    if not path.exists():
        raise ConfigurationError(f"there is no database {path.name}; see RELAIS_DATABASE_URL")
    engine = _sqlite_engine(path)
    event.listen(engine.sync_engine, "connect", _only_reads)
    return _Sqlite(path, engine, engine, None)


def _only_reads(dbapi_connection: Any, _record: object) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _sqlite_engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        async_creator=opener(path, BUSY_SECONDS),
        # Not one more than is held: a reader that replaces a broken one must get through.
        pool_size=2,
        max_overflow=2,
        poolclass=AsyncAdaptedQueuePool,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
    return engine


def _open_postgresql(url: str) -> Database:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=8,
        max_overflow=8,
        pool_timeout=5,
        pool_pre_ping=False,
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "command_timeout": 30,
            "server_settings": {
                "application_name": "relais",
                "lock_timeout": "5s",
                "statement_timeout": "20s",
                "idle_in_transaction_session_timeout": "20s",
                "log_min_error_statement": "panic",
            },
        },
    )
    return _Postgresql(engine)


def open_database(url: str, sqlite_path: Path, *, only_read: bool = False) -> Database:
    """Open PostgreSQL by ``url``, or SQLite at ``sqlite_path`` when ``url`` is empty.

    ``only_read``: beside the process that serves it, for a command that looks.

    Raises :class:`ConfigurationError` for another scheme, and when a second process tries to
    serve one SQLite file.
    """
    if not url or url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///")) if url else sqlite_path
        return _open_sqlite_beside(path) if only_read else _open_sqlite(path)
    if url.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
        return _open_postgresql(url.replace("postgres://", "postgresql://", 1))
    raise ConfigurationError(
        "RELAIS_DATABASE_URL must begin with postgresql:// (or be empty for SQLite)"
    )


__all__ = ["Database", "open_database"]
