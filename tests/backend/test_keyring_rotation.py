"""Rotating the keyring while serving, retiring a version, a passphrase, what the operator sees."""

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select, update
from typer.testing import CliRunner

from backend.database import metadata
from backend.database.tables import cases, conversations
from backend.jobs import housekeeping
from backend.settings import Settings
from backend.vault.keyring import Keyring, version_of
from backend.vault.keyring_file import (
    KeyringError,
    Material,
    PassphraseNeeded,
    alone,
    make_wrap,
    read_keyring,
    write_keyring,
)
from backend.vault.keyring_source import load_keyring, new_material
from backend.vault.rotation import reseal_older, unopenable, versions_in_use
from backend.vault.sealed_columns import SEALED
from launch.keys import app
from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Console, running_console
from tests.backend.worlds import counting_random

TO_MORE = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "3", "1", "1", "blue kite", "1", "3")


@pytest.fixture
async def used(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """A backend in which every kind of sealed value stands."""
    async with running_console(database_url, tmp_path, **TOKENS) as console:
        ada = await console.enrolled("Ada (demo)")
        async with console.client() as client:
            phone = Chat(client, console.relais, "ada-chat")
            await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
            await ada.post("/v1/me/on-call", {"on_call": True})
            person = Chat(client, console.relais, "555")
            for words in TO_MORE:
                await person.says(words)
        yield console


def rotated(console: Console) -> int:
    """As the command does it to the file; the running backend is told nothing."""
    path = console.relais.settings.keyring_path
    material, _ = read_keyring(path)
    version = max(material.roots) + 1
    random = counting_random(version)
    write_keyring(path, Material(material.roots | {version: random(32)}, material.fixed), random)
    return version


async def test_everything_is_sealed_anew_while_serving(used: Console) -> None:
    """After a round of the job nothing of the old version is left, and the talk goes on."""
    version = rotated(used)
    await housekeeping.reseal_keyring(used.relais)
    async with used.relais.db.read() as connection:
        found = await versions_in_use(connection)
        assert await unopenable(connection, used.relais.vault.keyring) == {}
    assert found["conversations.address_sealed"].keys() == {version}
    assert found["cases.routing_sealed"].keys() == {version}
    assert found["members.key_sealed"].keys() == {version}
    assert {v for one in found.values() for v in one} == {version}
    async with used.client() as client:
        assert "Choose your language" in await Chat(client, used.relais, "555", count=90).says("hi")


async def test_a_backend_meets_a_version_it_does_not_know(used: Console) -> None:
    """Another backend sealed under the new one: this one reads the file again, and opens it."""
    version = rotated(used)
    other = load_keyring(used.relais.settings.keyring_path, counting_random(7), create=False)
    async with used.relais.db.write() as tx:
        (row,) = (await tx.execute(select(cases))).all()
        plain = other.open("routing", row.routing_sealed, "cases", "routing", row.id)
        sealed = other.seal("routing", plain, "cases", "routing", row.id)
        await tx.execute(update(cases).values(routing_sealed=sealed))
    assert version_of(sealed) == version
    ring = used.relais.vault.keyring
    assert ring.open("routing", sealed, "cases", "routing", row.id) == plain
    assert ring.version == version


async def test_a_retired_version_opens_nothing_and_indexes_stay(used: Console) -> None:
    """Without the first version chats are still found; what it sealed is dark."""
    path, ring = used.relais.settings.keyring_path, used.relais.vault.keyring
    (before,) = await _rows(used, select(cases.c.routing_sealed, cases.c.id))
    address = ring.index("address", "telegram", "555")
    rotated(used)
    await housekeeping.reseal_keyring(used.relais)
    material, _ = read_keyring(path)
    write_keyring(path, Material({2: material.roots[2]}, material.fixed), counting_random())
    fresh = load_keyring(path, counting_random(), create=False)
    assert fresh.index("address", "telegram", "555") == address
    assert fresh.signer().public == ring.signer().public
    with pytest.raises(Exception, match="key_missing"):
        fresh.open("routing", before.routing_sealed, "cases", "routing", before.id)
    async with used.relais.db.read() as connection:
        assert await unopenable(connection, fresh) == {}


async def test_a_damaged_value_stops_nobody(used: Console) -> None:
    """It is counted, the others are sealed anew, and `check` names the column."""
    async with used.relais.db.write() as tx:
        await tx.execute(update(cases).values(routing_sealed=b"\x00\x01damaged"))
    rotated(used)
    result = await reseal_older(used.relais.db, used.relais.vault.keyring)
    assert result.damaged == {"cases.routing_sealed": 1}
    assert result.done > 2
    async with used.relais.db.read() as connection:
        assert await unopenable(connection, used.relais.vault.keyring) == {
            "cases.routing_sealed": 1
        }


async def test_a_row_that_changed_meanwhile_is_left_alone(used: Console) -> None:
    """Between reading and writing somebody wrote it: theirs stands."""
    version = rotated(used)
    ring = used.relais.vault.keyring
    ring.refresh()
    (row,) = await _rows(used, select(conversations).where(conversations.c.case_id.is_not(None)))
    newer = ring.seal("addresses", b"other", "conversations", "address", row.id)
    async with used.relais.db.write() as tx:
        await tx.execute(
            update(conversations).where(conversations.c.id == row.id).values(address_sealed=newer)
        )
    await reseal_older(used.relais.db, ring)
    (after,) = await _rows(used, select(conversations).where(conversations.c.id == row.id))
    assert (after.address_sealed, version_of(after.address_sealed)) == (newer, version)


async def _rows(console: Console, query: Any) -> list[Any]:
    async with console.relais.db.read() as connection:
        return list((await connection.execute(query)).all())


def test_every_keyring_column_is_in_the_list() -> None:
    """What the page of columns calls sealed under the keyring is what a rotation reaches."""
    page = Path("docs/columns.md").read_text("utf-8")
    rows = re.findall(
        r"^\| (\w+) \| (\w+_sealed) \| sealed \| (.*keyring.*) \|$", page, re.MULTILINE
    )
    told = {f"{table}.{column}" for table, column, _ in rows}
    listed = {one.name for one in SEALED}
    assert listed == told
    for one in SEALED:
        assert isinstance(metadata.tables[one.table.name].c[one.column.name].type, LargeBinary)


def test_a_keyring_of_format_1_is_read_and_rotated(tmp_path: Path) -> None:
    """An older file opens; its indexes are the same after a rotation to format 2."""
    path = tmp_path / "keyring.json"
    path.write_text(json.dumps({"format": 1, "keys": {"1": "11" * 32}}))
    old = load_keyring(path, counting_random(), create=False)
    material, _ = read_keyring(path)
    write_keyring(path, Material(material.roots | {2: bytes(32)}, old.fixed), counting_random())
    new = load_keyring(path, counting_random(), create=False)
    assert new.version == 2
    assert new.index("slot", "a") == old.index("slot", "a")
    assert new.open("routing", old.seal("routing", b"x", "p"), "p") == b"x"


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """A release that cannot know what the file means does not guess."""
    path = tmp_path / "keyring.json"
    path.write_text(json.dumps({"format": 3, "keys": {"1": "11" * 32}}))
    with pytest.raises(KeyringError, match="newer release"):
        load_keyring(path, counting_random(), create=False)


def test_a_passphrase_is_needed_and_a_wrong_one_opens_nothing(tmp_path: Path) -> None:
    """The file tells nothing without it, and what is wrong is said."""
    path, random = tmp_path / "keyring.json", counting_random()
    material = new_material(random)
    write_keyring(path, material, random, wrap=make_wrap("six words of mine", random))
    assert material.roots[1].hex() not in path.read_text()
    with pytest.raises(PassphraseNeeded, match="PASSPHRASE_FILE"):
        read_keyring(path)
    with pytest.raises(PassphraseNeeded, match="does not open"):
        read_keyring(path, passphrase=lambda: "another")
    opened, wrap = read_keyring(path, passphrase=lambda: "six words of mine")
    assert opened.roots == material.roots
    assert read_keyring(path, wrap=wrap)[0].roots == material.roots


def test_a_file_that_vanishes_while_serving_changes_nothing(tmp_path: Path) -> None:
    """What is known keeps working until the volume is back."""
    path = tmp_path / "keyring.json"
    ring = load_keyring(path, counting_random(), create=True)
    sealed = ring.seal("routing", b"x", "p")
    path.unlink()
    ring.refresh()
    assert ring.open("routing", sealed, "p") == b"x"


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for the command."""
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("RELAIS_DATABASE_URL", raising=False)
    return tmp_path


def _demo(folder: Path) -> None:
    asyncio.run(_talk(folder))


async def _talk(folder: Path) -> None:
    async with running_console("", folder, **TOKENS) as console, console.client() as client:
        await Chat(client, console.relais, "555").says("hello")


def test_the_command_rotates_retires_and_checks(here: Path) -> None:
    """From one version to the next, and the first one out of the file."""
    _demo(here)
    run = CliRunner().invoke
    settings = Settings(data_dir=here / "var", _env_file=None)
    shown = run(app, ["status"])
    assert "seals    version 1 (of 1)" in shown.output
    assert run(app, ["check"]).output == "Every sealed value opens.\n"
    assert isinstance(run(app, ["retire", "1"]).exception, Exception)
    done = run(app, ["rotate"])
    assert "Version 2 seals from now on." in done.output
    assert "Copy" in done.output
    assert "version 2: 1" in run(app, ["status"]).output
    assert "out of the keyring" in run(app, ["retire", "1"]).output
    material, _ = read_keyring(settings.keyring_path)
    assert list(material.roots) == [2]
    assert run(app, ["check"]).exit_code == 0
    assert "no version 1" in str(run(app, ["retire", "1"]).exception)
    assert settings.keyring_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", [["rotate"], ["retire", "1"], ["protect"], ["check"]])
def test_a_keyring_that_is_not_mounted_is_said_in_words(here: Path, command: list[str]) -> None:
    """No bare error of Python's: what to do."""
    error = CliRunner().invoke(app, command).exception
    assert isinstance(error, KeyringError)
    assert "mount it" in str(error)


def test_check_names_what_is_wrong(here: Path) -> None:
    """Another keyring, and a file that others can read: each is one line, and the exit says 1."""
    _demo(here)
    settings = Settings(data_dir=here / "var", _env_file=None)
    random = counting_random(99)
    write_keyring(settings.keyring_path, new_material(random), random)
    settings.keyring_path.chmod(0o644)
    shown = CliRunner().invoke(app, ["check"])
    assert shown.exit_code == 1
    assert "conversations.address_sealed: 1 values do not open" in shown.output
    assert "chmod 600" in shown.output


def test_the_command_protects_with_a_passphrase(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked twice; afterwards a file can give it, and nothing else opens the keyring."""
    _demo(here)
    settings = Settings(data_dir=here / "var", _env_file=None)
    monkeypatch.setattr("getpass.getpass", lambda _: "short")
    assert "12 characters" in str(CliRunner().invoke(app, ["protect"]).exception)
    monkeypatch.setattr("getpass.getpass", lambda _: "correct horse battery")
    assert "each start asks" in CliRunner().invoke(app, ["protect"]).output
    with pytest.raises(PassphraseNeeded):
        read_keyring(settings.keyring_path)
    (here / "words").write_text("correct horse battery\n")
    monkeypatch.setenv("RELAIS_KEYRING_PASSPHRASE_FILE", str(here / "words"))
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


def test_a_systemd_credential_is_the_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LoadCredential=relais-keyring: no path need be set, in production either."""
    (tmp_path / "relais-keyring").write_text("{}")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = Settings(
        mode="production", draft_key_dir=Path("/keys/day"), roster_root="x", operator="o",
        _env_file=None,
    )  # fmt: skip
    assert settings.keyring_path == tmp_path / "relais-keyring"


def test_the_keyring_prints_as_sealed() -> None:
    """Neither it nor what the file holds shows a key in a log."""
    ring = Keyring({1: bytes(32)}, counting_random())
    assert repr(ring) == repr(Material({1: bytes(32)})) == "<sealed>"


def test_what_a_crash_left_does_not_keep_a_version_off_the_disk(here: Path) -> None:
    """In a container each process has the same number: its half-made file is in nobody's way."""
    _demo(here)
    path = Settings(_env_file=None).keyring_path
    path.with_name(f".{path.name}.{os.getpid()}").write_text("half")
    shown = CliRunner().invoke(app, ["rotate"])
    assert shown.exit_code == 0, shown.output
    assert max(read_keyring(path)[0].roots) == 2
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


def test_two_who_change_the_keyring_do_not_take_it_from_each_other(here: Path) -> None:
    """Of two rotations one would seal under a key that the other's file does not have."""
    _demo(here)
    path = Settings(_env_file=None).keyring_path
    with alone(path):
        shown = CliRunner().invoke(app, ["rotate"])
    assert isinstance(shown.exception, KeyringError)
    assert "another" in str(shown.exception)
    assert list(read_keyring(path)[0].roots) == [1]
    assert CliRunner().invoke(app, ["rotate"]).exit_code == 0


def test_a_version_that_was_not_written_seals_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever keeps the file as it was: nothing is sealed under what stands in memory alone."""
    _demo(here)
    monkeypatch.setattr("launch.keys.write_keyring", lambda *_args, **_named: None)
    shown = CliRunner().invoke(app, ["rotate"])
    assert "was not written" in str(shown.exception)
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


def test_check_names_keys_of_cases_that_are_not_this_servers(here: Path) -> None:
    """Of an earlier version they are marked by hand, once; of an attacker they stay named."""
    _demo(here)
    run = CliRunner().invoke
    database = Settings(data_dir=here / "var", _env_file=None).sqlite_path
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("PRAGMA foreign_keys = OFF")
        for name, mark in (("brief", None), ("team", b"x" * 32)):
            row = ("c" * 32, name, 1, b"k", mark)
            db.execute("INSERT INTO compartments VALUES (?, ?, ?, ?, ?)", row)
    assert run(app, ["check"]).output.count("not as this server put it there") == 2
    assert run(app, ["vouch"], input="n\n").exit_code == 1
    assert "1 keys, items and chats were marked" in run(app, ["vouch"], input="y\n").output
    shown = run(app, ["check"])
    assert (shown.exit_code, ", team: not as" in shown.output) == (1, True)
