"""The `relais` command."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from backend.database import DatabaseUnavailable, open_database
from backend.errors import ConfigurationError
from backend.settings import Settings
from bots.core import ConfigurationError as BotConfigurationError
from bots.core import configure_logging
from conversation import InterviewError
from launch.channels import app as channels_app
from launch.erasure import app as erasure_app
from launch.interview import app as interview_app
from launch.keys import app as keys_app
from launch.locale import app as locale_app
from launch.members import app as members_app
from launch.pages import app as pages_app

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Relais: guided, sealed conversations."
)
db_app = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(db_app, name="db")
app.add_typer(keys_app, name="keys", help="The keys that the server holds.")
app.add_typer(channels_app, name="channels", help="Links, QR codes and sheets for the bots.")
app.add_typer(pages_app, name="console", help="The built pages: hash, verify.")
app.add_typer(erasure_app, name="erasure", help="What was erased: proof, check.")
app.add_typer(members_app, name="members", help="The first coordinators.")
app.add_typer(locale_app, name="locale", help="Languages: update, check, status.")
app.add_typer(
    interview_app, name="interview", help="Interviews: lint, paths, graph, simulate, transcript."
)

Port = Annotated[int | None, typer.Option(help="Port to listen on (RELAIS_PORT).")]


def _settings(port: int | None = None) -> Settings:
    settings = Settings()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    if "RELAIS_PUBLIC_URL" not in os.environ and settings.host in {"127.0.0.1", "localhost"}:
        settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{settings.port}"})
    return settings


def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until it ends or Ctrl-C ended it in good order, which is no failure."""
    import uvloop

    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


@app.command()
def run(port: Port = None) -> None:
    """Everything on this machine: backend, chat page, and the bots whose settings are present."""
    from launch.running import run as run_all

    configure_logging()
    _until_stopped(run_all(_settings(port)))


@app.command()
def serve(port: Port = None) -> None:
    """The backend alone (with the chat page if RELAIS_BOT_TOKEN_PAGE is set)."""
    from launch.serving import serve as serve_app

    configure_logging()
    _until_stopped(serve_app(_settings(port)))


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to the newest version."""
    from backend import migrations

    async def upgrade() -> None:
        settings = _settings()
        database = open_database(settings.database_url, settings.sqlite_path)
        try:
            await migrations.upgrade(database)
        finally:
            await database.close()

    asyncio.run(upgrade())
    print("The database is up to date.")


@app.command()
def settings() -> None:
    """Write docs/settings.md from the settings themselves (to standard output)."""
    from launch.settings_page import settings_page

    print(settings_page(), end="")


def main() -> None:
    """Run the command; what the operator can mend is one clear line, not a stack."""
    try:
        app(standalone_mode=True)
    except ValidationError as error:
        for one in error.errors():
            name = "_".join(str(part) for part in one["loc"]).upper()
            print(
                f"relais: RELAIS_{name}: {one['msg']}" if name else f"relais: {one['msg']}",
                file=sys.stderr,
            )
        sys.exit(2)
    except InterviewError as error:
        for finding in error.findings:
            print(f"{finding.file}:{finding.line} {finding.code} {finding.advice}", file=sys.stderr)
        sys.exit(1)
    except (ConfigurationError, BotConfigurationError) as error:
        print(f"relais: {error}", file=sys.stderr)
        sys.exit(2)
    except DatabaseUnavailable as error:
        print(
            f"relais: the database cannot be used ({error.code}); see docs/operators.md",
            file=sys.stderr,
        )
        sys.exit(3)


if __name__ == "__main__":
    main()
