"""Who may call what: every operation of the console, by each role, on own cases and others."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import insert, update

from backend.accounts.people_schemas import ROLES
from backend.database.tables import case_log, cases, members
from backend.vault.roster import sign_roster
from sealing import SigningKey
from tests.backend.console_cases import open_case
from tests.backend.consoles import ARGON, HEADER, Browser, Console, b64
from tests.backend.houses import KEY, add_member, entry, production, roster

EVERYBODY: Final = frozenset(ROLES)
CASES: Final = frozenset({"responder", "coordinator"})
BOSSES: Final = frozenset({"coordinator"})
OPEN: Final = frozenset({
    "GET /v1/about", "GET /v1/languages", "GET /v1/labels/{content}", "GET /v1/catalogue/console",
    "GET /v1/invitations/{token}", "POST /v1/invitations/{token}",
    "POST /v1/invitations/{token}/passkey",
    "POST /v1/login/start", "POST /v1/login/passkey", "POST /v1/login", "POST /v1/logout",
    "GET /healthz", "GET /readyz", "GET /metrics", "GET /v1/inbox-key",
})  # fmt: skip
"""No session is needed: they give nothing, or ask for proof of their own."""
MAY: Final[dict[str, frozenset[str]]] = {
    "GET /v1/me": EVERYBODY,
    "POST /v1/me/on-call": EVERYBODY,
    "POST /v1/me/locale": EVERYBODY,
    "POST /v1/me/link-codes": EVERYBODY,
    "DELETE /v1/me/links/{channel}": EVERYBODY,
    "GET /v1/me/security": EVERYBODY,
    "DELETE /v1/me/sessions/{which}": EVERYBODY,
    "POST /v1/me/recovery-codes": EVERYBODY,
    "POST /v1/me/authenticator/new": EVERYBODY,
    "POST /v1/me/authenticator": EVERYBODY,
    "POST /v1/me/words": EVERYBODY,
    "POST /v1/me/passkeys/new": EVERYBODY,
    "POST /v1/me/passkeys": EVERYBODY,
    "DELETE /v1/me/passkeys/{passkey_id}": EVERYBODY,
    "GET /v1/roster": EVERYBODY,
    "GET /v1/roster/last": EVERYBODY,
    "POST /v1/roster": BOSSES,
    "GET /v1/members": BOSSES,
    "POST /v1/members": BOSSES,
    "POST /v1/members/{member_id}/invitation": BOSSES,
    "POST /v1/members/{member_id}/reset": BOSSES,
    "POST /v1/members/{member_id}/remove": BOSSES,
    "GET /v1/tonight": CASES,
    "GET /v1/cases/{case_id}": CASES,
    "POST /v1/cases/{case_id}/take": CASES,
    "POST /v1/cases/{case_id}/pass": CASES,
    "POST /v1/cases/{case_id}/conflict": CASES,
    "POST /v1/cases/{case_id}/done": CASES,
    "POST /v1/cases/{case_id}/steps": CASES,
    "GET /v1/cases/{case_id}/files/{file_id}": CASES,
    "GET /v1/cases/{case_id}/files/{file_id}/preview": CASES,
    "GET /v1/cases/{case_id}/holders": BOSSES,
    "POST /v1/cases/{case_id}/grants": BOSSES,
    "POST /v1/cases/{case_id}/spoiled": CASES,
    "POST /v1/cases/{case_id}/recovered": BOSSES,
    "GET /v1/referrals": CASES,
    "GET /v1/cases/{case_id}/referrals": CASES,
    "POST /v1/cases/{case_id}/referrals": CASES,
    "POST /v1/referrals/{referral_id}/accept": CASES,
    "POST /v1/referrals/{referral_id}/reject": CASES,
    "POST /v1/referrals/{referral_id}/done": CASES,
    "POST /v1/referrals/{referral_id}/revoke": CASES,
    "POST /v1/recovery/package": BOSSES,
    "GET /v1/audit": frozenset({"auditor"}),
}
"""Operation -> roles. Whoever adds an operation adds a line."""
_SEALED: Final = b64(b"RLS\x01" + bytes(1200))
BODIES: Final[dict[str, dict[str, Any]]] = {
    "POST /v1/me/on-call": {"on_call": False},
    "POST /v1/me/locale": {"locale": "en"},
    "POST /v1/me/recovery-codes": {"login": b64(bytes(31) + b"x")},
    "POST /v1/me/authenticator/new": {"login": b64(bytes(31) + b"x")},
    "POST /v1/me/authenticator": {"totp": "000000"},
    "POST /v1/me/passkeys/new": {"login": b64(bytes(31) + b"x")},
    "POST /v1/me/passkeys": {
        "credential": {"id": "a", "rawId": "a", "type": "public-key", "response": {}},
    },
    "POST /v1/me/words": {
        "before": b64(bytes(31) + b"x"), "login": b64(bytes(32)), "wrapped_seed": b64(bytes(60)),
        "argon": ARGON,
    },
    "POST /v1/roster": {"document": b64(b"{}"), "signature": b64(bytes(64))},
    "POST /v1/members": {"name": "Eve", "organisation": "Lantern", "roles": ["responder"]},
    "POST /v1/cases/{case_id}/steps": {
        "item_id": "e" * 32, "generation": 1, "sealed": _SEALED, "signature": b64(bytes(64)),
    },
    "POST /v1/cases/{case_id}/grants": {
        "grants": [{
            "compartment": "brief", "generation": 1, "holder": "1" * 32, "sealed": _SEALED,
        }],
        "why": "returned",
    },
    "POST /v1/cases/{case_id}/recovered": {
        "grants": [{
            "compartment": "brief", "generation": 1, "holder": "1" * 32, "sealed": _SEALED,
        }],
    },
    "POST /v1/cases/{case_id}/spoiled": {"compartment": "brief", "generation": 9},
    "POST /v1/cases/{case_id}/referrals": {
        "receiver": "1" * 32, "priority": "high", "consent": "she said so",
        "grants": [{
            "compartment": "brief", "generation": 1, "holder": "1" * 32, "sealed": _SEALED,
        }],
    },
    "POST /v1/referrals/{referral_id}/reject": {"reason": "full"},
    "POST /v1/recovery/package": {"codes": ["ZZZZ"], "to": "1" * 32, "reason": "why"},
}  # fmt: skip
REFUSALS: Final = frozenset({"role", "not_in_roster", "signed_out"})


@dataclass
class Offices:
    """A real installation with one member of each role, all in the roster."""

    console: Console
    of: dict[str, Browser]
    mine: str
    """A case that the responder took and the coordinator holds a key of."""
    other: str
    """A case of which nobody here holds a key."""


@pytest.fixture
async def offices(database_url: str, tmp_path: Path) -> AsyncIterator[Offices]:
    """On either database."""
    async with production(database_url, tmp_path) as console:
        of: dict[str, Browser] = {
            role: await add_member(console, n, [role]) for n, role in enumerate(ROLES, 1)
        }
        spare = await add_member(console, 20, ["coordinator"])
        entries = [
            replace(entry(n), roles=(role,), name=of[role].name) for n, role in enumerate(ROLES, 1)
        ]
        entries.append(replace(entry(20), roles=("coordinator",)))
        signed = sign_roster(roster(members=tuple(entries)), KEY)
        body = {"document": b64(signed.document), "signature": b64(signed.signature)}
        answer = await of["coordinator"].post("/v1/roster", body)
        assert answer.status_code == 201, answer.text
        ids = [of[role].member_id for role in ("responder", "coordinator")]
        mine = await open_case(console.relais, ids)
        other = await open_case(console.relais, [spare.member_id], number=2)
        async with console.relais.db.write() as tx:
            await tx.execute(
                update(cases)
                .where(cases.c.id == mine)
                .values(status="taken", taker_id=of["responder"].member_id, taken_at=1)
            )
        yield Offices(console, of, mine, other)


def operations(console: Console) -> set[str]:
    """As the description of the API names them, without those of bots."""
    return {
        f"{method.upper()} {path}"
        for path, methods in console.app.openapi()["paths"].items()
        for method in methods
        if not path.startswith("/v1/channels/")
    }


async def ask(browser: Browser, operation: str, case_id: str) -> Any:
    """One request that gets as far as the role lets it."""
    method, path = operation.split(" ")
    named = {
        "case_id": case_id, "file_id": "f" * 32, "member_id": "9" * 32, "channel": "signal",
        "which": "others", "passkey_id": "none", "referral_id": "8" * 32,
    }  # fmt: skip
    path = re.sub(r"{(\w+)}", lambda found: named[found[1]], path)
    body = BODIES.get(operation, {}) if method == "POST" else None
    return await browser.client.request(method, path, json=body, headers=HEADER)


def code(answer: Any) -> str:
    """The error's code, or nothing."""
    if not answer.content or answer.status_code < 400:
        return ""
    found: str = answer.json()["code"]
    return found


async def test_every_operation_has_a_line(offices: Offices) -> None:
    """What is new is decided on, not forgotten."""
    assert operations(offices.console) == set(MAY) | OPEN


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reaches_what_it_may_and_nothing_else(offices: Offices, role: str) -> None:
    """Allowed ones get past the door, whatever is then said; the others hear 403 `role`."""
    for operation, roles in MAY.items():
        answer = await ask(offices.of[role], operation, offices.other)
        assert answer.status_code < 500, (operation, answer.text)
        if role in roles:
            assert code(answer) not in REFUSALS, (role, operation, answer.text)
        else:
            assert code(answer) == "role", (role, operation, answer.text)


async def test_nobody_reaches_anything_without_a_session(offices: Offices) -> None:
    """401 `signed_out` everywhere but at the door."""
    stranger = Browser(offices.console.client(), offices.console.clock, "nobody", bytes(32))
    for operation in MAY:
        answer = await ask(stranger, operation, offices.mine)
        assert (answer.status_code, code(answer)) == (401, "signed_out"), operation


@pytest.mark.parametrize("role", sorted(CASES))
async def test_another_case_is_as_if_there_were_none(offices: Offices, role: str) -> None:
    """Every operation on a case that is not theirs answers as on one that never was.

    Coordinators know of every case, may take it without a key, and see to one; they read nothing.
    """
    asked = [one for one in MAY if "{case_id}" in one and role in MAY[one]]
    if role == "coordinator":
        asked = [one for one in asked if not one.endswith(("/take", "/pass", "/conflict", "/done"))]
    for operation in asked:
        there = await ask(offices.of[role], operation, offices.other)
        nowhere = await ask(offices.of[role], operation, "7" * 32)
        assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json()), operation
        assert code(there) == "not_yours", operation


@pytest.mark.parametrize("role", sorted(CASES))
async def test_a_key_that_left_the_roster_opens_nothing(offices: Offices, role: str) -> None:
    """The database says otherwise: the signed list counts."""
    async with offices.console.relais.db.write() as tx:
        await tx.execute(
            update(members)
            .where(members.c.id == offices.of[role].member_id)
            .values(sign_public=SigningKey(b"\x77" * 32).public)
        )
    for operation in [one for one in MAY if role in MAY[one] and "/me" not in one]:
        if operation.startswith("GET /v1/roster"):
            continue
        answer = await ask(offices.of[role], operation, offices.mine)
        assert code(answer) == "not_in_roster", operation


# -- what the auditor sees -----------------------------------------------------------------------


async def test_the_auditor_sees_what_was_done_and_nothing_that_was_told(offices: Offices) -> None:
    """Who opened and who was given a key, with the reasons; in pages, newest first."""
    boss, auditor = offices.of["coordinator"], offices.of["auditor"]
    answer = await boss.get(f"/v1/cases/{offices.mine}", reason="she called")
    assert answer.status_code == 200
    audit = (await auditor.get("/v1/audit")).json()
    (served,) = [one for one in audit["lines"] if one["kind"] == "served"]
    assert (served["member"], served["reason"]) == (boss.name, "she called")
    assert "sentinel" not in str(audit)
    async with offices.console.relais.db.write() as tx:
        await tx.execute(
            insert(case_log),
            [
                {
                    "id": f"{n:032x}", "case_id": offices.mine, "kind": "alerted",
                    "member_id": boss.member_id, "at": n // 3, "detail": "0",
                }
                for n in range(250)
            ],
        )  # fmt: skip
    seen, before = [], ""
    while True:
        page = (await auditor.get("/v1/audit", before=before)).json()
        seen += page["lines"]
        before = page["before"]
        if not before:
            break
    assert len([one for one in seen if one["case"]]) == 251
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)


async def test_a_granted_key_is_shown_with_its_holder(offices: Offices) -> None:
    """Not an id: the name of who got it."""
    async with offices.console.relais.db.write() as tx:
        await tx.execute(
            insert(case_log).values(
                id="a" * 32, case_id=offices.mine, kind="granted",
                member_id=offices.of["coordinator"].member_id, at=10**13,
                detail=f"{offices.of['responder'].member_id}:bri+tea",
            )
        )  # fmt: skip
    (line,) = [
        one
        for one in (await offices.of["auditor"].get("/v1/audit")).json()["lines"]
        if one["kind"] == "granted"
    ]
    assert (line["to"], line["detail"]) == (offices.of["responder"].name, "bri+tea")


async def test_a_referral_is_shown_with_its_receiver(offices: Offices) -> None:
    """Whoever it is about is named, and what was said for it."""
    boss, responder = offices.of["coordinator"], offices.of["responder"]
    sealed = offices.console.relais.vault.keyring.seal(
        "members", b"she said yes", "case_log", "reason", "b" * 32
    )
    async with offices.console.relais.db.write() as tx:
        await tx.execute(
            insert(case_log).values(
                id="b" * 32, case_id=offices.mine, kind="referred", member_id=boss.member_id,
                at=10**13, detail=f"{responder.member_id}:bri", reason_sealed=sealed,
            )
        )  # fmt: skip
    lines = (await offices.of["auditor"].get("/v1/audit")).json()["lines"]
    (line,) = [one for one in lines if one["kind"] == "referred"]
    assert (line["to"], line["detail"], line["reason"]) == (responder.name, "bri", "she said yes")


async def test_what_is_done_to_members_is_shown_to_the_auditor(offices: Offices) -> None:
    """Invited, removed, a list signed: by whom, and whom it is about."""
    boss, auditor = offices.of["coordinator"], offices.of["auditor"]
    new = {"name": "Nadia", "organisation": "Lantern House", "roles": ["responder"]}
    made = await boss.post("/v1/members", new | {"sex": "female", "locale": "en"})
    assert made.status_code == 201, made.text
    removed = await boss.post(f"/v1/members/{made.json()['id']}/remove")
    assert removed.status_code == 204, removed.text
    lines = (await auditor.get("/v1/audit")).json()["lines"]
    about = [(one["kind"], one["member"], one["to"], one["case"]) for one in lines]
    assert about.count(("invited", boss.name, "Nadia", "")) == 1
    assert about.count(("removed", boss.name, "Nadia", "")) == 1
    assert any(kind == "enrolled" for kind, *_ in about)
