"""The demo: invented, complete, and the same again at the second start."""

import base64
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.database.tables import areas, members, organisations, services, teams
from backend.demo.coordinator import HANDLERS, RENEW_JOB
from backend.demo.document import load_demo
from backend.errors import ConfigurationError
from backend.jobs import Runner
from backend.vault.roster_root import DEMO_KEY
from conversation import Wish, match
from tests.backend.consoles import Console, every_byte, running_console
from tests.backend.worlds import Clock

ADA = "Ada (demo)"


def test_everything_in_the_demo_says_that_it_is_invented() -> None:
    """Every name of the packaged demo is marked, and no contact holds a number to call."""
    demo = load_demo()
    names = [one.name for one in demo.organisations]
    names += [one.name for one in demo.services]
    names += [one.name for one in demo.members]
    names += [name for area in demo.areas for name in area.names.values()]
    assert all("(demo)" in name or "(démo)" in name for name in names)
    assert not any(letter.isdigit() for one in demo.services for letter in one.contact)


def test_a_safe_house_is_never_shown_in_chat() -> None:
    """Its service is in the directory for routing only."""
    houses = [one for one in load_demo().services if one.kind == "safehouse_service"]
    assert houses
    assert not any(one.show_in_chat for one in houses)


@pytest.mark.parametrize("source", [b"{", b"operator: 1", b"areas: []\nunknown: 1"])
def test_a_broken_document_says_so(source: bytes) -> None:
    """The error names the file and what is wrong with it."""
    with pytest.raises(ConfigurationError, match=r"demo\.yaml"):
        load_demo(source)


async def counts(console: Console) -> list[int]:
    """Rows in each table of the directory."""
    found = []
    async with console.relais.db.read() as connection:
        for table in (areas, organisations, services, teams, members):
            rows = await connection.execute(select(func.count()).select_from(table))
            found.append(int(rows.scalar_one()))
    return found


async def test_a_second_start_finds_everything_again(database_url: str, tmp_path: Path) -> None:
    """Nothing is doubled, no member's choice is undone, and who enrolled is not invited again."""
    clock = Clock()
    async with running_console(database_url, tmp_path, clock=clock) as console:
        before = await counts(console)
        printed = console.invitation("Sam (demo)")
        ada = await console.enrolled(ADA)
        await ada.post("/v1/me/on-call", {"on_call": False})
        assert console.app.state.demo.recovery_seed is not None
    async with running_console(database_url, tmp_path, clock=clock, seed=2) as console:
        assert await counts(console) == before
        ada.client = console.client()
        me = (await ada.log_in()).json()["me"]
        assert (me["on_call"], me["in_roster"], me["roster_version"]) == (False, True, 2)
        assert [one.name for one in console.app.state.demo.invitations] == ["Sam (demo)"]
        assert console.app.state.demo.recovery_seed is None
        assert (await ada.get(f"/v1/invitations/{printed}")).status_code == 200


async def test_invitations_are_of_two_tiers_and_carry_the_root(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Each link names the roster's root in its fragment, and the tiers are alerted in order."""
    async with running_console(sqlite_url, tmp_path) as console:
        invitations = console.app.state.demo.invitations
        assert [one.tier for one in invitations] == [1, 2]
        for one in invitations:
            page, _, fragment = one.url.partition("#")
            assert page.endswith("/console")
            assert len(fragment.split("/")[-1]) == 43


async def test_nobody_is_near_before_somebody_enrolled(sqlite_url: str, tmp_path: Path) -> None:
    """Until then no tier exists for anybody, whatever is asked."""
    async with running_console(sqlite_url, tmp_path) as console:
        wish = Wish(needs=("psychosocial_service",), area="demo-river", locale="en")
        assert match(await console.relais.directory.everyone(), wish).tiers == ()
        ada = await console.enrolled(ADA)
        found = match(await console.relais.directory.everyone(), wish)
        assert [tier.members for tier in found.tiers] == [(ada.member_id,)]


async def test_the_signing_key_is_private_and_the_recovery_key_is_not_here(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The demo coordinator's file is 0600; the recovery seed is in no file at all."""
    async with running_console(sqlite_url, tmp_path) as console:
        key = tmp_path / "var" / "keys" / DEMO_KEY
        assert key.stat().st_mode & 0o077 == 0
        seed = console.app.state.demo.recovery_seed
        assert seed not in repr(console.app.state.demo)
    content = every_byte(tmp_path)
    assert seed.encode() not in content
    assert base64.b64decode(seed) not in content


async def test_keys_that_do_not_belong_to_the_database_stop_the_start(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A new coordinator key beside an old database is not silently put into use."""
    async with running_console(sqlite_url, tmp_path):
        pass
    (tmp_path / "var" / "keys" / DEMO_KEY).unlink()
    with pytest.raises(ConfigurationError, match="begin the demo anew"):
        async with running_console(sqlite_url, tmp_path, seed=2):
            pass


async def test_the_roster_is_renewed_by_a_daily_job(sqlite_url: str, tmp_path: Path) -> None:
    """A demo that runs for a year keeps a roster in force without a restart."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.enrolled(ADA)
        runner = Runner(console.relais, {RENEW_JOB: HANDLERS[RENEW_JOB]})
        for _ in range(120):
            console.clock.forward(days=1)
            assert await runner.run_due() == 1
        await ada.log_in()
        assert (await ada.get("/v1/me")).json()["in_roster"]
