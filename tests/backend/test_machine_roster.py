"""The list of members in every order: what was accepted never goes back, whatever lies in the rows.

The model knows the newest list that was accepted, and by what a next one may follow it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import delete, insert, select, update

from backend.accounts.roster_store import current_signed, holders, newest
from backend.ambient import DAY
from backend.cases.opening import make_compartments
from backend.database.tables import members, rosters
from backend.vault.compartments import RECOVERY
from backend.vault.roster import Roster, RosterMember, SignedRoster, Signer, sign_roster, vouch
from backend.vault.roster_floor import read_floor
from sealing import Context, KeyPair, SigningKey, open_text
from tests.backend.consoles import Browser, Console, b64
from tests.backend.houses import KEY, add_member, entry, production, roster
from tests.backend.machines import Machine, awaited, run_machine

NUMBERS = (1, 8, 2, 3)
"""Two coordinators and two responders; the first one's key is the root."""
BOSSES = (1, 8)
OFTEN = st.sampled_from((True, True, True, False))
BOSS = st.sampled_from(BOSSES)
ANYBODY = st.sampled_from(NUMBERS)
BY = st.sampled_from((1, 1, 8, 8, 2))
KEYS = {number: SigningKey(bytes([number]) * 32) for number in (*NUMBERS, 9)}
NUMBER_OF = {key.public: number for number, key in KEYS.items()}
STRANGE = KeyPair(b"\x44" * 32).public.raw


@cache
def person(number: int) -> RosterMember:
    """An entry with this member's real keys."""
    roles = ("coordinator",) if number in BOSSES else ("responder",)
    return replace(entry(number), roles=roles)


@dataclass(frozen=True)
class Next:
    """How a list that somebody offers differs from a right one."""

    by: int
    uploader: int
    listed: frozenset[int]
    vouched: tuple[tuple[int, int], ...]
    """(who, by whom), a chain in this order."""
    revoked: frozenset[int]
    version: int = 1
    """So many above the newest one."""
    days: int = 90
    names_before: bool = True
    recovery: bool = True


CHAINS = ((), ((8, 1),), ((8, 1), (2, 8)), ((2, 8),), ((8, 8),), ((8, 1), (9, 8)), ((9, 1),))
ANYTHING = st.builds(
    Next,
    by=BY,
    uploader=ANYBODY,
    listed=st.frozensets(ANYBODY),
    vouched=st.sampled_from(CHAINS),
    revoked=st.frozensets(st.sampled_from((1, 8, 2)), max_size=2),
    version=st.sampled_from((1, 1, 1, 0, 2, -1)),
    days=st.sampled_from((90, 90, 1, 91, 0)),
    names_before=OFTEN,
    recovery=OFTEN,
)


FAULTS: dict[str, Callable[[Next], Next]] = {
    "one too far": lambda how: replace(how, version=2),
    "the same again": lambda how: replace(how, version=0),
    "follows another": lambda how: replace(how, names_before=False),
    "for too long": lambda how: replace(how, days=91),
    "no recovery": lambda how: replace(how, recovery=False),
    "one alone": lambda how: replace(how, listed=how.listed - {8}),
    "revoked signs": lambda how: replace(how, by=8, revoked=how.revoked | {8}),
    "revoked vouches": lambda how: replace(how, by=1, vouched=(*how.vouched, (2, 8))),
    "revoked forgotten": lambda how: replace(how, revoked=frozenset()),
    "strange signer": lambda how: replace(how, by=9),
}
"""What may be wrong with a list; some of it only after a key was revoked."""
FAULT = st.sampled_from(tuple(FAULTS))
AFTER = st.sampled_from(("revoked signs", "revoked vouches", "revoked forgotten"))


class RosterHouse(Machine):
    """Two coordinators sign; somebody changes the rows; the server restarts; time passes."""

    @initialize(first=OFTEN)
    @awaited
    async def begin(self, first: bool) -> None:
        """Mostly, a first list was signed."""
        self.accepted: list[tuple[Roster, SignedRoster]] = []
        self.whole = True
        """The newest row is the list that was accepted."""
        self.strange: set[int] = set()
        """Members whose row holds another key than theirs."""
        self.gone: set[int] = set()
        self.cases = self.started = 0
        if first:
            await self._offers(Next(1, 1, frozenset({1, 8, 2}), ((8, 1),), frozenset()))

    @property
    def newest(self) -> Roster | None:
        """The list that counts, or will until another follows."""
        return self.accepted[-1][0] if self.accepted else None

    @property
    def version(self) -> int:
        """Of the newest list; the first one may begin anywhere."""
        return self.newest.version if self.newest is not None else 0

    @property
    def in_force(self) -> Roster | None:
        """The same, unless it has expired."""
        last = self.newest
        return last if last is not None and last.valid_until > self.clock.ms else None

    def vouched(self) -> set[int]:
        """To whom anything may be sealed now."""
        if self.in_force is None:
            return set()
        listed = {int(one.id, 16) for one in self.in_force.members}
        return listed - self.strange - self.gone

    # -- signing --------------------------------------------------------------------------------

    @rule(by=BOSS, uploader=BOSS, listed=st.sets(ANYBODY))
    @awaited
    async def signs_the_next(self, by: int, uploader: int, listed: set[int]) -> None:
        """As coordinators do it: members come and go."""
        await self._offers(replace(self._right(by, uploader), listed=frozenset(listed | {1, 8})))

    @rule(by=BOSS, uploader=BOSS, whom=st.sampled_from((8, 8, 2)), then=AFTER)
    @awaited
    async def revokes(self, by: int, uploader: int, whom: int, then: str) -> None:
        """A key that may have been stolen signs nothing from now on, and vouches for nobody new."""
        right = self._right(by, uploader)
        await self._offers(replace(right, revoked=right.revoked | {whom}))
        await self._offers(FAULTS[then](self._right(1, 1)))

    @rule(by=BOSS, uploader=BOSS, fault=FAULT)
    @awaited
    async def offers_one_with_a_fault(self, by: int, uploader: int, fault: str) -> None:
        """Right in everything else."""
        await self._offers(FAULTS[fault](self._right(by, uploader)))

    @rule(how=ANYTHING, keeps=st.booleans())
    @awaited
    async def offers_anything(self, how: Next, keeps: bool) -> None:
        """Lists that are wrong in one way or many."""
        if keeps:
            chain, revoked = self._standing()
            chain = tuple(dict.fromkeys((*chain, *how.vouched)))
            how = replace(how, vouched=chain, revoked=how.revoked | revoked)
        await self._offers(how)

    @rule(uploader=BOSS, back=st.integers(0, 3))
    @awaited
    async def offers_one_of_before(self, uploader: int, back: int) -> None:
        """The one in use is taken where its row is not there any more; an earlier one never is."""
        if back >= len(self.accepted):
            return
        made, signed = self.accepted[-1 - back]
        there = select(rosters.c.document, rosters.c.signature)
        rows = await self.rows(there.where(rosters.c.version == made.version))
        missing = [(signed.document, signed.signature)] != [tuple(row) for row in rows]
        right = back == 0 and missing and self._may_upload(uploader) and self.in_force is not None
        assert (await self._upload(uploader, signed) == "201") is right
        self.whole = self.whole or right

    def _standing(self) -> tuple[tuple[tuple[int, int], ...], frozenset[int]]:
        """Who may sign by the newest list, and who may not any more."""
        last = self.newest
        if last is None:
            return (), frozenset()
        chain = tuple((NUMBER_OF[one.key], NUMBER_OF[one.by]) for one in last.signers)
        return chain, frozenset(NUMBER_OF[one] for one in last.revoked)

    def _right(self, by: int, uploader: int) -> Next:
        """The same people again, as it may follow."""
        chain, revoked = self._standing()
        return Next(by, uploader, self._listed(), _with_second(chain), revoked)

    def _listed(self) -> frozenset[int]:
        last = self.newest
        return frozenset({1, 8} | {int(one.id, 16) for one in (last.members if last else ())})

    async def _offers(self, how: Next) -> None:
        """Upload it; taken exactly when the model says that it may follow."""
        made = self._made(how)
        signed = sign_roster(made, KEYS[how.by])
        self.clock.forward(minutes=1)
        right = self._may_upload(how.uploader) and self._holds(how, made)
        answer = await self._upload(how.uploader, signed)
        assert (answer == "201") is right, (how, answer)
        if right:
            self.accepted.append((made, signed))
            self.whole = True

    def _made(self, how: Next) -> Roster:
        before = self.accepted[-1][1].digest if self.accepted else ""
        issued = self.clock.ms // 1000 * 1000 + 60_000
        changes: dict[str, Any] = {} if how.recovery else {"recovery": None}
        return roster(
            version=self.version + how.version,
            previous=before if how.names_before else "0" * 64,
            issued_at=issued,
            valid_until=issued + how.days * DAY,
            signer=KEYS[how.by].public,
            members=tuple(person(one) for one in sorted(how.listed)),
            signers=tuple(_vouched(who, by) for who, by in how.vouched),
            revoked=tuple(KEYS[one].public for one in how.revoked),
            **changes,
        )

    def _may_upload(self, number: int) -> bool:
        allowed = number in BOSSES and number not in self.gone
        return allowed and (self.in_force is None or number in self.vouched())

    def _holds(self, how: Next, made: Roster) -> bool:
        chain, revoked = self._standing()
        led = {1}
        for who, by in how.vouched:
            led |= {who} if by in led else set()
        fresh = {by for who, by in how.vouched if who not in {one for one, _ in chain}}
        itself = (
            how.by in led
            and len(led) == 1 + len(how.vouched)  # each entry adds a key
            and how.by not in how.revoked
            and 0 < how.days <= 90
            and made.valid_until > self.clock.ms
            and how.recovery
            and how.listed >= {1, 8}
        )
        if not self.accepted:
            return itself and made.version >= 1
        follows = how.version == 1 and how.names_before
        succeeds = revoked <= how.revoked and how.by not in revoked and not fresh & revoked
        return itself and follows and succeeds

    async def _upload(self, number: int, signed: SignedRoster) -> str:
        async with self.console.client() as client:
            browser = Browser(client, self.clock, f"Member {number}", b"")
            browser.login_proof, browser.secret = bytes(32), self.known[number]
            self.clock.forward(minutes=1)
            await browser.log_in()
            body = {"document": b64(signed.document), "signature": b64(signed.signature)}
            answer = await browser.post("/v1/roster", body)
        assert answer.status_code in {201, 401, 403, 422}, answer.text
        return str(answer.json().get("code", answer.status_code))

    # -- what goes wrong ------------------------------------------------------------------------

    @precondition(lambda self: self.accepted)
    @rule(rows=st.integers(1, 3))
    @awaited
    async def is_put_back(self, rows: int) -> None:
        """The database is that of an earlier day."""
        async with self.console.relais.db.write() as tx:
            last = self.version - rows
            await tx.execute(delete(rosters).where(rosters.c.version > last))
        self.whole = False

    @precondition(lambda self: self.accepted)
    @rule(how=st.sampled_from(("document", "signature", "older", "other signer")))
    @awaited
    async def is_tampered_with(self, how: str) -> None:
        """The newest row holds something else."""
        made, signed = self.accepted[-1]
        other = {
            "document": {"document": signed.document.replace(b"Lantern", b"Lantorn")},
            "signature": {"signature": bytes(64)},
            "older": _row(self.accepted[0][1]),
            "other signer": _row(
                sign_roster(replace(made, signer=KEYS[9].public, members=()), KEYS[9])
            ),
        }[how]
        async with self.console.relais.db.write() as tx:
            await tx.execute(
                update(rosters).where(rosters.c.version == made.version).values(**other)
            )
        self.whole = self.whole and how == "older" and len(self.accepted) == 1

    @precondition(lambda self: self.accepted)
    @rule(above=st.integers(1, 3), what=st.sampled_from(("nothing", "older")))
    @awaited
    async def gets_a_row_that_nobody_signed(self, above: int, what: str) -> None:
        """Of a version that does not exist yet; the next list follows all the same."""
        other = _row(self.accepted[0][1] if what == "older" else SignedRoster(b"{}", bytes(64)))
        version = self.version + above
        async with self.console.relais.db.write() as tx:
            await tx.execute(delete(rosters).where(rosters.c.version == version))
            await tx.execute(insert(rosters).values(version=version, signed_at=0, **other))
        self.whole = False
        await self._counts()
        await self._offers(self._right(1, 1))

    @precondition(lambda self: self.accepted and self.whole)
    @rule()
    def loses_what_was_kept_elsewhere(self) -> None:
        """The copy beside the draft keys; the database has it still."""
        (self.console.relais.settings.draft_keys_path / "roster-floor.json").unlink()

    @precondition(lambda self: self.started < 2)  # each costs as much as twenty other rules
    @rule()
    @awaited
    async def restarts(self) -> None:
        """The server stops and starts again."""
        self.started += 1
        await self.house.start()

    @rule(days=st.sampled_from((1, 45, 89, 90)))
    def waits(self, days: int) -> None:
        """Lists expire."""
        self.clock.forward(days=days)

    @rule(number=st.sampled_from((2, 3)), strange=st.booleans())
    @awaited
    async def gets_another_key(self, number: int, strange: bool) -> None:
        """The row of a member is changed, or put right again."""
        key = STRANGE if strange else person(number).kem
        await self._changes(number, kem_public=key)
        (self.strange.add if strange else self.strange.discard)(number)

    @rule(number=st.sampled_from((2, 3)), gone=st.booleans())
    @awaited
    async def leaves(self, number: int, gone: bool) -> None:
        """A member is removed; or the row is put back into force by somebody."""
        await self._changes(number, disabled_at=1 if gone else None)
        (self.gone.add if gone else self.gone.discard)(number)

    async def _changes(self, number: int, **values: Any) -> None:
        async with self.console.relais.db.write() as tx:
            mine = members.c.id == f"{number:032x}"
            await tx.execute(update(members).where(mine).values(**values))

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    @awaited
    async def the_newest_accepted_list_counts_and_no_other(self) -> None:
        """Never a lower one, never another, and none once it has expired."""
        await self._counts()

    async def _counts(self) -> None:
        """The one that the model has."""
        relais = self.console.relais
        async with relais.db.read() as connection:
            last = await newest(connection, relais.settings)
            now = await current_signed(connection, relais.settings, self.clock.ms)
        assert (last and last[1]) == (self.accepted[-1][1] if self.accepted else None)
        assert (now and now[0].version) == (self.in_force and self.in_force.version)
        assert read_floor(relais.settings.draft_keys_path).version == self.version

    @invariant()
    @awaited
    async def only_who_is_in_it_with_her_own_key_is_sealed_to(self) -> None:
        """And the recovery key of the list."""
        relais = self.console.relais
        async with relais.db.read() as connection:
            found = await holders(connection, relais, [f"{one:032x}" for one in NUMBERS])
        expected = {f"{one:032x}": person(one).kem for one in self.vouched()}
        if self.in_force is not None and self.in_force.recovery is not None:
            expected[RECOVERY] = self.in_force.recovery
        assert {one.id: one.kem.raw for one in found} == expected

    @rule()
    @awaited
    async def seals(self) -> None:
        """A compartment opens with the keys of the list in force, and is granted to no other."""
        if self.in_force is None:
            return
        relais, self.cases = self.console.relais, self.cases + 1
        case_id, wanted = f"{self.cases:032x}", [f"{one:032x}" for one in NUMBERS]
        async with relais.db.read() as connection:
            _, granted = await make_compartments(
                connection, relais, case_id, ("brief",), wanted, "help"
            )
        kept = [one for one in granted if one["holder"] != RECOVERY]
        assert {int(one["holder"], 16) for one in kept} == self.vouched()
        for one in kept:
            seed = bytes([int(one["holder"], 16)]) * 32
            open_text(
                one["sealed"], KeyPair(seed), Context(case_id, "brief", 1, one["holder"], "grant")
            )


def _vouched(who: int, by: int) -> Signer:
    return vouch(KEYS[who].public, f"Member {who}", KEY.public, KEYS[by])


def _with_second(chain: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The root vouches for the second coordinator at once."""
    return chain if any(who == 8 for who, _ in chain) else (*chain, (8, 1))


def _row(signed: SignedRoster) -> dict[str, bytes]:
    return {"document": signed.document, "signature": signed.signature}


async def prepare(console: Console) -> dict[int, str]:
    """Everybody has enrolled; the secrets of their authenticators."""
    return {
        number: (
            await add_member(
                console, number, ["coordinator"] if number in BOSSES else ["responder"]
            )
        ).secret
        for number in NUMBERS
    }


def test_what_was_accepted_never_goes_back(tmp_path: Path) -> None:
    """Whoever signs, whatever is done to the rows: server and model agree on the list in force."""
    run_machine(
        RosterHouse,
        tmp_path,
        prepare,
        opens=lambda folder, clock, seed: production("", folder, clock, seed=seed),
        examples=14,
        steps=16,
    )
