"""`relais members`: the very first coordinators, before anybody can invite in the console."""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from backend.accounts.people import add_person
from backend.accounts.people_schemas import NewPerson
from backend.ambient import World
from backend.app import open_relais
from backend.errors import ConfigurationError, RelaisError
from backend.settings import Settings
from backend.vault.roster_floor import read_floor

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="As colleagues will see it; not a legal name.")]
Organisation = Annotated[str, typer.Option(help="Made when there is none of this name.")]
Responder = Annotated[bool, typer.Option(help="She answers alerts, too.")]


@app.callback()
def _group() -> None:
    """Members."""


@app.command("found")
def found(name: Name, organisation: Organisation, responder: Responder = False) -> None:
    """Invite one of the first two coordinators; prints a link that works once, for a week.

    Only until they have signed the first list of members. After that coordinators invite in the
    console, under "People".
    """
    print(asyncio.run(_invited(name, organisation, responder=responder)))


async def _invited(name: str, organisation: str, *, responder: bool) -> str:
    settings = Settings()
    if settings.mode == "demo":
        raise ConfigurationError("the demo has its own members; set RELAIS_MODE=production")
    if read_floor(settings.draft_keys_path).version > 0:
        raise ConfigurationError(
            'the list of members was signed already: a coordinator invites under "People"'
        )
    new = NewPerson(
        name=name,
        organisation=organisation,
        roles=["coordinator", "responder"] if responder else ["coordinator"],
    )
    async with AsyncExitStack() as stack:
        relais = await open_relais(settings, World(), stack)
        try:
            async with relais.db.write() as tx:
                _, url = await add_person(tx, relais, new)
        except RelaisError as error:
            raise ConfigurationError(error.advice) from error
    return url
