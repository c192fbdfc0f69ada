"""What an organisation can show of an erasure: true, signed, without a word of hers."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update
from typer.testing import CliRunner, Result

from backend.cases.history import ERASED
from backend.cases.proving import Found, is_signed, prove, signed
from backend.cases.stones import NAME
from backend.database.tables import case_log, conversations, grants
from backend.errors import ConfigurationError
from launch.erasure import app
from tests.backend.nights import ACCOUNT, TO_MORE, Night, open_night

WORDS = "The boat was green."


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind is enough here, but for the last test."""
    return sqlite_url


async def erased(night: Night) -> str:
    """She told, and erased it all; the code of her case."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, WORDS)
    await night.says("erase", "1", "1")
    await night.jobs()
    return str((await night.case()).code)


async def proof(night: Night, case: str) -> Found:
    """Of this case, as of now."""
    relais = night.console.relais
    return await prove(relais.db, relais.vault.drafts, relais.settings, relais.world, case)


async def test_it_says_what_went_and_that_nothing_is_left(night: Night) -> None:
    """By code or id: when, how many, nothing of it in the tables, its tombstone, its days."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, WORDS)
    before = await night.rows(grants.select())
    await night.says("erase", "1", "1")
    await night.jobs()
    case = await night.case()
    found = await proof(night, case.code.lower())
    assert found.wrong == []
    assert found.record == (await proof(night, case.id)).record
    (once,) = found.record["erased"]
    assert once["at"] == "2026-11-24T14:22:00Z"
    assert once["destroyed"]["grants"] == len(before)
    assert once["destroyed"]["items"] > 10
    assert set(found.record["left"].values()) == {0}
    assert found.record["tombstone"] is True
    days = found.record["draft_keys"]
    assert (days["living"], days["dark_on"]) == (["2026-11-24"], "2026-11-29")


async def test_its_days_are_dark_on_the_day_that_it_names(night: Night) -> None:
    """The jobs of that day destroy the last draft key that anything of hers was sealed under."""
    code = await erased(night)
    for day in range(24, 29):
        assert (await proof(night, code)).record["draft_keys"]["living"], day
        night.console.clock.forward(days=1)
        await night.jobs()
    found = await proof(night, code)
    assert found.record["draft_keys"]["all_destroyed"]
    assert found.wrong == []


async def test_a_key_that_outlives_its_day_is_found(night: Night) -> None:
    """Where the jobs do not run, the record is not clean."""
    code = await erased(night)
    night.console.clock.forward(days=6)
    (said,) = (await proof(night, code)).wrong
    assert "draft keys" in said


async def test_what_is_left_is_found(night: Night) -> None:
    """It looks in the database, and believes no history."""
    await night.says(*TO_MORE)
    (kept, *_) = await night.rows(grants.select())
    await night.says("erase", "1", "1")
    async with night.console.relais.db.write() as tx:
        await tx.execute(insert(grants).values(**kept._mapping))
        await tx.execute(
            update(conversations)
            .where(conversations.c.member_id == night.sam.member_id)
            .values(case_id=kept.case_id)
        )
    found = await proof(night, (await night.case()).code)
    assert found.wrong == ["1 grants are left", "1 chats are left"]


async def test_a_missing_tombstone_is_found(night: Night) -> None:
    """A backup that is put back would bring the case back."""
    code = await erased(night)
    (night.console.relais.settings.data_dir / NAME).unlink()
    (said,) = (await proof(night, code)).wrong
    assert "tombstone" in said


async def test_a_case_that_was_not_erased_has_no_proof(night: Night) -> None:
    """It says what the case is instead."""
    await night.says(*TO_MORE)
    code = (await night.case()).code
    with pytest.raises(ConfigurationError, match=f"{code} was not erased: it is open"):
        await proof(night, code)


async def test_a_case_that_nobody_knows_has_no_proof(night: Night) -> None:
    """Unless its id stands among the tombstones, which is said."""
    with pytest.raises(ConfigurationError, match="no case has the code or id ZZZZ"):
        await proof(night, "ZZZZ")
    (night.console.relais.settings.data_dir / NAME).write_text("a" * 32)
    with pytest.raises(ConfigurationError, match="among the tombstones"):
        await proof(night, "a" * 32)


async def test_an_erasure_of_an_earlier_version_has_its_moment_without_numbers(
    night: Night,
) -> None:
    """Its history says nothing of it."""
    code = await erased(night)
    async with night.console.relais.db.write() as tx:
        await tx.execute(delete(case_log).where(case_log.c.kind == ERASED))
    (once,) = (await proof(night, code)).record["erased"]
    assert once == {"at": "2026-11-24T14:22:00Z", "destroyed": {}}


async def test_no_word_of_hers_stands_in_it(night: Night) -> None:
    """Nor her address, nor what she needed."""
    text = json.dumps((await proof(night, await erased(night))).record)
    for word in ("boat", "blue kite", "555", "River", "health"):
        assert word not in text


async def test_a_changed_record_is_seen(night: Night) -> None:
    """The signature is over all of it, and under the server's own key."""
    found = await proof(night, await erased(night))
    whole = signed(found.record, night.console.relais.vault.keyring.signer())
    assert is_signed(whole)
    changed = json.loads(json.dumps(whole))
    changed["record"]["erased"][0]["at"] = "2026-11-20T00:00:00Z"
    assert not is_signed(changed)


async def test_the_command_looks_while_the_server_serves(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prints it for people, signed for machines; `check` tells a changed file from a right one."""
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("RELAIS_DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)

    async def run(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, words)

    async with open_night(sqlite_url, tmp_path) as night:
        code = await erased(night)
        night.console.clock.forward(days=9)
        await night.jobs()
        shown = await run("proof", code)
        assert shown.exit_code == 0, shown.output
        assert "tombstone  yes" in shown.output
        assert "2026-11-29" in shown.output
        file = tmp_path / "proof.json"
        file.write_text((await run("proof", code, "--json")).stdout)
        key = night.console.relais.vault.inbox.current("2026-11-24")
        assert json.loads(file.read_text())["signer"] in (await run("check", str(file))).output
        assert key.signer == night.console.relais.vault.keyring.signer().public
        assert (await run("check", str(file))).exit_code == 0
        file.write_text(file.read_text().replace(code, "QQQQ"))
        assert (await run("check", str(file))).exit_code == 1
        file.write_text("{}")
        assert "is no record" in str((await run("check", str(file))).exception)
        assert "no case has" in str((await run("proof", "ZZZZ")).exception)


async def test_postgresql_is_looked_at_the_same_way(postgres_url: str, tmp_path: Path) -> None:
    """Nothing left, and what went."""
    async with open_night(postgres_url, tmp_path) as night:
        found = await proof(night, await erased(night))
    assert found.wrong == []
    assert found.record["erased"][0]["destroyed"]["items"] > 10
