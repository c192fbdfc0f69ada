"""Log-in and sessions in every order: a session answers exactly while a small model says so."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, invariant, multiple, rule
from sqlalchemy import select

from backend.accounts.sessions import find_session, session_index
from backend.database.tables import members, recovery_codes
from backend.database.tables import sessions as sessions_table
from tests.backend.consoles import ARGON, HEADER, Browser, Console, b64, totp
from tests.backend.machines import Machine, awaited, run_machine

MINUTE = 60_000
IDLE = 15 * MINUTE
LONGEST = 12 * 60 * MINUTE
SLOTS = ("ada", "sam", "ben")
"""Places for a responder and two coordinators; whoever left one is followed by another."""
WHO = st.sampled_from(SLOTS)
WRONG, NEVER = bytes(31) + b"x", b"never chosen".ljust(32)
DEVICE = st.sampled_from(("none", "own", "forged"))
CODES = st.one_of(
    st.sampled_from((0, 0, 0, -1, 1, -2, 2)),
    st.sampled_from(("spare", "spare used", "spare of another", "000000", "00000-00000")),
)
"""What is typed as the second factor; a number: the authenticator's, so many steps from now."""


@dataclass
class Person:
    """What somebody knows, and what of it was used."""

    slot: str
    name: str
    id: str = ""
    invitation: str = ""
    secret: str = ""
    step: int = 0
    proof: bytes = NEVER
    proof_before: bytes = NEVER
    spare: list[str] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    device: str = ""
    enrolled: bool = False
    gone: bool = False
    guesses: int = 0
    guessed_at: int = 0
    """Wrong second factors after right words since the last log-in."""
    doubts: int = 0
    """Wrong words at an open console since the last right ones."""

    @property
    def coordinates(self) -> bool:
        """May invite, reset, remove."""
        return self.slot != "ada"


@dataclass
class Session:
    """A cookie, whose it is, and what the server should think of it."""

    token: str
    owner: Person
    opened: int
    seen: int
    ended: bool = False

    def lives(self, now: int) -> bool:
        """It answers at this moment."""
        fresh = self.seen > now - IDLE and self.opened + LONGEST > now
        return fresh and not self.ended and not self.owner.gone


class Sessions(Machine):
    """A responder, two coordinators, strangers, and a clock that also goes back a little."""

    sessions: Bundle[Session] = Bundle("sessions")

    @initialize(target=sessions)
    def begin(self) -> MultipleResults[Session]:
        """The sessions of enrolment are open."""
        now = self.clock.ms - MINUTE
        self.people = {person.slot: person for person, _ in self.known}
        self.left: list[Person] = []
        self.all = [Session(token, person, now, now) for person, token in self.known]
        self.accepted: set[str] = set()
        self.names = 0
        return multiple(*self.all)

    async def asks(
        self, session: Session, path: str, body: Any = None, method: str = "POST"
    ) -> httpx.Response:
        """A request with this cookie; it counts as use."""
        if session.lives(self.clock.ms) and session.seen + 30_000 <= self.clock.ms:
            session.seen = self.clock.ms
        return await _request(self.console, session.token, path, body, method)

    # -- coming in ------------------------------------------------------------------------------

    @rule(
        target=sessions,
        who=WHO,
        code=st.sampled_from((0, 1, -1, "spare")),
        device=DEVICE,
        guesses=st.sampled_from((0, 0, 7)),
    )
    @awaited
    async def logs_in(
        self, who: str, code: int | str, device: str, guesses: int
    ) -> MultipleResults[Session]:
        """With everything that is right, in the moment after a stranger's guesses."""
        self.clock.ms += 31_000
        await self._guesses(self.people[who], guesses, {})
        return await self._logs_in(who, who, "right", code, device)

    @rule(
        target=sessions,
        who=WHO,
        other=WHO,
        words=st.sampled_from(("right", "right", "wrong", "before")),
        code=CODES,
        device=DEVICE,
    )
    @awaited
    async def tries(
        self, who: str, other: str, words: str, code: int | str, device: str
    ) -> MultipleResults[Session]:
        """With whatever words, and whatever code."""
        return await self._logs_in(who, other, words, code, device)

    async def _logs_in(
        self, who: str, other: str, words: str, code: int | str, device: str
    ) -> MultipleResults[Session]:
        """Right words and a code that was never accepted open a session, and nothing else does."""
        person = self.people[who]
        proof = {"right": person.proof, "wrong": WRONG, "before": person.proof_before}[words]
        typed, step = self._typed(person, self.people[other], code)
        known = person.enrolled and proof == person.proof
        right = known and self._fits(person, typed, step)
        cookie = {"none": "", "own": person.device, "forged": f"{person.id}.{'0' * 64}"}[device]
        async with self.console.client({"relais_device": cookie} if cookie else None) as client:
            answer = await _tries(client, person, proof, typed)
        if not right:
            assert answer.status_code in {401, 429}, (words, code)
            person.guesses += known
            person.guessed_at = self.clock.ms if known else person.guessed_at
            return multiple()
        if answer.status_code == 429:  # only who has the words can bring this about
            assert person.guesses >= 5
            assert self.clock.ms < person.guessed_at + IDLE
            return multiple()
        assert answer.status_code == 200, answer.text
        assert answer.json()["me"]["id"] == person.id
        person.device = answer.cookies["relais_device"]
        self._use_up(person, typed, step)
        async with self.console.client() as client:  # seen over a shoulder: it opens nothing
            again = await _tries(client, person, proof, typed)
        assert again.status_code in {401, 429}
        person.guesses, person.guessed_at = 1, self.clock.ms
        return multiple(self._opened(person, answer.cookies["relais_session"]))

    def _typed(self, person: Person, other: Person, code: int | str) -> tuple[str, int | None]:
        """What is typed, and its step where an authenticator shows it."""
        if isinstance(code, int):
            secret = person.secret or "A" * 32
            return totp(secret, self.clock, steps=code), self.clock.ms // 30_000 + code
        kept = {"spare": person.spare, "spare used": person.spent, "spare of another": other.spare}
        return next(iter(kept.get(code, [code])), "00000-00000"), None

    def _fits(self, person: Person, typed: str, step: int | None) -> bool:
        if step is None:
            return typed in person.spare
        return abs(step - self.clock.ms // 30_000) <= 1 and step > person.step

    def _use_up(self, person: Person, typed: str, step: int | None) -> None:
        """Nothing is ever accepted twice."""
        used = typed if step is None else f"{person.secret} {step}"
        assert used not in self.accepted
        self.accepted.add(used)
        person.guesses = 0
        if step is None:
            person.spare.remove(typed)
            person.spent.insert(0, typed)
        else:
            person.step = step

    def _opened(self, person: Person, token: str) -> Session:
        now = self.clock.ms
        for one in self.all:  # a log-in sweeps away what is over
            one.ended = one.ended or one.opened + LONGEST <= now
        self.all.append(Session(token, person, now, now))
        return self.all[-1]

    @rule(who=WHO, times=st.integers(1, 8), forged=st.booleans())
    @awaited
    async def is_guessed_at(self, who: str, times: int, forged: bool) -> None:
        """A stranger tries and does not get in."""
        person = self.people[who]
        cookies = {"relais_device": f"{person.id}.{'0' * 64}"} if forged else {}
        await self._guesses(person, times, cookies)

    async def _guesses(self, person: Person, times: int, cookies: dict[str, str]) -> None:
        async with self.console.client(cookies) as client:
            for _ in range(times):
                answer = await _tries(client, person, WRONG, "000000")
                assert answer.status_code in {401, 429}

    # -- an open console ------------------------------------------------------------------------

    @rule(session=sessions)
    @awaited
    async def uses(self, session: Session) -> None:
        """It answers its owner, or nobody."""
        lives = session.lives(self.clock.ms)
        answer = await self.asks(session, "/v1/me", method="GET")
        assert answer.status_code == (200 if lives else 401)
        assert not lives or answer.json()["id"] == session.owner.id

    @rule(session=sessions)
    @awaited
    async def logs_out(self, session: Session) -> None:
        """Over, whatever it was."""
        answer = await _request(self.console, session.token, "/v1/logout")
        assert answer.status_code == 204
        session.ended = True

    @rule(session=sessions, other=sessions)
    @awaited
    async def ends_another(self, session: Session, other: Session) -> None:
        """From another device of the same member's; nobody else's, and never this one."""
        lives = session.lives(self.clock.ms)
        which = session_index(self.console.relais, other.token)[:8].hex()
        answer = await self.asks(session, f"/v1/me/sessions/{which}", method="DELETE")
        assert answer.status_code == (200 if lives else 401)
        if lives and other is not session and other.owner is session.owner:
            other.ended = True

    @rule(session=sessions)
    @awaited
    async def ends_all_others(self, session: Session) -> None:
        """Log out everywhere else."""
        lives = session.lives(self.clock.ms)
        answer = await self.asks(session, "/v1/me/sessions/others", method="DELETE")
        assert answer.status_code == (200 if lives else 401)
        if lives:
            self._end_others(session)

    def _end_others(self, session: Session) -> None:
        for one in self.all:
            if one.owner is session.owner and one is not session:
                one.ended = True

    async def _proves(self, session: Session, right: bool, path: str, **body: Any) -> Any:
        """What asks for the words again; the answer, or None where it was rightly refused."""
        lives, person = session.lives(self.clock.ms), session.owner
        name = "before" if "login" in body else "login"
        body[name] = b64(person.proof if right else WRONG)
        answer = await self.asks(session, path, body)
        if lives and right and answer.status_code == 429:
            assert person.doubts >= 5
            return None
        if not (lives and right):
            assert answer.status_code in ({403, 429} if lives else {401})
            person.doubts += lives
            return None
        assert answer.status_code < 300, answer.text
        person.doubts = 0
        return answer

    @rule(session=sessions, right=st.sampled_from((True, True, False)))
    @awaited
    async def makes_codes(self, session: Session, right: bool) -> None:
        """Eight new codes for a lost phone; the earlier ones lapse."""
        answer = await self._proves(session, right, "/v1/me/recovery-codes")
        if answer is not None:
            person = session.owner
            person.spent = person.spare + person.spent
            person.spare = answer.json()["codes"]

    @rule(session=sessions, right=st.sampled_from((True, True, False)), n=st.integers(0, 255))
    @awaited
    async def changes_words(self, session: Session, right: bool, n: int) -> None:
        """The old ones open nothing, and every other session is over."""
        new = bytes([n]) * 32
        more = {"login": b64(new), "wrapped_seed": b64(b"v" * 60), "argon": ARGON}
        person = session.owner
        if await self._proves(session, right, "/v1/me/words", **more) is not None:
            if new != person.proof:
                person.proof_before, person.proof = person.proof, new
            self._end_others(session)

    @rule(
        session=sessions,
        right=st.sampled_from((True, True, False)),
        steps=st.sampled_from((0, 0, 1, 2, -1)),
    )
    @awaited
    async def changes_authenticator(self, session: Session, right: bool, steps: int) -> None:
        """The new one counts once it showed a code, and that code is used up."""
        answer = await self._proves(session, right, "/v1/me/authenticator/new")
        if answer is None:
            return
        secret, person = answer.json()["totp_secret"], session.owner
        body = {"totp": totp(secret, self.clock, steps=steps)}
        shown = await self.asks(session, "/v1/me/authenticator", body)
        assert shown.status_code == (204 if abs(steps) <= 1 else 422)
        if abs(steps) <= 1:
            person.secret, person.step = secret, self.clock.ms // 30_000 + steps

    # -- coordination ---------------------------------------------------------------------------

    @rule(session=sessions, who=WHO, how=st.sampled_from(("reset", "remove")))
    @awaited
    async def ends_somebody(self, session: Session, who: str, how: str) -> None:
        """By a living coordinator, and not herself: every session, every proof is over."""
        person, by = self.people[who], session.owner
        lives = session.lives(self.clock.ms)
        answer = await self.asks(session, f"/v1/members/{person.id}/{how}")
        if not lives:
            assert answer.status_code == 401
        elif not by.coordinates:
            assert answer.status_code == 403
        elif by is person:
            assert answer.status_code == 409
        elif person.gone:
            assert answer.status_code == 404
        else:
            assert answer.status_code == (201 if how == "reset" else 204), answer.text
            person.gone, person.enrolled = True, False
            self.left.append(person)
            if how == "reset":
                self._invited(answer, Person(who, person.name))

    @rule(session=sessions, who=WHO)
    @awaited
    async def invites(self, session: Session, who: str) -> None:
        """Somebody in the place of whoever left."""
        if not self.people[who].gone or not session.lives(self.clock.ms):
            return
        if session.owner.coordinates:
            self.names += 1
            person = Person(who, f"{who} {self.names}")
            self._invited(await self.asks(session, "/v1/members", _new(person)), person)

    def _invited(self, answer: httpx.Response, person: Person) -> None:
        assert answer.status_code == 201, answer.text
        person.id = answer.json()["id"]
        person.invitation = _token(answer)
        self.people[person.slot] = person

    @rule(target=sessions, who=WHO)
    @awaited
    async def enrols(self, who: str) -> MultipleResults[Session]:
        """By the link, once; a link of somebody who left opens nothing."""
        person = self.people[who]
        async with self.console.client() as client:
            begun = await client.get(f"/v1/invitations/{person.invitation}")
            assert begun.status_code == (404 if person.enrolled or person.gone else 200)
        if person.enrolled or person.gone:
            return multiple()
        return multiple(self._opened(person, await _enrols(self.console, person)))

    # -- time -----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((1, 29, 31, 61, 300, 800, 899, 900, 901, 3_700, 21_600, 43_200)))
    def waits(self, seconds: int) -> None:
        """Time goes by."""
        self.clock.ms += seconds * 1000

    @rule(seconds=st.sampled_from((1, 30, 60)))
    def is_set_back(self, seconds: int) -> None:
        """The server's clock is corrected."""
        self.clock.ms -= seconds * 1000

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    @awaited
    async def a_session_answers_exactly_while_it_should(self) -> None:
        """Its owner stands behind it, or nobody."""
        for one in self.all:
            found = await find_session(self.console.relais, one.token, touch=False)
            expected = one.owner.id if one.lives(self.clock.ms) else None
            assert (found.id if found is not None else None) == expected

    @invariant()
    @awaited
    async def who_left_or_was_reset_has_nothing(self) -> None:
        """No row of a session or of a code, and no secret."""
        gone = [one.id for one in self.left]
        for table in (sessions_table, recovery_codes):
            assert await self.rows(select(table).where(table.c.member_id.in_(gone))) == []
        kept = select(members.c.totp_sealed, members.c.login_index, members.c.key_sealed)
        for row in await self.rows(kept.where(members.c.id.in_(gone))):
            assert set(row) == {None}


async def _tries(
    client: httpx.AsyncClient, person: Person, proof: bytes, code: str
) -> httpx.Response:
    body = {"name": person.name, "login": b64(proof), "totp": code}
    return await client.post("/v1/login", json=body, headers=HEADER)


async def _request(
    console: Console, token: str, path: str, body: Any = None, method: str = "POST"
) -> httpx.Response:
    async with console.client() as client:
        headers = HEADER | {"Cookie": f"relais_session={token}"}
        return await client.request(method, path, json=body, headers=headers)


def _new(person: Person) -> dict[str, Any]:
    roles = ["responder", "coordinator"] if person.coordinates else ["responder"]
    return {
        "name": person.name,
        "organisation": "Lantern Circle (demo)",
        "team_id": None,
        "roles": roles,
        "sex": "",
        "locale": "en",
    }


def _token(answer: httpx.Response) -> str:
    return str(answer.json()["url"].split("/invite/")[1].split("/")[0])


async def _invites(console: Console, token: str, person: Person) -> str:
    answer = await _request(console, token, "/v1/members", _new(person))
    assert answer.status_code == 201, answer.text
    return _token(answer)


async def _enrols(console: Console, person: Person) -> str:
    """Enrolled by the invitation; the session's token."""
    async with console.client() as client:
        seed = person.invitation[:32].encode()
        browser = Browser(client, console.clock, person.name, seed, login_proof=seed)
        path = f"/v1/invitations/{person.invitation}"
        browser.secret = person.secret = (await browser.get(path)).json()["totp_secret"]
        answer = await browser.post(path, browser.enrolment())
        assert answer.status_code == 201, answer.text
        person.id, person.proof, person.enrolled = answer.json()["member_id"], seed, True
        person.step = console.clock.ms // 30_000
        return answer.cookies["relais_session"]


async def prepare(console: Console) -> list[tuple[Person, str]]:
    """All three have enrolled, each with an open session."""
    found = []
    for slot, name in (("ada", "Ada (demo)"), ("sam", "Sam (demo)")):
        person = Person(slot, name, invitation=console.invitation(name))
        found.append((person, await _enrols(console, person)))
    ben = Person("ben", "Ben")
    ben.invitation = await _invites(console, found[1][1], ben)
    found.append((ben, await _enrols(console, ben)))
    for person, token in found:
        proof = {"login": b64(person.proof)}
        answer = await _request(console, token, "/v1/me/recovery-codes", proof)
        person.spare = answer.json()["codes"]
    console.clock.forward(minutes=1)
    return found


def test_a_session_answers_exactly_while_it_should(tmp_path: Path) -> None:
    """Whatever is done in whatever order: the server and a small model agree on every session."""
    run_machine(Sessions, tmp_path, prepare, examples=15, steps=25)
