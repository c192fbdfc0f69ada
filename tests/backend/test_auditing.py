"""What auditors find in the logs: by case, member, sort and need of a look; their own reading."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final, cast, get_args

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.people_log import Kind as PeopleKind
from backend.cases.audit_search import Search, find_lines
from backend.cases.erasing import erase_case
from backend.cases.history import ABOUT, LOOK, SORTS, CaseKind
from backend.database.tables import case_log, cases, members, people_log
from backend.demo.document import DemoMember
from backend.demo.start import start_demo
from tests.backend.console_cases import SENTINEL, open_case
from tests.backend.consoles import Browser, Console, running_console
from tests.backend.test_console_api import demo_with
from tests.backend.worlds import START

DAY: Final = 86_400_000


@dataclass
class Office:
    """An auditor, a responder, a coordinator."""

    console: Console
    ada: Browser
    cleo: Browser
    otto: Browser

    async def asks(self, **search: str) -> list[dict[str, Any]]:
        """Every page of what the auditor asks for, joined."""
        found: list[dict[str, Any]] = []
        before = ""
        while True:
            answer = await self.otto.get("/v1/audit", **search, before=before)
            assert answer.status_code == 200, answer.text
            found += answer.json()["lines"]
            before = answer.json()["before"]
            if not before:
                return found

    async def read_lines(self) -> list[Any]:
        """Who read the logs, as it was written down."""
        async with self.console.relais.db.read() as connection:
            rows = await connection.execute(
                select(people_log)
                .where(people_log.c.kind == "audited")
                .order_by(people_log.c.at, people_log.c.id)
            )
            return list(rows.all())


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """On either database."""
    demo = demo_with(
        DemoMember("Cleo", ["coordinator"], "fr", organisation_id="lantern"),
        DemoMember("Otto", ["auditor"], "en", organisation_id="lantern"),
    )
    async with running_console(database_url, tmp_path) as console:
        console.app.state.demo = await start_demo(console.relais, demo)
        people = [await console.enrolled(name) for name in ("Ada (demo)", "Cleo", "Otto")]
        yield Office(console, *people)


@dataclass
class Explaining:
    """A connection that asks how a log would be read, before it reads it."""

    connection: AsyncConnection
    plans: list[str] = field(default_factory=list)

    async def execute(self, query: Any) -> Any:
        """As the connection does."""
        if "_log" in str(query):
            dialect = self.connection.dialect
            bare = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            rows = await self.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {bare}")
            self.plans += [str(row.detail) for row in rows]
        return await self.connection.execute(query)


# -- filters ----------------------------------------------------------------------------------


def of_cases(ids: list[str], of: list[str], luck: random.Random) -> list[dict[str, Any]]:
    """A line of every kind many times over, many at one moment, by and about anybody."""
    lines = []
    for number in range(360):
        kind = luck.choice(get_args(CaseKind))
        about = f"{luck.choice(ids)}:bri+tea" if kind in ABOUT else luck.choice(["0", ids[0]])
        lines.append(
            {
                "id": f"{luck.getrandbits(128):032x}",
                "case_id": luck.choice(of),
                "kind": kind,
                "member_id": luck.choice([*ids, None]),
                "at": START + number // 7 * 1000,
                "detail": about,
                "of_another": True if kind == "served" and luck.random() < 0.4 else None,
            }
        )
    return lines


def of_people(ids: list[str], luck: random.Random) -> list[dict[str, Any]]:
    """The same of members."""
    return [
        {
            "id": f"{luck.getrandbits(128):032x}",
            "kind": luck.choice(get_args(PeopleKind)),
            "member_id": luck.choice(ids),
            "subject_id": luck.choice([*ids, None]),
            "at": START + number // 3 * 1000,
            "detail": "",
        }
        for number in range(130)
    ]


def wanted(line: dict[str, Any], ids: list[str], case_id: str, sort: str, look: str) -> bool:
    """The plain reading of a search, over one line of either log."""
    about = line.get("subject_id")
    if line["kind"] in ABOUT:
        about = line["detail"][:32]
    return (
        (not case_id or line.get("case_id") == case_id)
        and (not ids or line["member_id"] in ids or about in ids)
        and (not sort or line["kind"] in SORTS[sort])  # type: ignore[index]
        and (not look or line["kind"] in LOOK or bool(line.get("of_another")))
    )


async def test_a_search_finds_exactly_what_a_plain_reading_of_the_whole_log_finds(
    office: Office,
) -> None:
    """Every combination of what can be asked for, in pages, in one order."""
    relais = office.console.relais
    first, second = [await open_case(relais, [], number=number) for number in (1, 2)]
    ids = [office.ada.member_id, office.cleo.member_id, office.otto.member_id]
    before_reset = "e" * 32
    luck = random.Random(20)
    log = of_cases([*ids, before_reset], [first, second], luck)
    people = of_people([*ids, before_reset], luck)
    async with relais.db.write() as tx:
        (cleo,) = (await tx.execute(select(members).where(members.c.name == "Cleo"))).all()
        again = cleo._asdict() | {"id": before_reset, "login_name": f"#{before_reset}"}
        await tx.execute(insert(members).values(again))
        await tx.execute(delete(people_log))
        await tx.execute(insert(case_log), log)
        await tx.execute(insert(people_log), people)
    everything = sorted(log + people, key=lambda one: (one["at"], one["id"]), reverse=True)
    codes = {"": "", "k1q4": first, "K2Q4": second, "NONE": "7" * 32}
    who = {"": [], "Ada (demo)": ids[:1], "Cleo": [ids[1], before_reset], "Nobody": ["7" * 32]}
    async with relais.db.read() as connection:
        for code, name, sort, look in product(codes, who, ["", *SORTS], ["", "true"]):
            expected = [
                one["id"] for one in everything if wanted(one, who[name], codes[code], sort, look)
            ]
            search = Search.model_validate(
                {"case": code, "member": name, "sort": sort or None, "look": bool(look)}
            )
            found: list[str] = []
            while True:
                page = await find_lines(connection, search, 41)
                found += [row.id for row in page[:40]]
                if len(page) <= 40:
                    break
                search = search.model_copy(update={"before": f"{page[39].at}-{page[39].id}"})
            assert found == expected, (code, name, sort, look)


async def test_the_same_is_asked_for_in_the_address(office: Office) -> None:
    """What can be searched for can be asked for over HTTP; the rest is refused, not ignored."""
    relais = office.console.relais
    await open_case(relais, [office.cleo.member_id], number=1, status="open")
    other = await open_case(relais, [office.cleo.member_id], number=2)
    await office.cleo.get(f"/v1/cases/{other}")
    assert [one["kind"] for one in await office.asks(case="k2q4")] == ["served"]
    assert await office.asks(case="K1Q4") == []
    kinds = {one["kind"] for one in await office.asks(member="Cleo")}
    assert kinds == {"enrolled", "served"}
    assert {one["kind"] for one in await office.asks(sort="reading")} == {"served"}
    assert await office.asks(look="true") == []
    wrong = ({"case": "K7 4"}, {"member": "a\x00"}, {"member": "a" * 65}, {"sort": "all"})
    for search in (*wrong, {"look": "perhaps"}, {"before": "1-2"}):
        answer = await office.otto.get("/v1/audit", **search)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed"), search


async def test_each_search_walks_along_an_index(office: Office) -> None:
    """Its own one, newest first: however long the log is, it is neither read nor sorted whole."""
    relais = office.console.relais
    if relais.db.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by what the tables hold; SQLite by the indexes there are")
    searches: dict[str, dict[str, Any]] = {
        "ix_case_log_at": {},
        "ix_case_log_kind": {"sort": "keys"},
        "ix_case_log_of_another": {"look": True},
        "ix_case_log_case_id": {"case": "K7Q4"},
        "ix_case_log_member_id": {"member": "Ada (demo)"},
    }
    for index, search in searches.items():
        async with relais.db.read() as connection:
            explaining = Explaining(connection)
            await find_lines(cast("AsyncConnection", explaining), Search.model_validate(search), 10)
        used = {one.split(" INDEX ")[-1].split()[0] for one in explaining.plans if "_log" in one}
        assert index in used
        assert used <= {*searches, "ix_people_log_at"}, explaining.plans
        assert not [one for one in explaining.plans if "TEMP B-TREE FOR ORDER BY" in one]


# -- what a line says --------------------------------------------------------------------------


async def test_a_case_opened_while_another_had_it_needs_a_look_also_once_it_is_erased(
    office: Office,
) -> None:
    """The reason goes with the case; that there had to be one stays. One's own needs none."""
    relais = office.console.relais
    case_id = await open_case(relais, [office.ada.member_id, office.cleo.member_id])
    taken = {"status": "taken", "taker_id": office.ada.member_id, "taken_at": 1}
    async with relais.db.write() as tx:
        await tx.execute(update(cases).values(taken))
    await office.ada.get(f"/v1/cases/{case_id}")
    await office.cleo.get(f"/v1/cases/{case_id}", reason="Ada is ill")
    (line,) = await office.asks(look="true")
    assert (line["member"], line["reason"], line["look"]) == ("Cleo", "Ada is ill", True)
    everything = await office.asks(sort="reading")
    assert {(one["member"], one["look"]) for one in everything} == {
        ("Cleo", True),
        ("Ada (demo)", False),
    }
    async with relais.db.write() as tx:
        await erase_case(tx, relais, case_id)
    (line,) = await office.asks(look="true")
    assert (line["member"], line["reason"], line["look"]) == ("Cleo", "", True)
    assert SENTINEL not in str(await office.asks())


async def test_the_first_page_names_everybody_to_choose_from(office: Office) -> None:
    """Once each, removed ones too; later pages do not say it again."""
    async with office.console.relais.db.write() as tx:
        await tx.execute(update(members).where(members.c.name == "Cleo").values(disabled_at=1))
    page = (await office.otto.get("/v1/audit")).json()
    assert page["members"] == sorted({"Ada (demo)", "Cleo", "Otto", "Sam (demo)"})
    later = (await office.otto.get("/v1/audit", before=f"{START}-{'0' * 32}")).json()
    assert later["members"] == []


# -- who reads ---------------------------------------------------------------------------------


async def test_reading_is_written_down_once_a_day_for_each_auditor(office: Office) -> None:
    """Not once for a page; anew on the next UTC day; and the auditor sees it like the rest."""
    for _ in range(3):
        await office.asks()
    (line,) = await office.read_lines()
    assert (line.member_id, line.subject_id) == (office.otto.member_id, None)
    (seen,) = [one for one in await office.asks(sort="members") if one["kind"] == "audited"]
    assert (seen["member"], seen["to"]) == ("Otto", None)
    office.console.clock.ms += DAY - office.console.clock.ms % DAY - 1  # the last moment of today
    office.otto.client = office.console.client()
    assert (await office.otto.log_in()).status_code == 200
    await office.asks()
    assert len(await office.read_lines()) == 1
    office.console.clock.ms += 1
    await office.asks()
    assert len(await office.read_lines()) == 2


async def test_who_may_not_read_leaves_no_line(office: Office) -> None:
    """A refused request reads nothing."""
    assert (await office.cleo.get("/v1/audit")).json()["code"] == "role"
    assert await office.read_lines() == []
