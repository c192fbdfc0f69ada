"""The database: SQLite (embedded default) or PostgreSQL, behind one small class."""

from backend.database.database import Database, open_database
from backend.database.tables import metadata
from backend.database.unavailable import DatabaseUnavailable

__all__ = ["Database", "DatabaseUnavailable", "metadata", "open_database"]
