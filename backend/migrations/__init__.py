"""Alembic migrations, run by the start and by `relais db upgrade`."""

from backend.migrations.upgrading import upgrade

__all__ = ["upgrade"]
