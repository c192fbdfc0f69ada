"""The bot's own small database: sealed events that the backend has not confirmed yet.

It holds no address, no time, no word and no file: keyed hashes of the event and of whom it is from,
the key's id and the ciphertext, in the order of arrival; sealed, where an event's file is to be
fetched; and, sealed, which deliveries left and were not confirmed to the backend yet, and what a
messenger handed over that was not looked at yet. ``synchronous=FULL``: what was accepted is on the
disk.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bots.core.errors import ConfigurationError, SpoolError
from bots.core.spool_file import connect
from sealing import Envelope

Row = tuple[Any, ...]


class Kept(NamedTuple):
    """One event as it was sealed, and, sealed too, where its file is (None: it has none)."""

    envelope: Envelope
    media: bytes | None = None
    lane: bytes = b""
    """A keyed hash of who it is from."""


@dataclass(slots=True)
class _Write:
    """Statements of one step, waiting for the next commit; ``after`` runs in arrival order."""

    statements: Sequence[tuple[str, Row]]
    after: Callable[[], None] | None
    done: asyncio.Future[None]
    changed: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """The row that each statement inserted last."""


class Spool:
    """Open with :meth:`open`; every method returns after the commit. One process a file."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int) -> None:
        self.path = path
        self._connection = connection
        self._lock_file = lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._writing = asyncio.Lock()
        self._pending: list[_Write] = []

    @classmethod
    def open(cls, path: Path) -> "Spool":
        """Create or open, readable by its owner alone; refused while another process has it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
        except OSError as error:
            raise ConfigurationError(
                f"The spool {path} cannot be written ({error.strerror}). See RELAIS_DATA_DIR."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(path, connect(path), lock)
        except BlockingIOError:
            os.close(lock)
            raise ConfigurationError(f"Another bot is running on the spool {path}.") from None
        except sqlite3.Error as error:
            os.close(lock)
            raise ConfigurationError(
                f"The spool {path} is damaged or not a spool ({error.sqlite_errorname})."
            ) from None

    async def add(
        self,
        event_id: str,
        envelope: Envelope,
        stored: Callable[[], None] | None = None,
        media: bytes | None = None,
        lane: bytes = b"",
    ) -> bool:
        """Keep one event; False when it was there already. ``media`` is sealed, ``lane`` hashed.

        ``stored`` is called for a new one right after the commit, in the order of the calls.
        """
        insert = (
            "INSERT OR IGNORE INTO events (event_id, key_id, envelope, media, lane)"
            " VALUES (?, ?, ?, ?, ?)"
        )
        row = (event_id, envelope.key_id, envelope.sealed, media, lane)
        write = self._enqueue([(insert, row)], stored)
        await self._flush(write)
        return write.changed[0] > 0

    async def set_media(self, event_id: str, media: bytes) -> None:
        """What became of an event's file; sealed."""
        update = "UPDATE events SET media = ? WHERE event_id = ?"
        await self._flush(self._enqueue([(update, (media, event_id))]))

    async def remove(self, event_id: str) -> None:
        """The backend has it."""
        await self._flush(self._enqueue([("DELETE FROM events WHERE event_id = ?", (event_id,))]))

    async def quarantine(self, event_id: str, kept: Kept, code: str) -> None:
        """Put one event aside, still sealed, out of the way of the rest."""
        aside = (
            "INSERT OR IGNORE INTO quarantine (event_id, key_id, envelope, code, media, lane)"
            " VALUES (?, ?, ?, ?, ?, ?)"
        )
        row = (event_id, kept.envelope.key_id, kept.envelope.sealed, code, kept.media, kept.lane)
        delete = ("DELETE FROM events WHERE event_id = ?", (event_id,))
        await self._flush(self._enqueue([(aside, row), delete]))

    async def requeue(self) -> int:
        """Put what was put aside back behind the rest; returns how many."""
        again = (
            "INSERT OR IGNORE INTO events (event_id, key_id, envelope, media, lane)"
            " SELECT event_id, key_id, envelope, media, lane FROM quarantine"
        )
        frames = "UPDATE frames SET aside = 0 WHERE aside = 1"
        write = self._enqueue([(again, ()), ("DELETE FROM quarantine", ()), (frames, ())])
        await self._flush(write)
        return write.changed[1] + write.changed[2]

    async def keep_frames(self, sealed: Sequence[bytes]) -> list[int]:
        """What came and was not looked at yet; their numbers, which count up."""
        insert = "INSERT INTO frames (sealed) VALUES (?)"
        write = self._enqueue([(insert, (one,)) for one in sealed])
        await self._flush(write)
        return write.rows

    async def frames(self) -> list[tuple[int, bytes]]:
        """(number, sealed) of all that wait, oldest first."""
        found = await self._read("SELECT n, sealed FROM frames WHERE aside = 0 ORDER BY n")
        return [(row[0], row[1]) for row in found]

    async def drop_frames(self, numbers: Sequence[int]) -> None:
        """They are done with."""
        delete = "DELETE FROM frames WHERE n = ?"
        await self._flush(self._enqueue([(delete, (n,)) for n in numbers]))

    async def frame_aside(self, n: int, lane: bytes, day: int) -> None:
        """Out of the way of the rest, until :meth:`requeue`. ``day`` is coarse: days of Unix time.

        ``lane`` is empty where nobody knows who it is from.
        """
        update = "UPDATE frames SET aside = 1, lane = ?, since = coalesce(since, ?) WHERE n = ?"
        await self._flush(self._enqueue([(update, (lane, day, n))]))

    async def frames_expired(self, day: int, most: int) -> int:
        """What lay aside for more than ``most`` days goes; how many that were."""
        dated = "UPDATE frames SET since = ? WHERE aside = 1 AND since IS NULL"  # older versions'
        delete = "DELETE FROM frames WHERE aside = 1 AND since < ?"
        write = self._enqueue([(dated, (day,)), (delete, (day - most,))])
        await self._flush(write)
        return write.changed[1]

    async def forget(self, lane: bytes) -> None:
        """What was put aside of this person goes."""
        frames = "DELETE FROM frames WHERE aside = 1 AND lane = ?"
        events = "DELETE FROM quarantine WHERE lane = ?"
        await self._flush(self._enqueue([(frames, (lane,)), (events, (lane,))]))

    async def event_ids(self) -> list[str]:
        """Everything not confirmed, oldest first."""
        return [event_id for event_id, _ in await self.backlog()]

    async def backlog(self) -> list[tuple[str, bytes]]:
        """(event id, lane) of everything not confirmed, oldest first."""
        rows = await self._read("SELECT event_id, lane FROM events ORDER BY n")
        return [(row[0], row[1] or b"") for row in rows]

    async def event(self, event_id: str) -> Kept | None:
        """One event that is not confirmed."""
        query = "SELECT key_id, envelope, media, lane FROM events WHERE event_id = ?"
        rows = await self._read(query, (event_id,))
        if not rows:
            return None
        key_id, sealed, media, lane = rows[0]
        return Kept(Envelope(key_id, sealed), media, lane or b"")

    async def quarantined(self) -> int:
        """How many were put aside."""
        aside = "SELECT count(*) FROM frames WHERE aside = 1"
        both = await self._read(f"SELECT (SELECT count(*) FROM quarantine) + ({aside})")  # noqa: S608
        return int(both[0][0])

    async def keep_sent(self, delivery_id: str, outcome: bytes, known: Sequence[str]) -> None:
        """A messenger took this delivery; ``outcome`` is sealed. Drops what the backend knows."""
        keep = "INSERT OR REPLACE INTO sent (delivery_id, outcome) VALUES (?, ?)"
        drop = "DELETE FROM sent WHERE delivery_id = ?"
        dropping: list[tuple[str, Row]] = [(drop, (one,)) for one in known]
        await self._flush(self._enqueue([(keep, (delivery_id, outcome)), *dropping]))

    async def sent(self, at_most: int) -> list[Row]:
        """(delivery id, sealed outcome), oldest first; older ones than ``at_most`` are dropped."""
        newest = "SELECT n FROM sent ORDER BY n DESC LIMIT ?"
        await self._flush(
            self._enqueue([(f"DELETE FROM sent WHERE n NOT IN ({newest})", (at_most,))])  # noqa: S608
        )
        return await self._read("SELECT delivery_id, outcome FROM sent ORDER BY n")

    async def fact(self, name: str) -> bytes | None:
        """A remembered public fact: the cached inbox key, its pinned signer."""
        rows = await self._read("SELECT value FROM facts WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    async def remember(self, name: str, value: bytes) -> None:
        """Set a fact."""
        upsert = "INSERT OR REPLACE INTO facts VALUES (?, ?)"
        await self._flush(self._enqueue([(upsert, (name, value))]))

    def close(self) -> None:
        """Give the file free."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()
        os.close(self._lock_file)

    def _enqueue(
        self, statements: Sequence[tuple[str, Row]], after: Callable[[], None] | None = None
    ) -> _Write:
        write = _Write(statements, after, asyncio.get_running_loop().create_future())
        self._pending.append(write)
        return write

    async def _flush(self, write: _Write) -> None:
        """Whoever comes first commits for all who wait (one fsync for many events).

        Shielded: a caller that is cancelled leaves the batch to finish, for the others' sake.
        """
        await asyncio.shield(asyncio.ensure_future(self._commit(write)))

    async def _commit(self, write: _Write) -> None:
        async with self._writing:
            if not write.done.done():
                batch, self._pending = self._pending, []
                await self._commit_batch(batch)
        await write.done

    async def _commit_batch(self, batch: list[_Write]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._execute, batch)
        except Exception as error:  # noqa: BLE001  whatever it is, nobody may wait for ever
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            advice = f"The bot's disk refuses ({name}): {self.path}"
            for write in batch:
                write.done.set_exception(SpoolError("spool_failed", advice))
            return
        for write in batch:
            if write.after and write.changed[0]:
                write.after()
            write.done.set_result(None)

    def _execute(self, batch: list[_Write]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for write in batch:
                done = [self._connection.execute(*s) for s in write.statements]
                write.changed = [cursor.rowcount for cursor in done]
                write.rows = [cursor.lastrowid or 0 for cursor in done]
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    async def _read(self, query: str, values: Row = ()) -> list[Row]:
        def run() -> list[Row]:
            return self._connection.execute(query, values).fetchall()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run)
        except sqlite3.Error as error:
            raise SpoolError("spool_failed", f"{error.sqlite_errorname}: {self.path}") from None
