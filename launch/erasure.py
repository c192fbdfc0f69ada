"""`relais erasure`: show that a case is gone, to her, to an auditor or to an authority."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from backend.ambient import World
from backend.cases.proving import Found, is_signed, prove, read_proof, signed
from backend.database import open_database
from backend.settings import Settings
from backend.vault import DraftKeys
from backend.vault.keyring_source import load_keyring, passphrase_from

app = typer.Typer(no_args_is_help=True)
Case = Annotated[str, typer.Argument(help="Code of the case, as helpers knew it, or its id.")]
AsJson = Annotated[bool, typer.Option("--json", help="The signed record, for a file.")]
File = Annotated[Path, typer.Argument(help="What `relais erasure proof --json` printed.")]


@app.callback()
def _group() -> None:
    """What was erased."""


@app.command("proof")
def proof(case: Case, as_json: AsJson = False) -> None:
    """What is left of an erased case, and until when; exit with 1 when something ought not be.

    Looks only: the server goes on serving meanwhile.
    """
    settings, world = Settings(), World()
    found = asyncio.run(_found(settings, world, case))
    if as_json:
        keyring = load_keyring(
            settings.keyring_path,
            world.random,
            create=False,
            passphrase=passphrase_from(settings),
        )
        print(json.dumps(signed(found.record, keyring.signer()), indent=2))
    else:
        print("\n".join(_lines(found.record)))
    for line in found.wrong:
        typer.echo(f"wrong: {line}", err=True)
    if found.wrong:
        raise typer.Exit(1)


async def _found(settings: Settings, world: World, case: str) -> Found:
    drafts = DraftKeys(settings.draft_keys_path, world.random)
    database = open_database(settings.database_url, settings.sqlite_path, only_read=True)
    try:
        return await prove(database, drafts, settings, world, case)
    finally:
        await database.close()


def _lines(record: dict[str, Any]) -> list[str]:
    days = record["draft_keys"]
    living = ", ".join(days["living"]) or "none"
    return [
        f"case       {record['case']}  {record['id']}",
        f"looked at  {record['looked_at']}",
        *(f"erased     {one['at']}  {_numbers(one['destroyed'])}" for one in record["erased"]),
        f"left       {_numbers(record['left'])}",
        f"files      {record['files_being_removed']} of any case wait to be removed",
        f"kept       {record['kept']['history_lines']} lines: {record['kept']['what']}",
        f"days       {days['from']} to {days['to']}; draft keys that live: {living}",
        f"dark on    {days['dark_on']}: from then on no backup opens what waited in a draft",
        f"tombstone  {'yes' if record['tombstone'] else 'no'}",
        *(f"not shown  {one}" for one in record["not_shown"]),
    ]


def _numbers(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {many}" for name, many in found.items()) or "numbers were not kept"


@app.command("check")
def check(file: File) -> None:
    """Whether a record is as its server signed it; prints whose signature it is."""
    proof = read_proof(file)
    genuine = is_signed(proof)
    print(f"signer     {proof['signer']}")
    print("signature  " + ("right" if genuine else "WRONG: the record was changed"))
    print("Compare the signer with `signer` at /v1/inbox-key of the server.")
    if not genuine:
        raise typer.Exit(1)
