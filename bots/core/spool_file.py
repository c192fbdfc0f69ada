"""The tables of a spool, and a connection to its file, whichever version made it."""

import sqlite3
from pathlib import Path
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL,
    envelope BLOB NOT NULL,
    media BLOB,
    lane BLOB
);
CREATE TABLE IF NOT EXISTS quarantine (
    event_id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    envelope BLOB NOT NULL,
    code TEXT NOT NULL,
    media BLOB,
    lane BLOB
);
CREATE TABLE IF NOT EXISTS sent (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id TEXT NOT NULL UNIQUE,
    outcome BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS frames (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    sealed BLOB NOT NULL,
    aside INTEGER NOT NULL DEFAULT 0,
    lane BLOB,
    since INTEGER
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""

_ADDED: Final = (
    ("events", "media", "BLOB"),
    ("quarantine", "media", "BLOB"),
    ("events", "lane", "BLOB"),
    ("quarantine", "lane", "BLOB"),
    ("frames", "lane", "BLOB"),
    ("frames", "since", "INTEGER"),
)
"""Columns that spools of earlier versions lack."""


def connect(path: Path) -> sqlite3.Connection:
    """Open it with every table and column of this version. Raises ``sqlite3.Error``."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(_SCHEMA)
    for table, column, kind in _ADDED:
        if column not in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    return connection
