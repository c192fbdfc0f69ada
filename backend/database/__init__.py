"""The database: SQLite (embedded default) or PostgreSQL, behind one small class."""

from backend.database.database import Database, DatabaseUnavailable, open_database
from backend.database.tables import metadata

__all__ = ["Database", "DatabaseUnavailable", "metadata", "open_database"]
