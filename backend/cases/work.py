"""What working out one turn's changes reads, and where it puts them."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.changes import Changes, Left
from backend.cases.recording import DraftItem, Publics, item_row
from backend.cases.routing import Routing, dump_routing, load_routing
from backend.content import Edition
from backend.database.tables import compartments, members
from backend.relais import Relais
from backend.vault.compartments import ACCOUNT
from backend.vault.genuine import is_genuine
from conversation import State

_PUBLICS = (
    select(
        compartments.c.name,
        compartments.c.generation,
        compartments.c.public,
        compartments.c.mark,
    )
    .where(compartments.c.case_id == bindparam("case_id"))
    .order_by(compartments.c.generation)
)
_FIRST: Final = "first"
_OF_THE_CASE: Final = frozenset({"add", "contact", "consents"})
"""Routes that belong to a case which was asked for before."""
ASKED: Final = frozenset({"help", "urgent"})
_ACCOUNT_BEGUN: Final = frozenset({"account"})


@dataclass(frozen=True, slots=True)
class Returned:
    """The case that a return code, or the sign of an earlier request, leads to."""

    case_id: str | None
    sign_index: bytes | None = None
    code_index: bytes | None = None
    erasing: bool = False
    """It waits to be erased, which coming back by a code undoes."""


def belongs(state: State) -> bool:
    """What is told in this state is part of the case that the chat has, also when that is done."""
    asked = ASKED | _ACCOUNT_BEGUN
    return state.route in _OF_THE_CASE or not asked.isdisjoint(state.parts)


def unsent(state: State) -> bool:
    """An account is under way that she did not send yet."""
    return "account" in state.parts and "submit2" not in state.parts


@dataclass(slots=True)
class Work:
    """One turn's work on its case. ``connection`` only reads."""

    relais: Relais
    connection: AsyncConnection
    edition: Edition
    conversation_id: str
    channel: str
    locale: str
    before: State
    case: Any
    """Row of the case (id, status, routing_sealed …) or None."""
    changes: Changes
    names: dict[str, str]
    """Organisations by id, as they are told to people."""
    after: State
    """As the engine left it."""
    publics: Publics | None = None
    returned: Returned | None = None
    had: str | None = None
    """The case that the chat has, also where what is told now is no part of it."""
    _routing: Routing | None = None

    @property
    def run(self) -> str:
        """Names this telling among those that went into the case; never empty."""
        return self.after.run or _FIRST

    def named(self, name: str) -> str:
        """A slot's name that no other telling has."""
        return f"{self.after.run}/{name}" if self.after.run else name

    def place_for(self, wanted: str) -> str | None:
        """The compartment, if there is one and what she tells now may go there.

        In a living case that is only once she asked for help, or agreed to give her account, in
        this telling; before, everything waits in the draft.
        """
        if self.publics is None or self.after.route in _OF_THE_CASE:
            return self.publics.place_for(wanted) if self.publics is not None else None
        needed = _ACCOUNT_BEGUN if wanted in ACCOUNT else ASKED
        return None if needed.isdisjoint(self.after.parts) else self.publics.place_for(wanted)

    @property
    def sent(self) -> bool:
        """This telling was sent: what changes now stands beside it."""
        return "submit2" in self.before.parts

    def sealed(self, item: DraftItem) -> dict[str, Any]:
        """A row of ``items``; of part 2, held back until she sends it."""
        assert self.publics is not None  # noqa: S101  (the caller asked for the place)
        if self.after.run:  # inside the seal: a second telling is read beside the first
            item.content["telling"] = self.after.run
        held = item.compartment in ACCOUNT and "submit2" not in self.after.parts
        return item_row(self.relais, self.publics, item, held=self.run if held else None)

    def routing(self) -> Routing:
        """The facts by which the case is routed, as far as this turn has got."""
        if self._routing is None and self.case is not None and self.case.routing_sealed is not None:
            raw = self.relais.vault.keyring.open(
                "routing", self.case.routing_sealed, "cases", "routing", self.case.id
            )
            self._routing = load_routing(raw)
        return self._routing or Routing()

    def route(self, routing: Routing) -> None:
        """Change them."""
        self._routing = routing
        case_id = self.changes.case_id or ""
        sealed = self.relais.vault.keyring.seal(
            "routing", dump_routing(routing), "cases", "routing", case_id
        )
        if self.changes.new_case is not None:
            self.changes.new_case.row["routing_sealed"] = sealed
        else:
            self.changes.routing = sealed

    def part_from_case(self, kept: dict[str, str] | None = None, *, danger: bool = False) -> None:
        """What follows has nothing to do with the case so far.

        ``kept`` is remembered there, and an account that was not sent ends as it would in silence.
        """
        if self.case is not None and kept is not None:
            sealed = self.relais.vault.keyring.seal(
                "contact", msgspec.json.encode(kept), "cases", "remembered", self.case.id
            )
            self.changes.left = Left(
                self.case.id,
                sealed,
                run=(self.before.run or _FIRST) if unsent(self.before) else "",
                keep="keep" in self.before.parts,
                danger=danger,
            )
        self.case = self.publics = self._routing = None
        self.changes.case_id = self.changes.seen = None


async def load_publics(work: Work, case_id: str) -> Publics:
    """The newest public halves of a case's compartments."""
    rows = await work.connection.execute(_PUBLICS, {"case_id": case_id})
    newest = {row.name: row for row in rows}
    keyring = work.relais.vault.keyring
    strange = {name for name, row in newest.items() if not is_genuine(keyring, case_id, row)}
    keys = {name: (row.generation, row.public) for name, row in newest.items()}
    return Publics(case_id, keys, frozenset(strange))


async def members_of(work: Work, organisations: tuple[str, ...]) -> list[str]:
    """Everyone of these organisations, coordinators without a team included."""
    found = await work.connection.execute(
        select(members.c.id).where(
            members.c.organisation_id.in_(organisations), members.c.disabled_at.is_(None)
        )
    )
    return list(found.scalars())
