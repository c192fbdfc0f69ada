"""Keys of a case given later: who may, to whom, what is written down; and the recovery papers."""

from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from backend.cases.routing import Routing, dump_routing
from backend.database.tables import case_log, cases, deliveries, grants, members
from backend.vault.roster import SignedRoster, read_roster
from sealing import Context, open_text, seal_text
from tests.backend.chats import TOKENS, Chat
from tests.backend.console_cases import open_case
from tests.backend.consoles import Browser, Console, b64, running_console


@dataclass
class Room:
    """Sam coordinates and holds a case; Ada answers and holds nothing of it."""

    console: Console
    sam: Browser
    ada: Browser
    case_id: str

    async def rows(self, query: Any) -> list[Any]:
        """What a query finds."""
        async with self.console.relais.db.read() as connection:
            return list((await connection.execute(query)).all())

    async def seed(self, name: str = "brief", holder: str = "") -> bytes:
        """What a grant holds, opened with its member's key."""
        who = self.ada if holder == self.ada.member_id else self.sam
        (row,) = await self.rows(
            select(grants.c.sealed).where(grants.c.name == name, grants.c.holder == who.member_id)
        )
        return open_text(
            row.sealed, who.keys, Context(self.case_id, name, 1, who.member_id, "grant")
        )

    async def sealed(self, name: str = "brief", to: Browser | None = None) -> dict[str, Any]:
        """As Sam's browser makes a grant."""
        who = to or self.ada
        context = Context(self.case_id, name, 1, who.member_id, "grant")
        raw = seal_text(await self.seed(name), who.keys.public, context)
        return {
            "compartment": name,
            "generation": 1,
            "holder": who.member_id,
            "sealed": b64(raw),
        }

    async def gives(self, *given: dict[str, Any], by: Browser | None = None, **more: str) -> str:
        """Post grants; the code of the answer."""
        body = {"grants": list(given), "why": "returned", **more}
        answer = await (by or self.sam).post(f"/v1/cases/{self.case_id}/grants", body)
        return str(answer.json()["code"]) if answer.content else str(answer.status_code)


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    """On either database."""
    async with running_console(database_url, tmp_path, **TOKENS) as console:
        sam = await console.enrolled("Sam (demo)")
        ada = await console.enrolled("Ada (demo)")
        case_id = await open_case(console.relais, [sam.member_id])
        yield Room(console, sam, ada, case_id)


async def test_a_granted_key_opens_the_compartment(room: Room) -> None:
    """Sealed by one browser, opened by another; the server only put it away and wrote it down."""
    assert await room.gives(await room.sealed("brief"), await room.sealed("team")) == "204"
    assert await room.seed("brief", room.ada.member_id) == await room.seed("brief")
    answer = (await room.sam.get(f"/v1/cases/{room.case_id}/holders")).json()
    assert answer["held"]["brief"] == sorted([room.ada.member_id, room.sam.member_id, "recovery"])
    assert room.ada.member_id not in answer["held"]["account"]
    (line,) = await room.rows(select(case_log).where(case_log.c.kind == "granted"))
    assert (line.member_id, line.detail) == (room.sam.member_id, f"{room.ada.member_id}:bri+tea")


async def test_only_a_coordinator_who_can_open_it_grants(room: Room) -> None:
    """Neither a responder, nor a coordinator without a key."""
    given = await room.sealed()
    assert await room.gives(given, by=room.ada) == "role"
    async with room.console.relais.db.write() as tx:
        await tx.execute(delete(grants).where(grants.c.holder == room.sam.member_id))
    assert await room.gives(given) == "not_yours"
    assert (await room.sam.get(f"/v1/cases/{room.case_id}/holders")).json()["code"] == "not_yours"


@pytest.mark.parametrize("why", ["stranger", "removed", "excluded", "conflict"])
async def test_who_may_not_know_of_the_case_gets_no_key(room: Room, why: str) -> None:
    """Not in the list, gone, of an organisation that she left out, or known to her."""
    given = await room.sealed()
    relais = room.console.relais
    async with relais.db.write() as tx:
        if why == "stranger":
            given["holder"] = "0" * 32
        elif why == "removed":
            await tx.execute(
                update(members).where(members.c.id == room.ada.member_id).values(disabled_at=1)
            )
        elif why == "excluded":
            routing = Routing(needs=("food_service",), excluded=("lantern",))
            await tx.execute(
                update(cases).values(
                    routing_sealed=relais.vault.keyring.seal(
                        "routing", dump_routing(routing), "cases", "routing", room.case_id
                    )
                )
            )
        else:
            await tx.execute(
                case_log.insert().values(
                    id="c" * 32, case_id=room.case_id, kind="conflict",
                    member_id=room.ada.member_id, at=1, detail="",
                )
            )  # fmt: skip
    assert await room.gives(given) == "not_allowed"
    allowed = (await room.sam.get(f"/v1/cases/{room.case_id}/holders")).json()["allowed"]
    assert (room.ada.member_id in allowed) is (why == "stranger")


async def test_her_account_is_not_given_without_saying_how_she_agreed(room: Room) -> None:
    """What was said is sealed in the history."""
    given = await room.sealed("account")
    assert await room.gives(given) == "consent_needed"
    assert await room.gives(given, consent="  ") == "consent_needed"
    said = "She said so on the phone, Qzx7"
    assert await room.gives(given, consent=said, why="agreed") == "204"
    (line,) = await room.rows(select(case_log).where(case_log.c.kind == "granted"))
    keyring = room.console.relais.vault.keyring
    assert (
        keyring.open("members", line.reason_sealed, "case_log", "reason", line.id) == said.encode()
    )
    assert b"Qzx7" not in line.reason_sealed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"generation": 2}, "other_generation"),
        ({"compartment": "messages"}, "other_generation"),
        ({"sealed": b64(bytes(1200))}, "not_sealed"),
        ({"sealed": b64(b"RLS\x01")}, "malformed"),
        ({"holder": "recovery"}, "malformed"),
        ({"compartment": "everything"}, "malformed"),
    ],
)
async def test_what_is_no_grant_is_refused(room: Room, change: dict[str, Any], code: str) -> None:
    """With its reason; nothing is put away."""
    assert await room.gives(await room.sealed() | change) == code
    held = select(grants).where(grants.c.holder == room.ada.member_id)
    assert await room.rows(held) == []


async def test_nobody_spoils_a_key_that_is_there(room: Room) -> None:
    """A second grant to the same holder changes nothing."""
    assert await room.gives(await room.sealed()) == "204"
    spoilt = await room.sealed()
    spoilt["sealed"] = b64(b"RLS\x01" + bytes(1200))
    assert await room.gives(spoilt) == "204"
    assert await room.seed("brief", room.ada.member_id) == await room.seed("brief")


async def test_a_key_that_does_not_open_makes_room_for_a_right_one(room: Room) -> None:
    """Its holder gives it back; before that nobody can put another in its place."""
    spoiled = await room.sealed() | {"sealed": b64(b"RLS\x01" + bytes(1200))}
    assert await room.gives(spoiled) == "204"
    mine = select(grants).where(grants.c.holder == room.ada.member_id)
    assert await room.gives(await room.sealed()) == "204"
    (row,) = await room.rows(mine)
    assert row.sealed == b"RLS\x01" + bytes(1200)
    path, key = f"/v1/cases/{room.case_id}/spoiled", {"compartment": "brief", "generation": 1}
    assert (await room.ada.post(path, key | {"generation": 2})).json()["code"] == "not_yours"
    assert (await room.ada.post(path, key)).status_code == 204
    assert (await room.ada.post(path, key)).json()["code"] == "not_yours"
    assert len(await room.rows(select(grants).where(grants.c.name == "brief"))) == 2
    assert await room.gives(await room.sealed()) == "204"
    assert await room.seed("brief", room.ada.member_id) == await room.seed("brief")
    (line,) = await room.rows(select(case_log).where(case_log.c.kind == "spoiled"))
    assert line.member_id == room.ada.member_id


# -- recovery -----------------------------------------------------------------------------------


async def _package(room: Room, **changes: Any) -> Any:
    body = {"codes": [await _code(room)], "to": room.ada.member_id, "reason": "key lost"}
    return await room.sam.post("/v1/recovery/package", body | changes)


async def _code(room: Room) -> str:
    (row,) = await room.rows(select(cases.c.code))
    return str(row.code)


async def test_a_package_holds_sealed_grants_and_every_coordinator_hears(room: Room) -> None:
    """Nothing in it opens without the recovery key; it is written down with the reason sealed."""
    async with room.console.client() as client:
        phone = Chat(client, room.console.relais, "sam-chat")
        await phone.says((await room.sam.post("/v1/me/link-codes")).json()["code"])
    package = (await _package(room)).json()
    (case,) = package["cases"]
    assert {one["compartment"] for one in case["grants"]} >= {"brief", "account", "team"}
    signed = SignedRoster(*(b64decode(package[one]) for one in ("document", "signature")))
    roster = read_roster(signed, b64decode(package["root"]))
    (entry,) = [one for one in roster.members if one.id == package["to"]]
    assert entry.kem == room.ada.keys.public.raw
    told = await room.rows(select(deliveries.c.dedupe_key))
    assert any(str(row.dedupe_key).startswith(f"recovery:{room.case_id}") for row in told)
    (line,) = await room.rows(select(case_log).where(case_log.c.kind == "recovery_asked"))
    assert line.reason_sealed is not None


async def test_recovered_keys_come_back_for_the_member_who_was_named(room: Room) -> None:
    """Within a week of the package, for nobody else."""
    given = {"grants": [await room.sealed()]}
    path = f"/v1/cases/{room.case_id}/recovered"
    assert (await room.sam.post(path, given)).json()["code"] == "not_yours"
    await _package(room)
    to_sam = {"grants": [await room.sealed(to=room.sam)]}
    assert (await room.sam.post(path, to_sam)).json()["code"] == "not_yours"
    assert (await room.ada.post(path, given)).json()["code"] == "role"
    assert (await room.sam.post(path, given)).status_code == 204
    (row,) = await room.rows(select(grants).where(grants.c.holder == room.ada.member_id))
    assert (row.granted_by, row.why) == ("recovery", "recovery")
    room.console.clock.forward(days=8)
    await room.sam.log_in()
    assert (await room.sam.post(path, given)).json()["code"] == "not_yours"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"codes": ["ZZZZ"]}, "no_case"),
        ({"to": "0" * 32}, "not_allowed"),
        ({"reason": ""}, "malformed"),
        ({"codes": []}, "malformed"),
    ],
)
async def test_a_wrong_package_is_refused(room: Room, changes: dict[str, Any], code: str) -> None:
    """With its reason."""
    assert (await _package(room, **changes)).json()["code"] == code


async def test_whom_she_left_out_does_not_recover_her_case(room: Room) -> None:
    """Neither asks for it, nor gets it: it is as if there were none."""
    relais = room.console.relais
    routing = Routing(needs=("food_service",), excluded=("lantern",))
    async with relais.db.write() as tx:
        await tx.execute(
            update(cases).values(
                routing_sealed=relais.vault.keyring.seal(
                    "routing", dump_routing(routing), "cases", "routing", room.case_id
                )
            )
        )
    assert (await _package(room)).json()["code"] == "no_case"


async def test_what_was_said_for_a_key_is_kept_for_the_auditor(room: Room) -> None:
    """The reason that a coordinator gives where another has the case is not thrown away."""
    async with room.console.relais.db.write() as tx:
        await tx.execute(update(cases).values(status="taken", taker_id=room.ada.member_id))
    assert await room.gives(await room.sealed()) == "reason_needed"
    assert await room.gives(await room.sealed(), reason="Ada is ill") == "204"
    (line,) = await room.rows(select(case_log).where(case_log.c.kind == "granted"))
    keyring = room.console.relais.vault.keyring
    said = keyring.open("members", line.reason_sealed, "case_log", "reason", line.id)
    assert said == b"Ada is ill"


async def test_who_knows_her_reads_nothing_of_a_case_that_is_done(room: Room) -> None:
    """Said after she had it: neither her needs nor what was noted is shown to her any more."""
    async with room.console.relais.db.write() as tx:
        await tx.execute(update(cases).values(status="done", taker_id=room.ada.member_id))
    path = f"/v1/cases/{room.case_id}"
    assert (await room.ada.get(path)).status_code == 200
    assert (await room.ada.post(f"{path}/conflict")).status_code == 200
    assert (await room.ada.get(path)).json()["code"] == "not_yours"
