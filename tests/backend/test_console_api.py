"""Tonight, one case, and what each role may have of it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from backend.cases.routing import Routing
from backend.database.tables import case_log, cases, grants, members
from backend.demo.document import Demo, DemoMember, load_demo
from backend.demo.start import start_demo
from sealing import Context, KeyPair, PublicKey, open_text, seal_text
from tests.backend.console_cases import SENTINEL, open_case, step
from tests.backend.consoles import Browser, Console, b64, every_byte, running_console

HELP = {"brief", "medical", "team"}
ACCOUNT = {"account", "perpetrator", "evidence"}


@dataclass
class Staff:
    """One of each: two responders, two coordinators, an operator, and nobody."""

    console: Console
    ada: Browser
    sam: Browser
    eve: Browser
    coordinator: Browser
    operator: Browser
    nobody: Browser

    async def log(self, kind: str) -> list[Any]:
        """Lines of this kind in every case's history."""
        async with self.console.relais.db.read() as connection:
            rows = await connection.execute(select(case_log).where(case_log.c.kind == kind))
            return list(rows.all())


def demo_with(*more: DemoMember) -> Demo:
    """The packaged demo and these members."""
    demo = load_demo()
    return msgspec.structs.replace(demo, members=(*demo.members, *more))


@pytest.fixture
async def staff(database_url: str, tmp_path: Path) -> AsyncIterator[Staff]:
    """Everyone enrolled and signed in."""
    demo = demo_with(
        DemoMember("Eve", ["responder"], "fr", team_id="lantern-first"),
        DemoMember("Cleo", ["coordinator"], "fr", organisation_id="lantern"),
        DemoMember("Otto", ["operator", "auditor"], "en", organisation_id="lantern"),
    )
    async with running_console(database_url, tmp_path) as console:
        console.app.state.demo = await start_demo(console.relais, demo)
        people = [
            await console.enrolled(name)
            for name in ("Ada (demo)", "Sam (demo)", "Eve", "Cleo", "Otto")
        ]
        for browser in people:
            browser.client = console.client()
            assert (await browser.log_in()).status_code == 200
        nobody = Browser(console.client(), console.clock, "", bytes(32))
        ada, sam, eve, cleo, otto = people
        yield Staff(console, ada, sam, eve, cleo, otto, nobody)


def everyone(staff: Staff) -> list[str]:
    """Ids of all but the operator."""
    return [one.member_id for one in (staff.ada, staff.sam, staff.eve, staff.coordinator)]


async def code_of(browser: Browser, path: str, **params: str) -> str:
    """200, or the error's code."""
    answer = await browser.get(path, **params)
    return "200" if answer.status_code == 200 else str(answer.json()["code"])


async def test_who_may_read_which_case(staff: Staff) -> None:
    """The whole matrix: role by state of the case, own and other."""
    relais = staff.console.relais
    case_id = await open_case(relais, everyone(staff), alerted=[staff.ada.member_id])
    path = f"/v1/cases/{case_id}"
    readers = (staff.ada, staff.eve, staff.coordinator, staff.operator, staff.nobody)

    async def matrix() -> list[str]:
        return [await code_of(browser, path) for browser in readers]

    assert await matrix() == ["not_yours", "not_yours", "200", "role", "signed_out"]
    assert (await staff.ada.post(f"{path}/take")).json() == {
        "status": "taken",
        "taker": "Ada (demo)",
    }
    assert await matrix() == ["200", "not_yours", "reason_needed", "role", "signed_out"]
    assert await code_of(staff.coordinator, path, reason="hand-over at the end of the shift") == (
        "200"
    )
    assert await code_of(staff.eve, path, reason="curious") == "not_yours"
    async with relais.db.write() as tx:
        await tx.execute(update(cases).values(status="erased"))
    assert await matrix() == ["not_yours"] * 3 + ["role", "signed_out"]


async def test_who_may_act_on_which_case(staff: Staff) -> None:
    """Only who was alerted or coordinates may take; only the taker works; nobody else learns."""
    relais = staff.console.relais
    case_id = await open_case(relais, everyone(staff), alerted=[staff.ada.member_id])
    body = step(case_id, staff.ada, "a" * 32, b"RLS\x01" + bytes(1200))
    acts = ("take", "pass", "done", "steps")
    for browser, code in ((staff.operator, "role"), (staff.nobody, "signed_out")):
        for act in (*acts, "conflict"):
            answer = await browser.post(
                f"/v1/cases/{case_id}/{act}", body if act == "steps" else {}
            )
            assert answer.json()["code"] == code
    for act in acts:  # Eve was not alerted
        answer = await staff.eve.post(f"/v1/cases/{case_id}/{act}", body if act == "steps" else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    await staff.ada.post(f"/v1/cases/{case_id}/take")
    for act in ("done", "steps"):
        answer = await staff.coordinator.post(
            f"/v1/cases/{case_id}/{act}", body if act == "steps" else {}
        )
        assert answer.status_code in {403, 409}
    unknown = await staff.ada.post(f"/v1/cases/{'f' * 32}/take")
    assert unknown.json()["code"] == "not_yours"


async def test_of_two_who_take_at_once_one_gets_it(staff: Staff) -> None:
    """The other is told who has it."""
    both = [staff.ada.member_id, staff.sam.member_id]
    case_id = await open_case(staff.console.relais, everyone(staff), alerted=both)
    answers = await asyncio.gather(
        staff.ada.post(f"/v1/cases/{case_id}/take"), staff.sam.post(f"/v1/cases/{case_id}/take")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (lost["code"], lost["taker"]) == ("taken", won["taker"])


async def test_the_taker_opens_what_she_was_granted(staff: Staff) -> None:
    """Grants open with her key, items with the compartment's; part 2 only after it was sent."""
    relais, ada = staff.console.relais, staff.ada
    case_id = await open_case(relais, everyone(staff), alerted=[ada.member_id])
    await ada.post(f"/v1/cases/{case_id}/take")
    served = (await ada.get(f"/v1/cases/{case_id}")).json()
    assert {one["compartment"] for one in served["grants"]} == HELP
    assert {one["compartment"] for one in served["items"]} == HELP
    assert {one["holder"] for one in served["grants"]} == {ada.member_id}
    for item in served["items"]:
        assert SENTINEL in opened(ada, case_id, served, item)
    async with relais.db.write() as tx:
        await tx.execute(update(cases).values(account_served=True))
    served = (await ada.get(f"/v1/cases/{case_id}")).json()
    assert {one["compartment"] for one in served["items"]} == HELP | ACCOUNT
    assert all(SENTINEL in opened(ada, case_id, served, item) for item in served["items"])


def opened(browser: Browser, case_id: str, served: dict[str, Any], item: dict[str, Any]) -> str:
    """What the browser reads."""
    place = item["compartment"]
    grant = next(one for one in served["grants"] if one["compartment"] == place)
    context = Context(case_id, place, grant["generation"], browser.member_id, "grant")
    seed = open_text(base64.b64decode(grant["sealed"]), browser.keys, context)
    assert KeyPair(seed).public.raw == base64.b64decode(grant["public"])
    context = Context(case_id, place, item["generation"], item["id"], item["kind"])
    return open_text(base64.b64decode(item["sealed"]), KeyPair(seed), context).decode()


async def test_every_serving_is_written_down(staff: Staff) -> None:
    """Who, when, which compartments; a coordinator's reason is sealed; refusals serve nothing."""
    relais = staff.console.relais
    case_id = await open_case(relais, everyone(staff), alerted=[staff.ada.member_id])
    await staff.ada.get(f"/v1/cases/{case_id}")
    assert await staff.log("served") == []
    await staff.ada.post(f"/v1/cases/{case_id}/take")
    await staff.ada.get(f"/v1/cases/{case_id}")
    await staff.coordinator.get(f"/v1/cases/{case_id}", reason="Eve is ill, مريضة")
    first, second = await staff.log("served")
    lines = {first.member_id: first, second.member_id: second}
    mine, theirs = lines[staff.ada.member_id], lines[staff.coordinator.member_id]
    assert mine.detail == theirs.detail == "brief,medical,team"
    assert mine.reason_sealed is None
    assert b"Eve is ill" not in theirs.reason_sealed
    reason = relais.vault.keyring.open(
        "members", theirs.reason_sealed, "case_log", "reason", theirs.id
    )
    assert reason == "Eve is ill, مريضة".encode()
    log = (await staff.ada.get(f"/v1/cases/{case_id}")).json()["log"]
    assert {"served", "taken"} <= {line["kind"] for line in log}
    assert "Eve is ill" not in str(log)


async def test_a_reason_does_not_travel_in_the_address(staff: Staff) -> None:
    """Proxies write addresses down: one that is given there counts for nothing."""
    case_id = await open_case(staff.console.relais, everyone(staff), alerted=[staff.ada.member_id])
    await staff.ada.post(f"/v1/cases/{case_id}/take")
    path = f"/v1/cases/{case_id}"
    assert await code_of(staff.coordinator, f"{path}?reason=ill") == "reason_needed"
    assert await code_of(staff.coordinator, path, reason="x" * 301) == "malformed"
    assert await code_of(staff.coordinator, path, reason="x" * 300) == "200"


async def test_a_noted_step_is_kept_as_it_was_sealed(staff: Staff) -> None:
    """It is one item however often it is sent; then the other responders' grants are gone."""
    relais, ada = staff.console.relais, staff.ada
    case_id = await open_case(relais, everyone(staff), alerted=[ada.member_id])
    await ada.post(f"/v1/cases/{case_id}/take")
    early = await ada.post(f"/v1/cases/{case_id}/done")
    assert (early.status_code, early.json()["code"]) == (409, "step_missing")
    served = (await ada.get(f"/v1/cases/{case_id}")).json()
    public = next(one["public"] for one in served["grants"] if one["compartment"] == "team")
    context = Context(case_id, "team", 1, "b" * 32, "step")
    sealed = seal_text(b'{"text":"called"}', PublicKey(base64.b64decode(public)), context)
    path = f"/v1/cases/{case_id}/steps"
    for _ in range(2):
        answer = await ada.post(path, step(case_id, ada, "b" * 32, sealed))
        assert answer.json()["status"] == "answered"
    served = (await ada.get(f"/v1/cases/{case_id}")).json()
    steps = [one for one in served["items"] if one["kind"] == "step"]
    assert len(steps) == 1
    assert opened(ada, case_id, served, steps[0]) == '{"text":"called"}'
    assert served["case"]["answered"]
    async with relais.db.read() as connection:
        rows = await connection.execute(select(grants.c.holder).distinct())
    coordinators = {staff.sam.member_id, staff.coordinator.member_id}
    assert set(rows.scalars()) == {ada.member_id, "recovery"} | coordinators
    assert (await ada.post(f"/v1/cases/{case_id}/done")).json()["status"] == "done"
    assert await code_of(ada, f"/v1/cases/{case_id}") == "200"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sealed": b64(b"plain text, far too readable" * 50)}, "not_sealed"),
        ({"generation": 2}, "other_generation"),
        ({"signature": b64(bytes(64))}, "not_signed"),
        ({"item_id": "c" * 32}, "not_signed"),
        ({"sealed": b64(b"RLS\x01" + bytes(1201))}, "not_signed"),
        ({"signature": b64(bytes(63))}, "malformed"),
        ({"item_id": "B" * 32}, "malformed"),
        ({"sealed": b64(b"RLS\x01" + bytes(70_000))}, "malformed"),
        ({"compartment": "brief"}, "malformed"),
    ],
)
async def test_a_step_that_is_not_sealed_is_refused(
    sqlite_url: str, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    """What is readable, or for another place, is not stored and does not count as a step."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.enrolled("Ada (demo)")
        case_id = await open_case(console.relais, [ada.member_id], alerted=[ada.member_id])
        await ada.post(f"/v1/cases/{case_id}/take")
        body = step(case_id, ada, "b" * 32, b"RLS\x01" + bytes(1200)) | changes
        answer = await ada.post(f"/v1/cases/{case_id}/steps", body)
        assert answer.json()["code"] == code
        served = (await ada.get(f"/v1/cases/{case_id}")).json()
        assert not served["case"]["answered"]
        assert [one for one in served["items"] if one["kind"] == "step"] == []


async def test_an_item_of_another_case_is_not_overwritten(staff: Staff) -> None:
    """A step cannot take the id of something that exists."""
    relais, ada = staff.console.relais, staff.ada
    ids = [
        await open_case(relais, everyone(staff), number=n, alerted=[ada.member_id]) for n in (1, 2)
    ]
    for case_id in ids:
        await ada.post(f"/v1/cases/{case_id}/take")
    victim = (await ada.get(f"/v1/cases/{ids[0]}")).json()["items"][0]
    body = step(ids[1], ada, victim["id"], b"RLS\x01" + bytes(1200))
    answer = await ada.post(f"/v1/cases/{ids[1]}/steps", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "item_exists")
    assert victim in (await ada.get(f"/v1/cases/{ids[0]}")).json()["items"]


async def test_tonight_shows_each_what_concerns_them(staff: Staff) -> None:
    """Alerted cases to the alerted, all to coordinators with a key, taken ones to the taker."""
    relais = staff.console.relais
    urgent = Routing(needs=("safehouse_service",), urgency="urgent", area="demo-lake")
    await open_case(relais, everyone(staff), number=1, alerted=[staff.ada.member_id])
    staff.console.clock.forward(minutes=1)
    await open_case(relais, everyone(staff), number=2, routing=urgent)
    await open_case(relais, everyone(staff), number=3, status="silent", account_served=True)
    await open_case(relais, everyone(staff), number=4, status="silent")

    async def codes(browser: Browser) -> list[list[str]]:
        lists = (await browser.get("/v1/tonight")).json()
        return [[one["code"] for one in lists[name]] for name in ("open", "mine", "accounts")]

    assert await codes(staff.ada) == [["K1Q4"], [], []]
    assert await codes(staff.eve) == [[], [], []]
    assert await codes(staff.coordinator) == [["K2Q4", "K1Q4"], [], ["K3Q4"]]
    await staff.ada.post(f"/v1/cases/{1:032x}/take")
    assert await codes(staff.ada) == [[], ["K1Q4"], []]
    line = (await staff.coordinator.get("/v1/tonight")).json()["open"][0]
    assert line | {"id": "", "created_at": ""} == {
        "id": "",
        "code": "K2Q4",
        "status": "open",
        "urgency": "urgent",
        "needs": ["safehouse_service"],
        "area": "Bord du Lac (démo)",
        "deadline": None,
        "taker": None,
        "created_at": "",
        "mine": False,
        "answered": False,
    }


async def test_a_coordinator_without_a_key_learns_nothing(staff: Staff) -> None:
    """Whose organisation she excluded, or who knows the person, neither sees nor opens the case."""
    relais = staff.console.relais
    holders = [staff.ada.member_id, staff.sam.member_id]
    excluded = Routing(needs=("food_service",), area="demo-river", excluded=("lantern",))
    case_id = await open_case(relais, holders, routing=excluded)
    assert (await staff.coordinator.get("/v1/tonight")).json()["open"] == []
    assert await code_of(staff.coordinator, f"/v1/cases/{case_id}") == "not_yours"
    assert (await staff.coordinator.post(f"/v1/cases/{case_id}/take")).status_code == 403
    await staff.sam.post(f"/v1/cases/{case_id}/conflict")
    assert await code_of(staff.sam, f"/v1/cases/{case_id}") == "not_yours"
    assert (await staff.sam.get("/v1/tonight")).json()["open"] == []


async def test_who_is_not_in_the_roster_works_no_case(staff: Staff) -> None:
    """A member whose keys the roster does not vouch for is told so, and gets nothing."""
    relais = staff.console.relais
    case_id = await open_case(relais, everyone(staff), alerted=[staff.ada.member_id])
    async with relais.db.write() as tx:
        await tx.execute(
            update(members)
            .where(members.c.id == staff.ada.member_id)
            .values(kem_public=KeyPair(b"\x55" * 32).public.raw)
        )
    for path in ("/v1/tonight", f"/v1/cases/{case_id}"):
        assert await code_of(staff.ada, path) == "not_in_roster"
    assert (await staff.ada.post(f"/v1/cases/{case_id}/take")).status_code == 403
    assert not (await staff.ada.get("/v1/me")).json()["in_roster"]


async def test_what_she_told_is_not_in_the_database(sqlite_url: str, tmp_path: Path) -> None:
    """After take, serving and a step no file holds her words."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.enrolled("Ada (demo)")
        case_id = await open_case(console.relais, [ada.member_id], alerted=[ada.member_id])
        await ada.post(f"/v1/cases/{case_id}/take")
        assert (await ada.get(f"/v1/cases/{case_id}")).status_code == 200
    assert SENTINEL.encode() not in every_byte(tmp_path)


async def test_settings_of_a_member(staff: Staff) -> None:
    """Only shipped languages can be chosen; the choice stays."""
    assert (await staff.ada.post("/v1/me/locale", {"locale": "xx"})).status_code == 422
    assert (await staff.ada.post("/v1/me/locale", {"locale": "fr"})).json()["locale"] == "fr"
    assert (await staff.ada.get("/v1/me")).json()["locale"] == "fr"
