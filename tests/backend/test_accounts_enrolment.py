"""Invitations and enrolment: once, by the one who was invited, with keys that are keys."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.database.tables import invitations, members, rosters
from sealing import KeyPair
from tests.backend.consoles import ARGON, HEADER, Console, b64, every_byte, running_console, totp

ADA = "Ada (demo)"
SAM = "Sam (demo)"


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """A demo console on either database."""
    async with running_console(database_url, tmp_path) as running:
        yield running


async def test_who_enrols_is_signed_in_and_in_the_roster(console: Console) -> None:
    """Enrolment opens a session, and the demo coordinator signs the member in at once."""
    ada = await console.enrolled(ADA)
    me = (await ada.get("/v1/me")).json()
    assert (me["name"], me["in_roster"], me["roster_version"]) == (ADA, True, 2)
    assert me["wrapped_seed"] == b64(b"w" * 60)


async def test_the_session_cookie_is_out_of_reach_of_scripts(console: Console) -> None:
    """HttpOnly, SameSite=Strict, and only for the API's paths."""
    ada = await console.invited(ADA)
    answer = await ada.post(f"/v1/invitations/{console.invitation(ADA)}", ada.enrolment())
    session = next(
        line for line in answer.headers.get_list("set-cookie") if line.startswith("relais_session")
    )
    for part in ("HttpOnly", "SameSite=strict", "Path=/v1"):
        assert part in session


async def test_an_invitation_works_once(console: Console) -> None:
    """After enrolment the link tells nothing and lets nobody in; not even its owner."""
    ada = await console.enrolled(ADA)
    path = f"/v1/invitations/{console.invitation(ADA)}"
    assert (await ada.get(path)).json()["code"] == "invitation_gone"
    assert (await ada.post(path, ada.enrolment())).status_code == 404


async def test_of_two_who_use_one_invitation_one_gets_in(console: Console) -> None:
    """The same link in two browsers at the same moment makes one member, with one set of keys."""
    first, second = await console.invited(ADA), await console.invited(ADA)
    second.seed = b"\x09" * 32
    path = f"/v1/invitations/{console.invitation(ADA)}"
    answers = await asyncio.gather(
        first.post(path, first.enrolment()), second.post(path, second.enrolment())
    )
    assert sorted(answer.status_code for answer in answers) == [201, 404]
    winner = first if answers[0].status_code == 201 else second
    async with console.relais.db.read() as connection:
        kept = await connection.execute(select(members.c.kem_public).where(members.c.name == ADA))
    assert kept.scalar_one() == winner.keys.public.raw


async def test_an_invitation_expires(console: Console) -> None:
    """After a week it answers like one that never was."""
    ada = await console.invited(ADA)
    path = f"/v1/invitations/{console.invitation(ADA)}"
    console.clock.forward(days=7)
    late = await ada.post(path, ada.enrolment())
    never = await ada.post("/v1/invitations/" + "A" * 43, ada.enrolment())
    assert (late.status_code, late.json()) == (never.status_code, never.json())
    assert late.json()["code"] == "invitation_gone"


async def test_an_invitation_enrols_only_whom_it_names(console: Console) -> None:
    """Nothing in the body can point it at another member."""
    ada = await console.invited(ADA)
    path = f"/v1/invitations/{console.invitation(ADA)}"
    for forged in ({"member_id": "0" * 32}, {"name": SAM}, {"roles": ["coordinator"]}):
        assert (await ada.post(path, ada.enrolment(**forged))).status_code == 422
    assert (await ada.post(path, ada.enrolment())).json()["name"] == ADA
    async with console.relais.db.read() as connection:
        sam = await connection.execute(select(members.c.enrolled_at).where(members.c.name == SAM))
    assert sam.scalar_one() is None


async def test_another_members_code_does_not_enrol(console: Console) -> None:
    """The second factor belongs to the invitation, not to whoever has one."""
    ada, sam = await console.invited(ADA), await console.invited(SAM)
    path = f"/v1/invitations/{console.invitation(ADA)}"
    answer = await ada.post(path, ada.enrolment(totp=totp(sam.secret, console.clock)))
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_code")


async def test_a_wrong_code_costs_no_invitation(console: Console) -> None:
    """Whoever mistypes tries again."""
    ada = await console.invited(ADA)
    path = f"/v1/invitations/{console.invitation(ADA)}"
    assert (await ada.post(path, ada.enrolment(totp="000000"))).status_code == 401
    assert (await ada.post(path, ada.enrolment())).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"argon": ARGON | {"memory_kib": 19_456}},
        {"argon": ARGON | {"passes": 1}},
        {"argon": ARGON | {"salt": b64(b"short")}},
        {"kem_public": b64(bytes(100))},
        {"kem_public": b64(b"\xff" * 1216)},
        {"kem_public": b64(KeyPair(bytes(32)).public.raw[:1184] + bytes(32))},
        {"sign_public": b64(bytes(31))},
        {"wrapped_seed": b64(bytes(32))},
        {"login": "not base64"},
        {"totp": "١٢٣٤٥٦"},
        {"totp": "12345"},
    ],
)
async def test_weak_or_broken_keys_are_refused(
    sqlite_url: str, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Less than 64 MiB and 3 passes, or bytes that are no key, enrol nobody and cost nothing."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.invited(ADA)
        path = f"/v1/invitations/{console.invitation(ADA)}"
        assert (await ada.post(path, ada.enrolment(**changes))).status_code in {401, 422}
        assert (await ada.get(path)).status_code == 200


async def test_a_disabled_member_is_not_invited_any_more(console: Console) -> None:
    """The link of someone who left before enrolling does not work."""
    ada = await console.invited(ADA)
    async with console.relais.db.write() as tx:
        await tx.execute(update(members).where(members.c.name == ADA).values(disabled_at=1))
    path = f"/v1/invitations/{console.invitation(ADA)}"
    assert (await ada.get(path)).status_code == 404
    assert (await ada.post(path, ada.enrolment())).status_code == 404


async def test_two_members_who_enrol_at_once_are_both_in_the_roster(console: Console) -> None:
    """Signing is one after the other, also on several replicas."""
    ada, sam = await console.invited(ADA), await console.invited(SAM)
    answers = await asyncio.gather(
        ada.post(f"/v1/invitations/{console.invitation(ADA)}", ada.enrolment()),
        sam.post(f"/v1/invitations/{console.invitation(SAM)}", sam.enrolment()),
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (await ada.get("/v1/me")).json()["in_roster"]
    assert (await sam.get("/v1/me")).json()["in_roster"]
    async with console.relais.db.read() as connection:
        versions = list((await connection.execute(select(rosters.c.version))).scalars())
    assert sorted(versions) == [1, 2, 3]


async def test_neither_token_nor_secret_is_stored_readably(sqlite_url: str, tmp_path: Path) -> None:
    """Invitation, session, TOTP secret, wrapped seed and login proof are not in the files."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.invited(ADA)
        path = f"/v1/invitations/{console.invitation(ADA)}"
        proof = b"\x17PROOFS\x18" * 4
        body = ada.enrolment(wrapped_seed=b64(b"SENTINELSEED" * 5), login=b64(proof))
        assert (await ada.post(path, body)).status_code == 201
        session = ada.client.cookies["relais_session"]
        needles = [one.encode() for one in (console.invitation(ADA), session, ada.secret)]
        needles += [b"SENTINELSEED", proof, proof.hex().encode(), base64.b32decode(ada.secret)]
        async with console.relais.db.read() as connection:
            assert (await connection.execute(select(invitations))).first() is not None
    content = every_byte(tmp_path)
    assert not [needle for needle in needles if needle in content]


async def test_every_change_needs_the_header(console: Console) -> None:
    """No non-GET endpoint of the console answers a request that another site could forge."""
    ada = await console.enrolled(ADA)
    paths = console.app.openapi()["paths"]
    tried = 0
    for path, operations in paths.items():
        if path.startswith("/v1/channels"):
            continue  # bots: a bearer token, no cookie
        for method in operations:
            if method == "get":
                continue
            for name, value in {"token": "A" * 43, "channel": "page", "which": "others"}.items():
                path = path.replace(f"{{{name}}}", value)  # noqa: PLW2901
            url = re.sub(r"{\w+}", "0" * 32, path)
            for headers in ({}, HEADER | {"Sec-Fetch-Site": "cross-site"}):
                answer = await ada.client.request(method.upper(), url, json={}, headers=headers)
                assert answer.json()["code"] == "forged", path
            tried += 1
    assert tried >= 12
    assert (await ada.get("/v1/me")).status_code == 200  # a forged log-out did not log out
