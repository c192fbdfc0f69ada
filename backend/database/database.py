"""Connections, transactions and what goes wrong with them.

SQLite: the driver's own transaction handling loses updates silently (measured: 26 of 200 kept), so
it is off; ONE writer connection behind a lock begins IMMEDIATE, readers have their own engine.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from backend.database.inline_sqlite import opener
from backend.errors import ConfigurationError

BUSY_SECONDS = 5.0
_RETRY_CODES = {"40001", "40P01"}


class DatabaseUnavailable(Exception):
    """The database is locked, full or gone. Nothing was stored; the caller may try again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Database:
    """Hands out connections. ``write`` is one explicit transaction, committed at block end."""

    def __init__(
        self, dialect: str, reader: AsyncEngine, writer: AsyncEngine, lock_file: IO[str] | None
    ) -> None:
        self.dialect = dialect
        self._reader = reader
        self._writer = writer
        self._lock_file = lock_file
        self._writer_lock = asyncio.Lock()
        self._held: AsyncConnection | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; no transaction of it outlives the block."""
        with _translated():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: everything in the block is committed together, or nothing is."""
        with _translated():
            if self.dialect == "postgresql":
                async with self._writer.begin() as connection:
                    yield connection
                return
            async with self._writer_lock:
                connection = await self._sqlite_writer()
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    await connection.exec_driver_sql("ROLLBACK")
                    raise
                await self._commit(connection)

    async def _sqlite_writer(self) -> AsyncConnection:
        if self._held is None or self._held.closed:
            self._held = await self._writer.connect()
        return self._held

    async def _commit(self, connection: AsyncConnection) -> None:
        try:
            await connection.exec_driver_sql("COMMIT")
        except BaseException:
            # A failed COMMIT (disk full) leaves the transaction open: take it back.
            try:
                await connection.exec_driver_sql("ROLLBACK")
            except SQLAlchemyError:
                self._held = None
            raise

    async def check(self) -> None:
        """Raise :class:`DatabaseUnavailable` unless a write transaction can be begun."""
        async with self.write() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give everything back; on SQLite fold the write-ahead log into the file."""
        if self._held is not None:
            await self._held.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
        if self._lock_file is not None:
            self._lock_file.close()

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes, for migrations."""
        return self._writer


class _translated:  # noqa: N801  (reads as a phrase at its uses)
    """Turns the driver's operational errors into :class:`DatabaseUnavailable`, without content."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (OperationalError, PoolTimeout, OSError)):
            raise DatabaseUnavailable(_reason(error)) from None
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise DatabaseUnavailable("gone") from None


def _reason(error: BaseException) -> str:
    words = str(getattr(error, "orig", error)).lower()
    for needle, code in (("locked", "locked"), ("full", "full"), ("space", "full")):
        if needle in words:
            return code
    return "gone"


def is_transient(error: BaseException) -> bool:
    """Whether PostgreSQL asks to run the same transaction once more (deadlock, serialisation)."""
    original = getattr(error, "orig", None)
    return getattr(original, "sqlstate", None) in _RETRY_CODES


def _sqlite_pragmas(dbapi_connection: Any, _record: object) -> None:
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-16000",
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
    engines = []
    for size in (4, 1):
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            async_creator=opener(path, BUSY_SECONDS),
            pool_size=size,
            max_overflow=0,
            poolclass=AsyncAdaptedQueuePool,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
        engines.append(engine)
    return Database("sqlite", engines[0], engines[1], lock)


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
    return Database("postgresql", engine, engine, None)


def open_database(url: str, sqlite_path: Path) -> Database:
    """Open PostgreSQL by ``url``, or SQLite at ``sqlite_path`` when ``url`` is empty.

    Raises :class:`ConfigurationError` for another scheme, and when a second process tries to
    serve one SQLite file.
    """
    if not url:
        return _open_sqlite(sqlite_path)
    if url.startswith("sqlite:///"):
        return _open_sqlite(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
        return _open_postgresql(url.replace("postgres://", "postgresql://", 1))
    raise ConfigurationError(
        "RELAIS_DATABASE_URL must begin with postgresql:// (or be empty for SQLite)"
    )


__all__ = ["Database", "DatabaseUnavailable", "is_transient", "open_database"]
