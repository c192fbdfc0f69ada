"""One case in every order: whoever may not have it is handed nothing of it.

The model knows who took it, who may never have it, and what of her account was sent.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select, update

from backend.database.tables import (
    alerts,
    cases,
    compartments,
    draft_items,
    grants,
    items,
    media,
    sessions,
)
from backend.jobs.expiring import expire_conversations
from backend.media.removing import collect
from backend.vault.compartments import ACCOUNT, RECOVERY
from sealing import Context, KeyPair, open_text, seal_text
from tests.backend.chats import Chat
from tests.backend.console_cases import step
from tests.backend.consoles import Browser, Console, b64
from tests.backend.machines import Machine, awaited, run_machine
from tests.backend.nights import ACCOUNT as TELLING
from tests.backend.nights import BACK, NEW, TO_MORE, Night

FIRST, SECOND = "Lantern Circle (demo)", "Open Hands Clinic (demo)"
TEAMS = {FIRST: "lantern-first", SECOND: "open-hands-second"}
PEOPLE = {
    "Ada (demo)": (FIRST, False),
    "Sam (demo)": (SECOND, True),
    "Bea": (FIRST, True),
    "Cam": (SECOND, False),
    "Lea": (FIRST, False),
}
"""Member -> organisation, and whether she coordinates."""
WHO = st.sampled_from(tuple(PEOPLE))
OFTEN = st.sampled_from((True, True, True, False))
PLACES = st.sampled_from(("brief", "team", "account"))
ACTS = st.sampled_from(
    ("takes", "answers", "answers", "notes_a_step", "gives_back", "knows_her", "is_done")
)
BOSS = st.sampled_from(("Sam (demo)", "Bea"))


@dataclass
class Member:
    """A console that stays open."""

    name: str
    id: str
    seed: bytes
    token: str

    @property
    def organisation(self) -> str:
        """Its name."""
        return PEOPLE[self.name][0]

    @property
    def coordinates(self) -> bool:
        """May open what others have, with a reason."""
        return PEOPLE[self.name][1]


@dataclass
class Case:
    """What the rules made of it."""

    id: str
    status: str = "open"
    taker: str = ""
    answered_at: int = 0
    excluded: set[str] = field(default_factory=set)
    conflicts: set[str] = field(default_factory=set)
    told: str = "asked"
    """Of her account: asked, begun, sent, over."""
    keep: bool = True


class Grants(Machine):
    """Two organisations, each with a coordinator; one person who writes; time and jobs."""

    @initialize()
    def begin(self) -> None:
        """She asked for help, and the first tier was alerted."""
        people, case_id, count = self.known
        self.people: dict[str, Member] = {one.name: one for one in people}
        nobody = Browser(self.console.client(), self.clock, "", b"")
        chat = Chat(nobody.client, self.console.relais, "555", count=count)
        self.night = Night(self.console, chat, nobody, nobody)
        self.case = Case(case_id)
        self.count = self.looked = 0
        self.file = ""

    async def _answers_whom(self, excluded: str) -> None:
        """Everybody, or not this organisation."""
        if not excluded or excluded in self.case.excluded:
            await self.night.says("1")
            return
        await self.night.says("2")
        labels = [one["text"] for row in self.night.chat.last["buttons"] for one in row]
        (place,) = [n for n, label in enumerate(labels, 1) if excluded in label]
        await self.night.says(str(place), "done")

    def barred(self, name: str) -> bool:
        """Never to have anything of this case."""
        one = self.people[name]
        return one.organisation in self.case.excluded or name in self.case.conflicts

    def browser(self, name: str) -> Browser:
        """This member's, with its cookie."""
        one = self.people[name]
        client = self.console.client({"relais_session": one.token})
        return Browser(client, self.clock, name, one.seed, member_id=one.id)

    async def does(self, name: str, what: str, body: Any = None) -> int:
        """POST something about the case, a second after whatever was before; the status."""
        self.clock.ms += 1000
        answer = await self.browser(name).post(f"/v1/cases/{self.case.id}/{what}", body)
        assert answer.status_code < 500, answer.text
        return answer.status_code

    # -- helpers --------------------------------------------------------------------------------

    @rule(name=WHO, act=ACTS, likely=OFTEN)
    @awaited
    async def a_helper_acts(self, name: str, act: str, likely: bool) -> None:
        """Mostly whoever was asked takes it, and whoever has it does the rest."""
        if likely and act in {"takes", "answers"}:
            name = next(iter(await self._asked()), name)
        elif likely and self.case.taker:
            name = self.case.taker
        await getattr(self, f"_{act}")(name)

    async def _asked(self) -> list[str]:
        """Whose alert is open."""
        rows = await self.rows(select(alerts.c.member_id).where(alerts.c.status == "open"))
        found = {row.member_id for row in rows}
        return [name for name, one in self.people.items() if one.id in found]

    async def _takes(self, name: str) -> None:
        """Nobody who is barred; nobody whom another was before."""
        before = self.case.status, self.case.taker
        if await self.does(name, "take") == 200:
            assert not self.barred(name)
            assert before in {("open", ""), ("taken", name)}, before
            self.case.status, self.case.taker = "taken", name

    async def _answers(self, name: str) -> None:
        """Takes it, and notes a first step at once."""
        await self._takes(name)
        await self._notes_a_step(self.case.taker or name)

    async def _gives_back(self, name: str) -> None:
        """Or says no to an alert."""
        status = await self.does(name, "pass")
        if status == 200 and (self.case.status, self.case.taker) == ("taken", name):
            self._returned()

    def _returned(self) -> None:
        self.case.status, self.case.taker, self.case.answered_at = "open", "", 0

    async def _knows_her(self, name: str) -> None:
        """From now on this member has nothing of it."""
        if await self.does(name, "conflict") == 200:
            self.case.conflicts.add(name)
            if (self.case.status, self.case.taker) == ("taken", name):
                self._returned()

    async def _notes_a_step(self, name: str) -> None:
        """The taker alone; with the first one the other tiers' keys are gone."""
        self.count += 1
        sealed, item = b"RLS\x01" + bytes(1200), f"{self.count:032x}"
        team = (compartments.c.case_id == self.case.id) & (compartments.c.name == "team")
        generations = await self.rows(select(compartments.c.generation).where(team))
        newest = max((row.generation for row in generations), default=1)
        body = step(self.case.id, self.browser(name), item, sealed, newest)
        mine = (self.case.status, self.case.taker) == ("taken", name)
        status = await self.does(name, "steps", body)
        assert (status == 200) is mine, status
        if mine and not self.case.answered_at:
            self.case.answered_at = self.clock.ms

    async def _is_done(self, name: str) -> None:
        """After a first step, by the taker."""
        mine = self.case.taker == name and not self.barred(name)
        right = mine and (self.case.status == "done" or bool(self.case.answered_at))
        assert (await self.does(name, "done") == 200) is right
        if right:
            self.case.status = "done"

    @rule(by=BOSS, to=WHO, place=PLACES, wrongly=st.booleans())
    @awaited
    async def grants(self, by: str, to: str, place: str, wrongly: bool) -> None:
        """A coordinator who can open it gives a key to whoever may have one, and to no other."""
        if wrongly:
            to = next((name for name in PEOPLE if self.barred(name)), to)
        boss, other = self.people[by], self.people[to]
        mine = select(grants).where(
            grants.c.case_id == self.case.id,
            grants.c.name == place,
            grants.c.holder == boss.id,
        )
        rows = await self.rows(mine)
        if not rows:
            return
        row = rows[0]
        context = Context(self.case.id, place, row.generation, boss.id, "grant")
        seed = open_text(row.sealed, KeyPair(boss.seed), context)
        context = Context(self.case.id, place, row.generation, other.id, "grant")
        given = {
            "compartment": place,
            "generation": row.generation,
            "holder": other.id,
            "sealed": b64(seal_text(seed, KeyPair(other.seed).public, context)),
        }
        body = {"grants": [given], "why": "returned", "reason": "why", "consent": "so"}
        status = await self.does(by, "grants", body)
        assert status == (403 if self.barred(to) or self.barred(by) else 204)

    @rule(minutes=st.sampled_from((1, 16, 61, 250)))
    @awaited
    async def waits(self, minutes: int) -> None:
        """Alerts go on to the next tier; who is silent loses the case."""
        self.clock.forward(minutes=minutes)
        await self._stays_open()
        await self.night.jobs()
        (row,) = await self.rows(select(cases).where(cases.c.id == self.case.id))
        if self.case.status == "taken" and not self.case.answered_at and row.status == "open":
            self._returned()

    async def _stays_open(self) -> None:
        """Nobody has to unlock her console again."""
        now = self.clock.ms
        async with self.console.relais.db.write() as tx:
            await tx.execute(update(sessions).values(seen_at=now, expires_at=now + 3_600_000))

    # -- the person who writes ------------------------------------------------------------------

    def _stage(self, *stages: str) -> bool:
        return self.case.status != "erased" and self.case.told in stages

    @precondition(lambda self: self._stage("asked"))
    @rule(keep=st.booleans(), sends_a_file=OFTEN)
    @awaited
    async def begins_her_account(self, keep: bool, sends_a_file: bool) -> None:
        """Its keys are made; nothing of it is served."""
        await self._returns()
        await self.night.says("1", "1" if keep else "2", *TELLING, "these words")
        if sends_a_file:
            await self._sends_a_file()
        self.case.told, self.case.keep = "begun", keep

    async def _sends_a_file(self) -> None:
        """As a bot does: the bytes first, then the turn that names them."""
        chat = self.night.chat
        answer = await chat.client.post(
            "/v1/channels/telegram/media",
            params={"kind": "document", "mime": "application/pdf"},
            content=b"of hers",
            headers=chat.headers,
        )
        body = {"kind": "media", "media": "document"}
        turn = await chat.posts(body, "a-file", media={"id": answer.json()["id"]})
        await chat.settles(turn.json()["delivery"])
        (row,) = await self.rows(select(media.c.id, media.c.compartment))
        assert row.compartment in ACCOUNT
        self.file = str(row.id)

    @precondition(lambda self: self._stage("begun"))
    @rule()
    @awaited
    async def sends_it(self) -> None:
        """Now it may be read."""
        await self._returns()
        await self.night.says("done", "2", "2", "3", "1")
        self.case.told = "sent"

    @precondition(lambda self: self._stage("begun"))
    @rule()
    @awaited
    async def falls_silent(self) -> None:
        """Kept is sent; "only if I send it" is destroyed."""
        self.clock.forward(days=4)
        await expire_conversations(self.console.relais)
        await self._stays_open()
        self.case.told = "sent" if self.case.keep else "over"
        await self._moved()

    @precondition(lambda self: self._stage("asked", "sent", "over"))
    @rule(excluded=st.sampled_from(("", FIRST, SECOND)))
    @awaited
    async def asks_for_something_new(self, excluded: str) -> None:
        """Leaving somebody out who was not before: they have it no longer."""
        if self.case.status == "done":
            return  # a request that is over is left behind
        await self._drive(await self.night.says("repeat"))
        self.case.told = "over" if self.case.told == "asked" else self.case.told
        if "May I tell" in await self.night.says(*NEW[len(BACK) :]):
            await self._answers_whom(excluded)
            self.case.excluded |= {excluded} - {""}
        await self._drive(self.night.chat.last["text"], rest=True)
        await self._moved()

    async def _returns(self) -> None:
        """To the question that stands open; after a while she is greeted first."""
        heard = await self.night.says("repeat")
        for words, answer in (("language", "1"), ("safe", "1"), ("word, number", "blue kite")):
            if words in heard:
                heard = await self.night.says(answer)

    async def _drive(self, heard: str, *, rest: bool = False) -> None:
        """Answer what is asked: to the menu of those who come back, or until nothing is asked."""
        answers = {"sign": "blue kite", "word, number": "blue kite", "tell more": "Stop here"}
        for _ in range(12):
            rests = (await self.night.state()).mode in {"closed", "left"}
            if "What would you like?" in heard or (rest and rests):
                return
            found = [answer for words, answer in answers.items() if words in heard]
            heard = await self.night.says("hello" if rests else found[0] if found else "1")
        raise AssertionError(heard)

    async def _moved(self) -> None:
        """Who was left out, or silent too long, has it no longer."""
        (row,) = await self.rows(select(cases).where(cases.c.id == self.case.id))
        if self.case.status == "taken" and row.status == "open":
            assert self.barred(self.case.taker) or not self.case.answered_at
            self._returned()

    @precondition(lambda self: self.case.status != "erased" and self.looked > 6)
    @rule()
    @awaited
    async def erases(self) -> None:
        """Everything, at once."""
        for _ in range(3):  # a chat that rested greets first
            if "Erase everything?" in await self.night.says("erase"):
                break
        heard = await self.night.says("Yes, erase everything")
        if "sent to helpers" in heard:
            heard = await self.night.says("Erase it now")
        assert "Done" in heard
        self.case.status, self.case.taker = "erased", ""

    # -- what always holds ----------------------------------------------------------------------

    async def _held(self) -> dict[str, set[str]]:
        """Member -> compartments of which there is a key of hers."""
        rows = await self.rows(select(grants).where(grants.c.case_id == self.case.id))
        names = {one.id: one.name for one in self.people.values()}
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(names.get(row.holder, row.holder), set()).add(row.name)
        return found

    @invariant()
    @awaited
    async def it_is_served_to_whom_it_may_be(self) -> None:
        """The taker; a coordinator who holds a key, with a reason where another has it.

        Whoever has it or may never have it is looked at each time, the others in turn.
        """
        self.looked += 1
        in_turn = list(PEOPLE)[self.looked % len(PEOPLE)]
        await self._look(
            [name for name in PEOPLE if name in {self.case.taker, in_turn} or self.barred(name)]
        )

    async def _look(self, names: list[str]) -> None:
        held = await self._held()
        for name in names:
            one = self.people[name]
            mine, boss = self.case.taker == name, one.coordinates and name in held
            others = self.case.taker not in {"", name}
            for reason in ("", "because") if boss and others else ("",):
                right = mine or (boss and (not others or bool(reason)))
                right = right and self.case.status != "erased" and not self.barred(name)
                path, headers = f"/v1/cases/{self.case.id}", {"X-Relais-Reason": reason}
                answer = await self.browser(name).client.get(path, headers=headers)
                assert answer.status_code == (200 if right else 403), (name, answer.text[:200])
                if self.file:
                    await self._look_at_the_file(name, headers, right and self.case.told == "sent")
                if right:
                    self._only_hers(answer.json(), one, held.get(name, set()))

    async def _look_at_the_file(self, name: str, headers: dict[str, str], right: bool) -> None:
        """Served to whom the account is, and to no other."""
        path = f"/v1/cases/{self.case.id}/files/{self.file}"
        answer = await self.browser(name).client.get(path, headers=headers)
        held = (await self._held()).get(name, set())
        right = right and not held.isdisjoint(ACCOUNT)
        assert answer.status_code == (200 if right else 403), (name, answer.text[:200])

    def _only_hers(self, served: dict[str, Any], one: Member, held: set[str]) -> None:
        """Keys of hers alone, and part 2 once it was sent."""
        assert {grant["holder"] for grant in served["grants"]} <= {one.id}
        places = {row["compartment"] for row in (*served["items"], *served["grants"])}
        assert places <= held
        if self.case.told != "sent":
            assert places.isdisjoint(ACCOUNT)

    @invariant()
    @awaited
    async def whoever_is_barred_holds_no_key(self) -> None:
        """Neither whom she left out, nor who knows her."""
        assert not [name for name in await self._held() if name in PEOPLE and self.barred(name)]

    @invariant()
    @awaited
    async def after_the_answer_the_other_tiers_hold_none_from_before(self) -> None:
        """The taker, coordinators and recovery do; and whoever was given one since."""
        if not self.case.answered_at or self.case.status == "erased":
            return
        before = grants.c.granted_at < self.case.answered_at
        rows = await self.rows(
            select(grants.c.holder).where(before, grants.c.case_id == self.case.id)
        )
        kept = {one.id for name, one in self.people.items() if one.coordinates}
        kept |= {self.people[self.case.taker].id, RECOVERY}
        assert {row.holder for row in rows} <= kept

    @invariant()
    @awaited
    async def the_rows_say_the_same(self) -> None:
        """Who has the case, and that an erased one stays erased and empty."""
        (row,) = await self.rows(select(cases).where(cases.c.id == self.case.id))
        names = {one.id: name for name, one in self.people.items()}
        assert row.status == self.case.status
        assert row.account_served is (self.case.told == "sent")
        if self.case.status != "erased":
            assert names.get(row.taker_id, "") == self.case.taker
            return
        await collect(self.console.relais)
        assert not [one for one in self._store() if one.is_file()]
        for table in (grants, items, compartments, media):
            assert await self.rows(select(table).where(table.c.case_id == self.case.id)) == []
        assert await self.rows(select(draft_items)) == []

    def _store(self) -> list[Path]:
        return list((self.console.relais.settings.data_dir / "files").rglob("*"))


async def prepare(console: Console) -> tuple[list[Member], str, int]:
    """All five are on call, and she asked for help."""
    people = await _everybody(console)
    chat = Chat(console.client(), console.relais, "555")
    nobody = Browser(chat.client, console.clock, "", b"")
    night = Night(console, chat, nobody, nobody)
    await night.says(*TO_MORE)
    await night.jobs()
    return people, (await night.case()).id, chat.count


async def _everybody(console: Console) -> list[Member]:
    """Enrolled, each with a messenger and on call."""
    found, sam = [], await console.enrolled("Sam (demo)")
    for name, (organisation, boss) in PEOPLE.items():
        if name == sam.name:
            browser = sam
        elif name.startswith("Ada"):
            browser = await console.enrolled(name)
        else:
            browser = await _joins(console, sam, name, organisation, boss)
        async with console.client() as client:
            phone = Chat(client, console.relais, f"{name}-chat")
            await phone.says((await browser.post("/v1/me/link-codes")).json()["code"])
        await browser.post("/v1/me/on-call", {"on_call": True})
        token = browser.client.cookies["relais_session"]
        found.append(Member(name, browser.member_id, browser.seed, token))
    return found


async def _joins(
    console: Console, sam: Browser, name: str, organisation: str, boss: bool
) -> Browser:
    new = {
        "name": name,
        "organisation": organisation,
        "team_id": TEAMS[organisation],
        "roles": ["responder", "coordinator"] if boss else ["responder"],
        "sex": "female",
        "locale": "en",
    }
    made = await sam.post("/v1/members", new)
    token = made.json()["url"].split("/invite/")[1].split("/")[0]
    browser = Browser(console.client(), console.clock, name, name.encode().ljust(32))
    browser.login_proof = browser.seed
    browser.secret = (await browser.get(f"/v1/invitations/{token}")).json()["totp_secret"]
    answer = await browser.post(f"/v1/invitations/{token}", browser.enrolment())
    browser.member_id = answer.json()["member_id"]
    return browser


def test_a_case_is_handed_to_whom_it_may_be(tmp_path: Path) -> None:
    """Whatever helpers, coordinators, time and she herself do, in whatever order."""
    run_machine(Grants, tmp_path, prepare, examples=8, steps=16)
