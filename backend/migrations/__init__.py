"""Alembic migrations, run by the start and by `relais db upgrade`."""

from backend.migrations.upgrading import revision, upgrade

__all__ = ["revision", "upgrade"]
