"""Coordinators and their members: who may do what, what a reset and a removal end at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from backend.accounts.people import remove_person, reset_person
from backend.accounts.watching import watch_holders, watch_roster
from backend.cases.opening import make_compartments
from backend.database.tables import (
    cases,
    compartments,
    conversations,
    deliveries,
    grants,
    members,
    sessions,
)
from backend.errors import RelaisError
from backend.vault.roster import SignedRoster, read_roster, sign_roster, vouch
from sealing import SigningKey
from tests.backend.chats import TOKENS, Chat
from tests.backend.console_cases import open_case
from tests.backend.consoles import Browser, Console, b64, running_console
from tests.backend.houses import BOSS, KEY, add_member, entry, production, roster

NEW = {"name": "Cam", "organisation": "Lantern", "roles": ["responder"]}


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """The demo: Ada answers, Sam coordinates."""
    async with running_console(database_url, tmp_path, **TOKENS) as running:
        yield running


async def invited(boss: Browser, **changes: Any) -> Any:
    """The answer to an invitation."""
    return await boss.post("/v1/members", NEW | changes)


async def test_only_coordinators_see_and_change_members(console: Console) -> None:
    """A responder gets 403 everywhere; without a session it is 401."""
    ada = await console.enrolled("Ada (demo)")
    assert (await ada.get("/v1/members")).json()["code"] == "role"
    for path in ("/v1/members", f"/v1/members/{ada.member_id}/remove"):
        assert (await ada.post(path, NEW)).json()["code"] == "role"
    assert (await console.client().get("/v1/members")).status_code == 401


async def test_an_invited_member_enrols_by_the_link(console: Console) -> None:
    """The link works once; the list shows her keys, and that she is invited no more."""
    sam = await console.enrolled("Sam (demo)")
    made = await invited(sam, name="  Cam   Doe ")
    assert made.status_code == 201
    token = made.json()["url"].split("/invite/")[1].split("/")[0]
    cam = Browser(console.client(), console.clock, "Cam Doe", bytes([7]) * 32)
    cam.login_proof = bytes(32)
    cam.secret = (await cam.get(f"/v1/invitations/{token}")).json()["totp_secret"]
    assert (await cam.post(f"/v1/invitations/{token}", cam.enrolment())).status_code == 201
    listed = {one["name"]: one for one in (await sam.get("/v1/members")).json()["members"]}
    assert listed["Cam Doe"]["kem"] == b64(cam.keys.public.raw)
    assert listed["Cam Doe"]["invited_until"] is None
    assert listed["Ada (demo)"]["kem"] is None
    assert listed["Ada (demo)"]["invited_until"] is not None
    again = await sam.post(f"/v1/members/{made.json()['id']}/invitation")
    assert again.json()["code"] == "enrolled"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "sam (DEMO)"}, "name_taken"),
        ({"team_id": "lantern-first", "organisation": "Other"}, "no_team"),
        ({"locale": "xx"}, "unknown_locale"),
        ({"name": " "}, "malformed"),
        ({"roles": []}, "malformed"),
        ({"roles": ["root"]}, "malformed"),
        ({"name": "x" * 65}, "malformed"),
    ],
)
async def test_a_wrong_invitation_is_refused(
    console: Console, changes: dict[str, Any], code: str
) -> None:
    """With its reason; nothing is half made."""
    sam = await console.enrolled("Sam (demo)")
    before = len((await sam.get("/v1/members")).json()["members"])
    assert (await invited(sam, **changes)).json()["code"] == code
    assert len((await sam.get("/v1/members")).json()["members"]) == before


async def test_of_two_who_invite_one_name_at_once_one_hears_that_it_is_taken(
    console: Console,
) -> None:
    """Neither gets an error without words."""
    sam = await console.enrolled("Sam (demo)")
    answers = await asyncio.gather(*(invited(sam) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]


async def test_a_new_link_ends_the_one_before(console: Console) -> None:
    """Whoever found the first one opens nothing with it."""
    sam = await console.enrolled("Sam (demo)")
    made = (await invited(sam)).json()
    first = made["url"].split("/invite/")[1].split("/")[0]
    second = (await sam.post(f"/v1/members/{made['id']}/invitation")).json()["url"]
    assert (await sam.get(f"/v1/invitations/{first}")).status_code == 404
    token = second.split("/invite/")[1].split("/")[0]
    assert (await sam.get(f"/v1/invitations/{token}")).status_code == 200


@pytest.mark.parametrize("how", ["remove", "reset"])
async def test_whoever_leaves_or_lost_her_key_has_nothing_any_more(
    console: Console, how: str
) -> None:
    """Session, keys of cases, messenger, shift and taken cases end in the same moment."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    async with console.client() as client:
        phone = Chat(client, console.relais, "ada-chat")
        await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
    await ada.post("/v1/me/on-call", {"on_call": True})
    case_id = await open_case(
        console.relais, [ada.member_id, sam.member_id], alerted=[ada.member_id]
    )
    assert (await ada.post(f"/v1/cases/{case_id}/take")).status_code == 200
    answer = await sam.post(f"/v1/members/{ada.member_id}/{how}")
    assert answer.status_code in {201, 204}, answer.text
    assert (await ada.get("/v1/me")).status_code == 401
    assert (await ada.log_in()).status_code == 401
    rows = await _rows(console, select(cases.c.status, cases.c.taker_id))
    assert [(row.status, row.taker_id) for row in rows] == [("open", None)]
    for table, column in ((grants, grants.c.holder), (sessions, sessions.c.member_id)):
        assert await _rows(console, select(table).where(column == ada.member_id)) == []
    assert (
        await _rows(console, select(conversations).where(conversations.c.member_id.is_not(None)))
        == []
    )
    (row,) = await _rows(console, select(members).where(members.c.id == ada.member_id))
    assert row.on_call is False
    assert row.disabled_at is not None
    secrets = (row.key_sealed, row.argon, row.login_index, row.totp_sealed, row.totp_next_sealed)
    assert set(secrets) == {None}, "put back into force, the row lets nobody in"
    names = [one["name"] for one in (await sam.get("/v1/members")).json()["members"]]
    assert ("Ada (demo)" in names) is (how == "reset")
    if how == "reset":  # the same person again, by a link of her own
        token = answer.json()["url"].split("/invite/")[1].split("/")[0]
        assert (await ada.get(f"/v1/invitations/{token}")).json()["member"] == "Ada (demo)"


async def test_nobody_removes_herself_or_the_last_who_can_sign(console: Console) -> None:
    """An installation keeps somebody who can go on."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    mine = await sam.post(f"/v1/members/{sam.member_id}/remove")
    assert mine.json()["code"] == "yourself"
    assert (await sam.post(f"/v1/members/{'0' * 32}/remove")).json()["code"] == "no_member"
    assert (await sam.post(f"/v1/members/{ada.member_id}/remove")).status_code == 204
    assert (await sam.post(f"/v1/members/{ada.member_id}/remove")).json()["code"] == "no_member"


async def _rows(console: Console, query: Any) -> list[Any]:
    async with console.relais.db.read() as connection:
        return list((await connection.execute(query)).all())


# -- the roster of several coordinators ----------------------------------------------------------


def _signed(by: SigningKey, **changes: Any) -> SignedRoster:
    bosses = (replace(entry(1), roles=("coordinator",)), BOSS)
    return sign_roster(roster(members=bosses, signer=by.public, **changes), by)


OTHER = SigningKey(b"\x08" * 32)


def test_a_coordinator_signs_for_whom_the_root_vouched() -> None:
    """One chain of signatures leads from the root to the signer."""
    chain = (vouch(OTHER.public, "Ben", KEY.public, KEY),)
    assert read_roster(_signed(OTHER, signers=chain), KEY.public).signer == OTHER.public
    third = SigningKey(b"\x03" * 32)
    longer = (*chain, vouch(third.public, "Cam", KEY.public, OTHER))
    assert read_roster(_signed(third, signers=longer), KEY.public).signer == third.public


@pytest.mark.parametrize("how", ["no chain", "own chain", "other root", "other name", "revoked"])
def test_a_chain_that_does_not_hold_is_refused(how: str) -> None:
    """Vouched for by itself, under another root or name, or revoked: it signs nothing."""
    chain = {
        "no chain": (),
        "own chain": (vouch(OTHER.public, "Ben", KEY.public, OTHER),),
        "other root": (vouch(OTHER.public, "Ben", OTHER.public, KEY),),
        "other name": (replace(vouch(OTHER.public, "Ben", KEY.public, KEY), name="Eve"),),
        "revoked": (vouch(OTHER.public, "Ben", KEY.public, KEY),),
    }[how]
    revoked = (OTHER.public,) if how == "revoked" else ()
    with pytest.raises(Exception, match="revoked" if how == "revoked" else "bad_signature"):
        read_roster(_signed(OTHER, signers=chain, revoked=revoked), KEY.public)


async def _upload(browser: Browser, signed: SignedRoster) -> str:
    body = {"document": b64(signed.document), "signature": b64(signed.signature)}
    answer = await browser.post("/v1/roster", body)
    return str(answer.json().get("code", answer.status_code))


async def test_the_first_roster_makes_its_signer_the_root(
    database_url: str, tmp_path: Path
) -> None:
    """Hers alone, with two coordinators and a recovery key; afterwards no other root is taken."""
    async with production(database_url, tmp_path, roster_root="") as console:
        boss = await add_member(console, 1, ["coordinator"])
        other = await add_member(console, 8, ["coordinator"])
        own, foreign = SigningKey(boss.seed), SigningKey(other.seed)
        assert await _upload(other, _signed(own)) == "bad_signature"
        assert await _upload(boss, _signed(own, recovery=None)) == "too_few"
        alone = sign_roster(
            roster(members=(replace(entry(1), roles=("coordinator",)),), signer=own.public), own
        )
        assert await _upload(boss, alone) == "too_few"
        assert await _upload(boss, _signed(own)) == "201"
        second = _signed(foreign, version=2, previous=_signed(own).digest)
        assert await _upload(other, second) == "bad_signature"
        folder = console.relais.settings.draft_keys_path
        assert (folder / "roster-root").stat().st_mode & 0o777 == 0o600


async def test_who_was_revoked_cannot_come_back(database_url: str, tmp_path: Path) -> None:
    """Nor sign, nor vouch for a stranger, nor be left out of the list of the revoked."""
    async with production(database_url, tmp_path) as console:
        boss = await add_member(console, 1, ["coordinator"])
        chain = (vouch(OTHER.public, "Ben", KEY.public, KEY),)
        first = _signed(KEY, signers=chain)
        assert await _upload(boss, first) == "201"
        second = _signed(
            KEY, signers=chain, revoked=(OTHER.public,), version=2, previous=first.digest
        )
        assert await _upload(boss, second) == "201"
        following = {"version": 3, "previous": second.digest}
        assert await _upload(boss, _signed(OTHER, signers=chain, **following)) == "revoked"
        assert await _upload(boss, _signed(KEY, signers=chain, **following)) == "revoked"
        eve = SigningKey(b"\x0e" * 32)
        fresh = (*chain, vouch(eve.public, "Eve", KEY.public, OTHER))
        gone = {"revoked": (OTHER.public,), **following}
        assert await _upload(boss, _signed(KEY, signers=fresh, **gone)) == "revoked"
        assert await _upload(boss, _signed(KEY, signers=chain, **gone)) == "201"


# -- what is watched -----------------------------------------------------------------------------


async def test_coordinators_hear_before_the_list_ends(database_url: str, tmp_path: Path) -> None:
    """Once at each step, and each day when it is over; not while there is time."""
    async with production(database_url, tmp_path, **TOKENS) as console:
        boss = await add_member(console, 1, ["coordinator"])
        assert await _upload(boss, _signed(KEY)) == "201"
        async with console.client() as client:
            phone = Chat(client, console.relais, "boss-chat")
            await phone.says((await boss.post("/v1/me/link-codes")).json()["code"])
        steps, told = [], 0
        for left in range(90, -3, -1):
            await watch_roster(console.relais)
            await watch_roster(console.relais)
            rows = await _rows(console, select(deliveries.c.dedupe_key))
            many = sum(str(row.dedupe_key).startswith("roster:") for row in rows)
            steps += [left] if many > told else []
            told = many
            console.clock.forward(days=1)
        assert steps == [30, 14, 7, 3, 2, 1, 0, -1, -2]


async def test_a_case_that_fewer_than_two_could_open_is_told(console: Console) -> None:
    """Recovery does not count, nor who was removed; each day once."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    async with console.client() as client:
        phone = Chat(client, console.relais, "sam-chat")
        await phone.says((await sam.post("/v1/me/link-codes")).json()["code"])
    await open_case(console.relais, [ada.member_id, sam.member_id])
    await watch_holders(console.relais)
    assert await _keys_told(console) == 0
    async with console.relais.db.write() as tx:
        await tx.execute(delete(grants).where(grants.c.holder == ada.member_id))
    await watch_holders(console.relais)
    await watch_holders(console.relais)
    assert await _keys_told(console) == 1
    console.clock.forward(days=1)
    await watch_holders(console.relais)
    assert await _keys_told(console) == 2
    async with console.relais.db.write() as tx:
        await tx.execute(update(cases).values(status="done"))
    console.clock.forward(days=1)
    await watch_holders(console.relais)
    assert await _keys_told(console) == 2


async def test_keys_of_an_older_generation_do_not_count(console: Console) -> None:
    """What is told now is sealed to the newest one: who has only the first reads nothing of it."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    async with console.client() as client:
        phone = Chat(client, console.relais, "sam-chat")
        await phone.says((await sam.post("/v1/me/link-codes")).json()["code"])
    case_id = await open_case(console.relais, [ada.member_id, sam.member_id])
    async with console.relais.db.read() as connection:
        rows, granted = await make_compartments(
            connection, console.relais, case_id, ["brief"], [sam.member_id], "new", generation=2
        )
    async with console.relais.db.write() as tx:
        await tx.execute(insert(compartments), rows)
        await tx.execute(insert(grants), granted)
    await watch_holders(console.relais)
    assert await _keys_told(console) == 1


async def _keys_told(console: Console) -> int:
    rows = await _rows(console, select(deliveries.c.dedupe_key))
    return sum(str(row.dedupe_key).startswith("keys:") for row in rows)


@pytest.mark.parametrize("how", [reset_person, remove_person])
async def test_of_two_coordinators_who_end_each_other_one_does_not(
    console: Console, how: Callable[..., Any]
) -> None:
    """At the same moment, both past the door: one goes on, the other hears that she is none now."""
    both = [await console.enrolled("Sam (demo)"), await console.enrolled("Ada (demo)")]
    relais = console.relais
    async with relais.db.write() as tx:
        await tx.execute(
            update(members).where(members.c.id == both[1].member_id).values(roles=["coordinator"])
        )

    async def ends(who: Browser, by: Browser) -> str:
        try:
            async with relais.db.write() as tx:
                await how(tx, relais, who.member_id, by.member_id)
        except RelaisError as error:
            return error.code
        return "done"

    done = await asyncio.gather(ends(both[0], both[1]), ends(both[1], both[0]))
    assert sorted(done) == ["done", "role"]
