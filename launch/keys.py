"""`relais keys`: make, look at, rotate, retire and check the keys that the server holds."""

import asyncio
import getpass
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy import bindparam, select

from backend import migrations
from backend.ambient import World
from backend.chats import MARKED, leads
from backend.database import Database, open_database
from backend.database.tables import compartments, items
from backend.errors import ConfigurationError
from backend.settings import Settings
from backend.vault import DraftKeys, Keyring
from backend.vault.genuine import is_genuine, is_genuine_item
from backend.vault.keyring_file import (
    Material,
    Wrap,
    alone,
    make_wrap,
    read_keyring,
    write_keyring,
)
from backend.vault.keyring_source import load_keyring, new_material, passphrase_from
from backend.vault.roster_floor import read_floor
from backend.vault.roster_root import pinned_root
from backend.vault.rotation import reseal_older, unopenable, versions_in_use
from backend.vault.vouching import vouch as vouch_all

app = typer.Typer(no_args_is_help=True)
T = TypeVar("T")
Version = Annotated[int, typer.Argument(help="Of `relais keys status`.")]
_NOTHING_CHANGED = "nothing was changed"
_PAGE = select(items).where(items.c.id > bindparam("last")).order_by(items.c.id).limit(500)


def _with_database(settings: Settings, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        database = open_database(settings.database_url, settings.sqlite_path)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _open(settings: Settings) -> Keyring:
    return load_keyring(
        settings.keyring_path,
        World().random,
        create=False,
        passphrase=passphrase_from(settings),
    )


def _read(settings: Settings) -> tuple[Material, Wrap | None]:
    return read_keyring(settings.keyring_path, passphrase=passphrase_from(settings))


def _copy_it(path: Path) -> None:
    print(f"Copy {path} to your safe place now: paper or a safe, never a backup of the data.")


@app.command("init")
def init() -> None:
    """Make the keyring at RELAIS_KEYRING_FILE. Keep a copy apart from every backup."""
    path = Settings().keyring_path
    if path.exists():
        raise ConfigurationError(f"{path.name} exists already; {_NOTHING_CHANGED}")
    random = World().random
    write_keyring(path, new_material(random), random, new=True)
    print(f"Made {path}. Without it nothing sealed can be opened.")
    _copy_it(path)


@app.command("status")
def status() -> None:
    """Which versions there are, what each of them sealed, which days and weeks still live."""
    settings = Settings()
    keyring = _open(settings)
    print(f"keyring  {settings.keyring_path}")
    print(f"seals    version {keyring.version} (of {_list(keyring.versions)})")
    for column, versions in _with_database(settings, _in_use).items():
        counts = ", ".join(f"version {v}: {n}" for v, n in sorted(versions.items()))
        print(f"  {column:32} {counts or '-'}")
    days = DraftKeys(settings.draft_keys_path, World().random).days()
    weeks = sorted(one.stem for one in settings.draft_keys_path.glob("inbox-*.key"))
    print(f"drafts   {_list(days)}")
    print(f"inbox    {_list(weeks)}")
    floor = read_floor(settings.draft_keys_path)
    print(f"roster   version {floor.version or '-'}")


def _list(found: list[Any]) -> str:
    return ", ".join(map(str, found)) or "none"


async def _in_use(database: Database) -> dict[str, dict[int, int]]:
    async with database.read() as connection:
        return await versions_in_use(connection)


@app.command("rotate")
def rotate() -> None:
    """Add a version, and seal anew what the older ones sealed. Backends need no restart.

    They take the new version up when they meet it, or within the hour. Indexes and the server's
    signing key stay the same.
    """
    settings = Settings()
    random = World().random
    with alone(settings.keyring_path):
        material, wrap = _read(settings)
        version = max(material.roots) + 1
        old = Keyring(material.roots, random, fixed=material.fixed)
        roots = material.roots | {version: random(32)}
        write_keyring(settings.keyring_path, Material(roots, old.fixed), random, wrap=wrap)
        written, _ = read_keyring(settings.keyring_path, wrap=wrap)
    if written.roots != roots:  # else what is sealed below could never be opened again
        raise ConfigurationError(f"the keyring was not written; {_NOTHING_CHANGED}")
    print(f"Version {version} seals from now on.")
    _copy_it(settings.keyring_path)
    keyring = Keyring(written.roots, random, fixed=written.fixed)
    result = _with_database(settings, lambda database: reseal_older(database, keyring))
    print(f"{result.done} values were sealed anew.")
    for column, many in sorted(result.damaged.items()):
        print(f"{column}: {many} do not open; run `relais keys check`.", file=sys.stderr)
    print("Backends that run may still have used the older version: once an hour they look for it.")
    print("When `relais keys status` shows none of it any more: `relais keys retire`.")


@app.command("retire")
def retire(version: Version) -> None:
    """Take a version out of the keyring that seals nothing any more.

    Backups of the database from before still need it: keep your copy as long as you keep those.
    """
    settings = Settings()
    with alone(settings.keyring_path):
        _retire(settings, version)
    print(f"Version {version} is out of the keyring. Copies of the file still hold it.")


def _retire(settings: Settings, version: int) -> None:
    material, wrap = _read(settings)
    if version not in material.roots:
        raise ConfigurationError(f"there is no version {version}; {_NOTHING_CHANGED}")
    if version == max(material.roots):
        raise ConfigurationError("that version seals now: `relais keys rotate` first")
    used = _with_database(settings, _in_use)
    left = {column: found[version] for column, found in used.items() if found.get(version)}
    if left:
        what = ", ".join(f"{column}: {many}" for column, many in left.items())
        raise ConfigurationError(f"version {version} is still needed ({what}): wait an hour")
    fixed = Keyring(material.roots, World().random, fixed=material.fixed).fixed
    roots = {v: root for v, root in material.roots.items() if v != version}
    write_keyring(settings.keyring_path, Material(roots, fixed), World().random, wrap=wrap)


@app.command("protect")
def protect() -> None:
    """Put the keyring under a passphrase (asked twice), or change it. Every start then asks."""
    settings = Settings()
    with alone(settings.keyring_path):
        material, _ = _read(settings)
        passphrase = _twice()
        wrap = make_wrap(passphrase, World().random) if passphrase else None
        write_keyring(settings.keyring_path, material, World().random, wrap=wrap)
    print("From now on each start asks for it." if wrap else "It is under no passphrase any more.")


def _twice() -> str:
    first = getpass.getpass("New passphrase (empty: none): ")
    if first and len(first) < 12:
        raise ConfigurationError(f"take at least 12 characters, or six words; {_NOTHING_CHANGED}")
    if first != getpass.getpass("Once more: "):
        raise ConfigurationError(f"these were not the same; {_NOTHING_CHANGED}")
    return first


@app.command("check")
def check() -> None:
    """Open every sealed value and look at the files; exit with 1 when something is wrong."""
    settings = Settings()
    keyring = _open(settings)
    wrong = [*_of_files(settings)]
    found = _with_database(settings, lambda database: _unopenable(database, keyring))
    wrong += [f"{column}: {many} values do not open under this keyring" for column, many in found]
    strange = _with_database(settings, lambda database: _not_genuine(database, keyring))
    wrong += [
        f"case {case_id}, {name}: not as this server put it there (`relais keys vouch` after "
        "restoring a backup of before this version; else somebody changed the database)"
        for case_id, name in strange
    ]
    for line in wrong:
        print(f"wrong: {line}")
    print(f"{len(wrong)} findings." if wrong else "Every sealed value opens.")
    if wrong:
        raise typer.Exit(1)


async def _unopenable(database: Database, keyring: Keyring) -> list[tuple[str, int]]:
    async with database.read() as connection:
        return sorted((await unopenable(connection, keyring)).items())


async def _not_genuine(database: Database, keyring: Keyring) -> list[tuple[str, str]]:
    async with database.read() as connection:
        rows = (await connection.execute(select(compartments))).all()
        found = [
            (row.case_id, row.name) for row in rows if not is_genuine(keyring, row.case_id, row)
        ]
        strange: list[Any] = []
        last = ""
        while page := (await connection.execute(_PAGE, {"last": last})).all():
            strange += [row for row in page if not is_genuine_item(keyring, row)]
            last = page[-1].id
        for table in MARKED:
            rows = (await connection.execute(select(table))).all()
            lost = [row for row in rows if not leads(keyring, table, row._mapping)]
            found += [(row.case_id or "-", f"{table.name}: {_which(row)}") for row in lost]
    return [*found, *((row.case_id, f"{row.compartment}, item {row.id}") for row in strange)]


def _which(row: Any) -> str:
    """A row of a table of links, by what tells nothing."""
    return str(row._mapping.get("id") or row._mapping.get("conversation_id") or "a return code")


async def _vouch(database: Database, keyring: Keyring) -> int:
    await migrations.upgrade(database)  # the backup is of before: it has no place for marks
    return await vouch_all(database, keyring)


@app.command("vouch")
def vouch() -> None:
    """After restoring a backup of before marks: mark its keys, items and chats as this server's."""
    settings = Settings()
    keyring = _open(settings)
    typer.confirm(
        "Only after restoring a backup of before this version, and never because of an alarm: "
        "what somebody put into the database would be marked, too. Go on?",
        abort=True,
    )
    count = _with_database(settings, lambda database: _vouch(database, keyring))
    print(f"{count} keys, items and chats were marked.")


def _of_files(settings: Settings) -> list[str]:
    wrong = []
    path, days = settings.keyring_path, settings.draft_keys_path
    if path.stat().st_mode & 0o077:
        wrong.append(f"{path} can be read by others: chmod 600")
    if days.exists() and days.stat().st_mode & 0o077:
        wrong.append(f"{days} can be read by others: chmod 700")
    if days.exists() and not os.access(days, os.W_OK):
        wrong.append(f"{days} cannot be written: tomorrow's key cannot be made")
    data = settings.data_dir
    if settings.mode == "production" and data.exists():
        same = [one for one in (path, days) if one.exists() and _device(one) == _device(data)]
        wrong += [f"{one} lies on the same disk as the data; mount another one" for one in same]
    if pinned_root(settings) is None and settings.mode == "production":
        wrong.append("no roster root is pinned: RELAIS_ROSTER_ROOT")
    return wrong


def _device(path: Path) -> int:
    return path.stat().st_dev
