"""What the Signal bot itself remembers: which of its numbers serves whom, holds, changed keys.

One small SQLite file, synchronous, readable by its owner only; everything in it is sealed or a
keyed hash.
"""

import hashlib
import sqlite3
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from bots.core import BotSettings, ConfigurationError, World
from sealing import Box, SealError, derive

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
  person BLOB PRIMARY KEY, account BLOB NOT NULL,
  timed INTEGER NOT NULL DEFAULT 0, leaving INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changed (
  person BLOB PRIMARY KEY, who BLOB NOT NULL, refused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""
_OTHER_KEY: Final = (
    "RELAIS_BOT_TOKEN_SIGNAL does not open {path}. Set the token it was made with, or move that "
    "file away: people are then served by the number that they write to next."
)


class State:
    """Committed before anything else happens with it."""

    def __init__(self, db: sqlite3.Connection, box: Box, key: bytes, path: Path) -> None:
        self._db = db
        self._box = box
        self._key = key
        self._path = path

    @classmethod
    def open(cls, path: Path, box: Box, key: bytes) -> Self:
        """``key`` is for the hashes. Raises :class:`ConfigurationError` when it is another one."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600, exist_ok=True)
            path.chmod(0o600)
            db = sqlite3.connect(path, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                db.execute(f"PRAGMA {pragma}")
            db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"{path} cannot be used: {type(error).__name__}.") from None
        state = cls(db, box, key, path)
        if state.fact("made") is None:
            state.remember("made", b"1")
        return state

    def hashed(self, *parts: str) -> bytes:
        """16 bytes that tell nobody without the bot's token what they stand for."""
        text = "\0".join(parts).encode("utf-8", "replace")
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()

    def fact(self, name: str) -> bytes | None:
        """A sealed fact; None when it was never set."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        try:
            return self._box.open(row[0], "signal", name)
        except SealError:
            raise ConfigurationError(_OTHER_KEY.format(path=self._path)) from None

    def remember(self, name: str, value: bytes) -> None:
        """Set a fact."""
        sealed = self._box.seal(value, "signal", name)
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, sealed))

    def account_of(self, person: str) -> str | None:
        """The number that serves this person; None before the first message."""
        key = self.hashed("person", person)
        row = self._db.execute("SELECT account FROM people WHERE person = ?", (key,)).fetchone()
        return None if row is None else self._box.open(row[0], "people", key.hex()).decode()

    def serve(self, person: str, account: str) -> None:
        """From now on by this number, whose timer is not set yet."""
        key = self.hashed("person", person)
        sealed = self._box.seal(account.encode(), "people", key.hex())
        self._db.execute(
            "INSERT INTO people (person, account) VALUES (?, ?) ON CONFLICT (person) DO UPDATE "
            "SET account = excluded.account, timed = 0",
            (key, sealed),
        )

    def timed(self, person: str) -> None:
        """The timer of this chat was set."""
        self._mark(person, "timed")

    def untimed(self, person: str) -> bool:
        """Known, and the timer was not set yet."""
        return self._marked(person, "timed") == 0

    def leave_soon(self, person: str) -> None:
        """After the next words to this person nothing of them is to be left here."""
        self._mark(person, "leaving")

    def leaving(self, person: str) -> bool:
        """See :meth:`leave_soon`."""
        return self._marked(person, "leaving") == 1

    def _mark(self, person: str, column: str) -> None:
        key = self.hashed("person", person)
        self._db.execute(f"UPDATE people SET {column} = 1 WHERE person = ?", (key,))  # noqa: S608

    def _marked(self, person: str, column: str) -> int | None:
        key = self.hashed("person", person)
        query = f"SELECT {column} FROM people WHERE person = ?"  # noqa: S608
        row = self._db.execute(query, (key,)).fetchone()
        return None if row is None else int(row[0])

    def forget(self, person: str) -> None:
        """As if they had never written."""
        key = self.hashed("person", person)
        self._db.execute("DELETE FROM people WHERE person = ?", (key,))
        self.decided(person)

    def undecided(self, who: "ChangedKey") -> bool:
        """This person's identity key is a new one; False when that is known already."""
        key = self.hashed("person", who.person)
        sealed = self._box.seal(msgspec.json.encode(who), "changed", key.hex())
        insert = "INSERT OR IGNORE INTO changed (person, who) VALUES (?, ?)"
        return self._db.execute(insert, (key, sealed)).rowcount > 0

    def refuse(self, person: str) -> bool:
        """Nothing goes to this person any more; False when no key of theirs is in question."""
        key = self.hashed("person", person)
        update = "UPDATE changed SET refused = 1 WHERE person = ?"
        return self._db.execute(update, (key,)).rowcount > 0

    def key_of(self, person: str) -> Literal["sound", "undecided", "refused"]:
        """What is known of this person's identity key."""
        key = self.hashed("person", person)
        query = "SELECT refused FROM changed WHERE person = ?"
        row = self._db.execute(query, (key,)).fetchone()
        if row is None:
            return "sound"
        return "refused" if row[0] else "undecided"

    def sound(self, person: str) -> bool:
        """Something arrived there: nobody has to decide. False where nobody had to.

        A refusal stands: what arrived was on its way before it.
        """
        key = self.hashed("person", person)
        delete = "DELETE FROM changed WHERE person = ? AND NOT refused"
        return self._db.execute(delete, (key,)).rowcount > 0

    def decided(self, person: str) -> None:
        """The key was taken, or there is nobody any more."""
        key = self.hashed("person", person)
        self._db.execute("DELETE FROM changed WHERE person = ?", (key,))

    def changed_keys(self) -> "list[ChangedKey]":
        """Of whom nobody has decided, the longest first."""
        return self._keys("WHERE NOT refused")

    def refused_keys(self) -> "list[ChangedKey]":
        """Of whom it was decided that they are somebody else."""
        return self._keys("WHERE refused")

    def _keys(self, which: str) -> "list[ChangedKey]":
        query = f"SELECT person, who FROM changed {which}"  # noqa: S608
        found = [self._changed(*row) for row in self._db.execute(query)]
        return sorted(found, key=lambda one: one.since)

    def changed_key(self, person: str) -> "ChangedKey | None":
        """Of this person, refused or not; None when no key of theirs is in question."""
        key = self.hashed("person", person)
        row = self._db.execute("SELECT who FROM changed WHERE person = ?", (key,)).fetchone()
        return None if row is None else self._changed(key, row[0])

    def _changed(self, key: bytes, who: bytes) -> "ChangedKey":
        return _changed.decode(self._box.open(who, "changed", key.hex()))

    def close(self) -> None:
        """Give the file free."""
        self._db.close()


def open_state(settings: BotSettings, world: World) -> State:
    """The bot's. Raises :class:`ConfigurationError`."""
    key = derive(settings.secret("bot_token_signal").encode(), "bot", "signal")
    return State.open(settings.data_dir / "signal" / "state.db", Box(key, world.random), key)


class Hold(msgspec.Struct, frozen=True):
    """Signal takes nothing from this account until a person solves the challenge, or ``until``."""

    token: str
    until: float
    """Unix time."""


class ChangedKey(msgspec.Struct, frozen=True):
    """``account`` is the number of ours that met the new key; ``since`` in Unix time."""

    person: str
    account: str
    since: float


_holds = msgspec.json.Decoder(dict[str, Hold])
_changed = msgspec.json.Decoder(ChangedKey)


def load_holds(state: State) -> dict[str, Hold]:
    """By account."""
    raw = state.fact("holds")
    return {} if raw is None else _holds.decode(raw)


def store_holds(state: State, holds: dict[str, Hold]) -> None:
    """They outlive a restart: trying again would only make it worse."""
    state.remember("holds", msgspec.json.encode(holds))
