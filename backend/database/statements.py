"""Statements that the two databases spell differently."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(dialect: str, table: Table) -> Any:
    """INSERT … ON CONFLICT DO NOTHING.

    PostgreSQL logs the key of a violated constraint; this never violates one.
    """
    module = postgresql if dialect == "postgresql" else sqlite
    return module.insert(table).on_conflict_do_nothing()


def upsert(dialect: str, table: Table, keys: list[str], columns: Iterable[str]) -> Any:
    """INSERT of the values it is run with, or UPDATE of those ``columns`` that are no key."""
    module = postgresql if dialect == "postgresql" else sqlite
    statement = module.insert(table)
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)
