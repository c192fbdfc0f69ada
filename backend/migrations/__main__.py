"""Write a new migration from the difference between ``tables.py`` and the last one.

``python -m backend.migrations "what changes" --day 2026-11-24``; then read what it wrote.
"""

import argparse
import re
from datetime import date
from pathlib import Path

from alembic import command
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from backend.migrations.upgrading import configuration


def main() -> None:
    """Compare on an empty SQLite database in memory, write one file, and print its name."""
    parser = argparse.ArgumentParser(prog="python -m backend.migrations")
    parser.add_argument("message", help="what changes, in a few words")
    parser.add_argument("--day", required=True, type=date.fromisoformat, help="today, 2026-11-24")
    asked = parser.parse_args()
    slug = re.sub(r"[^a-z0-9]+", "_", asked.message.lower()).strip("_")
    day: date = asked.day

    def named(_: MigrationContext, __: object, scripts: list[MigrationScript]) -> None:
        if scripts[0].upgrade_ops is not None and scripts[0].upgrade_ops.is_empty():
            scripts.clear()

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        config = configuration(connection)
        command.upgrade(config, "head")
        written = command.revision(
            config,
            message=asked.message,
            autogenerate=True,
            rev_id=f"{day:%Y%m%d}_{slug}"[:32],
            process_revision_directives=named,
        )
    engine.dispose()
    if written is None or isinstance(written, list):
        print("Nothing changed.")  # noqa: T201
        return
    path = Path(written.path)
    final = path.with_name(f"{day:%Y_%m_%d}_{slug}.py")
    path.rename(final)
    print(final.name)  # noqa: T201


if __name__ == "__main__":
    main()
