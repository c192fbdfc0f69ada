"""What the Matrix bot itself has to remember: how far it read, what it could not read yet, seeds.

One small SQLite file, synchronous, readable by its owner only. Everything but the room table is
sealed under the store key; that table holds who writes in which room, as the library's own does.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, Self

from bots.core import ConfigurationError
from sealing import Box, SealError

UNREAD_MOST: Final = 100
UNREAD_IN_ALL: Final = 2_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unread (
  event_id TEXT PRIMARY KEY, room_id TEXT NOT NULL, since REAL NOT NULL, raw BLOB NOT NULL,
  asked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS invitations (room_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gaps (
  room_id TEXT NOT NULL, newest TEXT NOT NULL, oldest TEXT NOT NULL, since REAL NOT NULL,
  PRIMARY KEY (room_id, newest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rooms (
  room_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, n INTEGER NOT NULL, leaving INTEGER NOT NULL
);
"""
_OTHER_KEY: Final = (
    "RELAIS_MATRIX_STORE_KEY does not open {path}. Set the key it was made with, or move that "
    "folder away: the bot then begins with a new device."
)


class Unread(NamedTuple):
    """An event whose key is not here. ``since``: Unix time; ``asked``: to send it again."""

    event_id: str
    room_id: str
    since: float
    raw: bytes
    asked: bool


class Gap(NamedTuple):
    """What was written in a room between two places was not fetched. ``since``: Unix time."""

    room_id: str
    newest: str
    oldest: str
    since: float


class State:
    """Committed before anything else happens with it."""

    def __init__(self, connection: sqlite3.Connection, box: Box, path: Path) -> None:
        self._db = connection
        self._box = box
        self._path = path

    @classmethod
    def open(cls, path: Path, box: Box) -> Self:
        """Raises :class:`ConfigurationError` when the key is another one."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=True)
        path.chmod(0o600)
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        db.executescript(_SCHEMA)
        state = cls(db, box, path)
        if state.fact("made") is None:
            state.remember("made", b"1")
        return state

    def fact(self, name: str) -> bytes | None:
        """A sealed fact; None when it was never set."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        try:
            return self._box.open(row[0], "matrix", name)
        except SealError:
            raise ConfigurationError(_OTHER_KEY.format(path=self._path.parent)) from None

    def remember(self, name: str, value: bytes) -> None:
        """Set a fact."""
        sealed = self._box.seal(value, "matrix", name)
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, sealed))

    def keep_unread(self, event_id: str, room_id: str, now: float, raw: bytes) -> None:
        """An event whose key is not here yet; of one room the latest ``UNREAD_MOST``."""
        self._db.execute(
            "INSERT OR IGNORE INTO unread (event_id, room_id, since, raw) VALUES (?, ?, ?, ?)",
            (event_id, room_id, now, self._box.seal(raw, "matrix-unread", event_id)),
        )
        self._db.execute(
            "DELETE FROM unread WHERE room_id = ? AND rowid NOT IN"
            " (SELECT rowid FROM unread WHERE room_id = ? ORDER BY rowid DESC LIMIT ?)",
            (room_id, room_id, UNREAD_MOST),
        )
        # Of all rooms together: the fullest one loses its oldest, whoever fills rooms pays for it.
        while self._db.execute("SELECT count(*) FROM unread").fetchone()[0] > UNREAD_IN_ALL:
            self._db.execute(
                "DELETE FROM unread WHERE rowid = (SELECT min(rowid) FROM unread WHERE room_id ="
                " (SELECT room_id FROM unread GROUP BY room_id ORDER BY count(*) DESC LIMIT 1))"
            )

    def unread(self, after: int, most: int) -> tuple[list[Unread], int]:
        """What waits for its key, oldest first, from row ``after`` on; and where to go on.

        At the end it begins anew (0).
        """
        rows = self._db.execute(
            "SELECT event_id, room_id, since, raw, asked, rowid FROM unread WHERE rowid > ?"
            " ORDER BY rowid LIMIT ?",
            (after, most),
        ).fetchall()
        found = [
            Unread(e, r, t, self._box.open(raw, "matrix-unread", e), bool(asked))
            for e, r, t, raw, asked, _ in rows
        ]
        return found, rows[-1][5] if len(rows) == most else 0

    def any_unread(self) -> bool:
        """Whether anything waits."""
        return self._db.execute("SELECT 1 FROM unread LIMIT 1").fetchone() is not None

    def asked(self, room_id: str) -> None:
        """Who writes here was asked to send again whatever waits."""
        self._db.execute("UPDATE unread SET asked = 1 WHERE room_id = ?", (room_id,))

    def drop_unread(self, event_id: str) -> None:
        """It was read, or given up."""
        self._db.execute("DELETE FROM unread WHERE event_id = ?", (event_id,))

    def keep_gap(self, gap: Gap) -> None:
        """Its server does not give it out now."""
        self._db.execute("INSERT OR IGNORE INTO gaps VALUES (?, ?, ?, ?)", gap)

    def gaps(self) -> list[Gap]:
        """All that are still to be fetched."""
        return [Gap(*row) for row in self._db.execute("SELECT * FROM gaps ORDER BY since")]

    def drop_gap(self, gap: Gap) -> None:
        """It was fetched, or given up."""
        self._db.execute("DELETE FROM gaps WHERE room_id = ? AND newest = ?", gap[:2])

    def invited(self, room_ids: Iterable[str]) -> None:
        """Somebody wants to talk in these rooms."""
        self._db.executemany(
            "INSERT OR IGNORE INTO invitations VALUES (?)", [(one,) for one in room_ids]
        )

    def invitations(self) -> list[str]:
        """Rooms that are still to be joined."""
        return [row[0] for row in self._db.execute("SELECT room_id FROM invitations")]

    def answered(self, room_id: str) -> None:
        """The invitation was taken, or is none any more."""
        self._db.execute("DELETE FROM invitations WHERE room_id = ?", (room_id,))

    def in_room(self, room_id: str, user_id: str) -> None:
        """This person wrote here last."""
        found = self._db.execute(
            "SELECT room_id FROM rooms WHERE user_id = ? ORDER BY n DESC LIMIT 1", (user_id,)
        ).fetchone()
        if found is not None and found[0] == room_id:
            return
        self._db.execute(
            "INSERT OR REPLACE INTO rooms VALUES"
            " (?, ?, (SELECT coalesce(max(n), 0) + 1 FROM rooms), 0)",
            (room_id, user_id),
        )

    def person_in(self, room_id: str) -> str | None:
        """Who wrote to the bot in this room."""
        row = self._db.execute("SELECT user_id FROM rooms WHERE room_id = ?", (room_id,)).fetchone()
        return None if row is None else str(row[0])

    def room_of(self, user_id: str) -> str | None:
        """The room in which this person wrote last."""
        row = self._db.execute(
            "SELECT room_id FROM rooms WHERE user_id = ? ORDER BY n DESC LIMIT 1", (user_id,)
        ).fetchone()
        return None if row is None else str(row[0])

    def leave_soon(self, room_id: str) -> None:
        """Everything here was erased: after the last word, the bot goes."""
        self._db.execute("UPDATE rooms SET leaving = 1 WHERE room_id = ?", (room_id,))

    def stay(self, room_id: str) -> None:
        """She wrote again."""
        self._db.execute(
            "UPDATE rooms SET leaving = 0 WHERE room_id = ? AND leaving = 1", (room_id,)
        )

    def leaving(self, room_id: str) -> bool:
        """Whether the bot is about to leave this room."""
        row = self._db.execute("SELECT leaving FROM rooms WHERE room_id = ?", (room_id,)).fetchone()
        return row is not None and bool(row[0])

    def forget_room(self, room_id: str) -> None:
        """Nothing of this room stays here."""
        self._db.execute("DELETE FROM rooms WHERE room_id = ?", (room_id,))
        self._db.execute("DELETE FROM unread WHERE room_id = ?", (room_id,))
        self._db.execute("DELETE FROM gaps WHERE room_id = ?", (room_id,))

    def close(self) -> None:
        """Give the file free."""
        self._db.close()
