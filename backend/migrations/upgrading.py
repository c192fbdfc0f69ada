"""Bringing a database up to date, on the connection that the backend already holds."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from backend.database import Database

HERE = Path(__file__).parent
_LOCK = 7_235_478_231  # an arbitrary number that only Relais' migrations lock


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; with a connection it works on that one."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Run what is missing. Several replicas may start at once: one migrates, the others wait."""
    async with database.write() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SET LOCAL statement_timeout = '10min'"))
            await connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            # A change of a table waits no longer than this for those who use it.
            await connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        await connection.run_sync(_upgrade)


async def revision(database: Database) -> str | None:
    """The last migration that this database had; None of an empty one."""
    async with database.write() as connection:
        return await connection.run_sync(
            lambda plain: MigrationContext.configure(plain).get_current_revision()
        )


def _upgrade(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")
