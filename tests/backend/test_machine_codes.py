"""Return codes and signs over several phones: nobody is shown a case without having shown either.

The model knows for which case each code was shown, and which sign was given for it in which chat.
What becomes of an older code is left open: only the last one of each case is used.
"""

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select, update

from backend.database.tables import cases, compartments, conversations, grants, items
from tests.backend.chats import Chat
from tests.backend.consoles import Browser, Console
from tests.backend.machines import Machine, awaited, run_machine
from tests.backend.nights import TO_MORE, TO_YES, Night, code_of
from tests.backend.test_who_writes import HELPER_HAS_IT

HOUR = 3_600_000
MENU = "What would you like?"
SIGN_ASKED = "word, number or picture"
SIGNS = ("blue kite", "red kite", "grey kite")
PHONE = st.integers(0, 2)
FEW_CODES, FEW_SIGNS = 10, 5


@dataclass(eq=False)
class Case:
    """A request, and the last code that was shown for it."""

    id: str
    code: str
    erased: bool = False


@dataclass
class Tries:
    """Wrong ones of one chat; after so many none is right for an hour."""

    few: int
    count: int = 0
    last: int = 0

    def closed(self, now: int) -> bool:
        """Not even the right one is looked at."""
        return self.count >= self.few and now < self.last + HOUR

    def wrong(self, now: int) -> None:
        """One more; while it is closed nothing is counted."""
        if not self.closed(now):
            self.count = self.count + 1 if now < self.last + HOUR else 1
            self.last = now


@dataclass
class Phone:
    """A chat: what it has now, and the signs that were given in it."""

    chat: Chat
    present: Case | None = None
    signs: dict[Case, str] = field(default_factory=dict)
    had: set[Case] = field(default_factory=set)
    codes: Tries = field(default_factory=lambda: Tries(FEW_CODES))
    proofs: Tries = field(default_factory=lambda: Tries(FEW_SIGNS))

    @property
    def signed(self) -> bool:
        """A sign was given for what this chat has now."""
        return self.present in self.signs

    def turns_to(self, case: Case | None) -> None:
        """From now on the chat leads there."""
        self.present = case
        self.had |= {case} if case is not None else set()


class Codes(Machine):
    """Three phones; two of them asked for help already."""

    @initialize()
    def begin(self) -> None:
        """Each of the two has a case, a code and a sign; the third one never wrote."""
        self.client = self.console.client()
        self.phones = [self._phone(str(500 + n)) for n in range(3)]
        self.cases = []
        for phone, sign, (case_id, code, count) in zip(
            self.phones, SIGNS, self.known, strict=False
        ):
            case = Case(case_id, code)
            self.cases.append(case)
            phone.chat.count = count
            phone.signs[case] = sign
            phone.turns_to(case)
        self.new = 0

    def _phone(self, address: str) -> Phone:
        return Phone(Chat(self.client, self.console.relais, address))

    async def hears(self, phone: Phone, *texts: str) -> str:
        """What all of them brought."""
        return "\n".join([await phone.chat.says(text) for text in texts])

    async def ends(self, phone: Phone, heard: str, *, shown: bool) -> None:
        """The menu and news are there for whoever showed what it takes; then she leaves."""
        lives = phone.present is not None and not phone.present.erased
        heard += await phone.chat.says("status")
        assert shown or MENU not in heard
        assert (HELPER_HAS_IT in heard) is (shown and lives), heard
        await phone.chat.says("00")

    # -- codes ----------------------------------------------------------------------------------

    @rule(
        n=PHONE,
        of=st.integers(0, 9),
        guesses=st.sampled_from((0, 0, 0, 1, 9, 10, 10)),
        elsewhere=st.booleans(),
    )
    @awaited
    async def comes_with_a_code(self, n: int, of: int, guesses: int, elsewhere: bool) -> None:
        """It leads to the case that it was shown for, where no sign of this phone guards it.

        Unless too many wrong ones came from here (and not from elsewhere) within the hour.
        """
        phone, guesser = self.phones[n], self.phones[(n + elsewhere) % 3]
        others = [case for case in self.cases if case is not phone.present]
        case = others[of % len(others)]
        heard = await self.hears(guesser, "00", "hello")
        for number in range(guesses):
            heard += await self.hears(guesser, f"{number:016d}")
            guesser.codes.wrong(self.clock.ms)
        heard += await self.hears(phone, "00", "hello")
        closed = phone.codes.closed(self.clock.ms)
        heard += await self.hears(phone, case.code)
        if case.erased:
            phone.codes.wrong(self.clock.ms)
        elif not closed:
            phone.turns_to(case)
        right = not closed and not case.erased
        heard += await self.hears(phone, "1", "1")
        shown = right and not phone.signed
        await self.ends(phone, heard, shown=shown or self._needs_none(phone))

    def _needs_none(self, phone: Phone) -> bool:
        """The chat has a case, and no sign was ever given here."""
        return phone.present is not None and not phone.signs

    # -- signs ----------------------------------------------------------------------------------

    @rule(
        n=PHONE,
        sign=st.sampled_from((*SIGNS, "no kite")),
        own=st.booleans(),
        guesses=st.sampled_from((0, 0, 0, 4, 5)),
    )
    @awaited
    async def shows_a_sign(self, n: int, sign: str, own: bool, guesses: int) -> None:
        """Hers opens her case; one of an earlier request takes that one up again.

        Unless five were wrong here within the hour; other chats know nothing of it.
        """
        phone = self.phones[n]
        asked = bool(phone.signs)
        sign = next(iter(phone.signs.values()), sign) if own else sign
        heard, right = await phone.chat.says("00"), False
        wrong = [f"wrong {number}" for number in range(guesses if asked else 0)]
        for text in (*wrong, sign):
            fits = self._fits(phone, text)
            right = asked and fits is not None and not phone.proofs.closed(self.clock.ms)
            heard = await self.hears(phone, "hello", "1", "1")
            assert (SIGN_ASKED in heard) is asked
            heard += await self.hears(phone, text)
            assert (MENU in heard) is (right or self._needs_none(phone))
            if right:
                phone.turns_to(fits)
                phone.proofs.count = 0
            elif asked:
                phone.proofs.wrong(self.clock.ms)
        await self.ends(phone, heard, shown=right or self._needs_none(phone))

    def _fits(self, phone: Phone, sign: str) -> Case | None:
        if phone.present is not None and phone.signs.get(phone.present) == sign:
            return phone.present
        return next((case for case, one in phone.signs.items() if one == sign), None)

    @precondition(lambda self: self.new < 2)  # a telling is long
    @rule(n=PHONE, asks=st.booleans())
    @awaited
    async def skips_the_sign(self, n: int, asks: bool) -> None:
        """Nothing of what there is is touched: what follows is apart, with a code of its own."""
        phone = self.phones[n]
        heard = await self.hears(phone, "00", "hello", "1", "1")
        if phone.present is not None and not phone.signed:
            await phone.chat.says("00")  # it needs none: nothing is skipped
            return
        if phone.signs:
            heard = await self.hears(phone, "s")
            if SIGN_ASKED in heard:  # what was begun apart before goes on without it at once
                heard = await self.hears(phone, "s")
            phone.turns_to(None)
        assert MENU not in heard
        assert "Which fits" in heard
        if asks:
            await self._asks(phone)
        else:
            await phone.chat.says("00")

    async def _asks(self, phone: Phone) -> None:
        """From "which fits" to the end."""
        self.new += 1
        sign = SIGNS[self.new % len(SIGNS)]
        await self.hears(phone, *TO_YES[3:], "1", sign)
        nobody = Browser(self.client, self.clock, "", b"")
        code = code_of(Night(self.console, phone.chat, nobody, nobody))
        await self.hears(phone, "1", "3", "00")
        case = Case(await self._leads_to(phone), code)
        assert case.id not in {one.id for one in self.cases}
        self.cases.append(case)
        phone.turns_to(case)
        phone.signs[case] = sign
        await _take(self.console, case.id)

    # -- the end --------------------------------------------------------------------------------

    @rule(n=PHONE)
    @awaited
    async def erases(self, n: int) -> None:
        """Every case that this chat ever had; then she has another phone."""
        phone = self.phones[n]
        await self.hears(phone, "00", "hello")
        assert "Erase everything?" in await self.hears(phone, "erase")
        if "sent to helpers" in await self.hears(phone, "1"):
            await self.hears(phone, "1")
        for case in phone.had:
            case.erased = True
        phone.turns_to(None)
        phone.signs = {}
        await self.ends(phone, await self.hears(phone, "hello", "1", "1"), shown=False)
        self.phones[n] = self._phone(f"{phone.chat.address}-new")

    @rule(minutes=st.sampled_from((1, 29, 58, 61)))
    def waits(self, minutes: int) -> None:
        """An hour after the last wrong one all is open again."""
        self.clock.forward(minutes=minutes)

    # -- what always holds ----------------------------------------------------------------------

    async def _leads_to(self, phone: Phone) -> str:
        index = self.console.relais.vault.keyring.index("address", "telegram", phone.chat.address)
        query = select(conversations.c.case_id).where(conversations.c.address_index == index)
        return "".join([str(row.case_id or "") for row in await self.rows(query)])

    @invariant()
    @awaited
    async def each_chat_leads_where_it_should(self) -> None:
        """To what was shown or asked for there, and nowhere else."""
        for phone in self.phones:
            if phone.present is None or not phone.present.erased:
                expected = phone.present.id if phone.present is not None else ""
                assert await self._leads_to(phone) == expected

    @invariant()
    @awaited
    async def what_was_erased_stays_so(self) -> None:
        """And nothing else was."""
        gone = {case.id for case in self.cases if case.erased}
        rows = await self.rows(select(cases.c.id, cases.c.status))
        assert {row.id for row in rows if row.status == "erased"} == gone
        for table in (items, grants, compartments):
            kept = await self.rows(select(table.c.case_id).where(table.c.case_id.in_(gone)))
            assert kept == [], table.name


async def _take(console: Console, case_id: str) -> None:
    """Somebody has it: that is the news."""
    async with console.relais.db.write() as tx:
        await tx.execute(update(cases).where(cases.c.id == case_id).values(status="taken"))


async def prepare(console: Console) -> list[tuple[str, str, int]]:
    """Two phones asked for help; of each the case, its code, and how much was said."""
    ada = await console.enrolled("Ada (demo)")
    found: list[tuple[str, str, int]] = []
    async with console.client() as client:
        phone = Chat(client, console.relais, "ada-chat")
        await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
        await ada.post("/v1/me/on-call", {"on_call": True})
        for number, sign in enumerate(SIGNS[:2]):
            night = Night(console, Chat(client, console.relais, str(500 + number)), ada, ada)
            await night.says(*TO_YES, "1", sign)
            code = code_of(night)
            await night.says(*TO_MORE[len(TO_YES) + 2 :], "3")
            known = {case_id for case_id, _, _ in found}
            rows = await night.rows(select(cases.c.id))
            (case_id,) = [row.id for row in rows if row.id not in known]
            await _take(console, case_id)
            found.append((case_id, code, night.chat.count))
    return found


def test_nobody_is_shown_a_case_without_code_or_sign(tmp_path: Path) -> None:
    """Whoever writes from whichever phone, and whatever is guessed."""
    run_machine(Codes, tmp_path, prepare, examples=7, steps=10)
