"""From the engine's effects to rows: decided and sealed here, before the transaction."""

import hashlib
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import iso
from backend.cases.changes import Changes
from backend.cases.opening import make_compartments, new_case, publics_of, recipients
from backend.cases.recording import (
    DraftItem,
    Publics,
    answer,
    draft_row,
    item_row,
    item_slot,
    open_draft,
)
from backend.cases.routing import Routing, dump_routing, load_routing
from backend.content import Edition
from backend.database.tables import compartments, draft_items, members
from backend.relais import Relais
from backend.vault.compartments import ACCOUNT, HELP
from conversation import State, Wish, match, normalise
from conversation import effects as fx

_PUBLICS = select(compartments.c.name, compartments.c.generation, compartments.c.public).where(
    compartments.c.case_id == bindparam("case_id")
)
_ACCOUNT_PURPOSES = frozenset({"account", "evidence", "statistics", "justice"})


@dataclass(slots=True)
class Worker:
    """Works out one turn's changes. ``connection`` only reads."""

    relais: Relais
    connection: AsyncConnection
    edition: Edition
    conversation_id: str
    channel: str
    locale: str
    before: State
    case: Any
    """Row of the case (id, status, submitted_at, routing_sealed …) or None."""
    changes: Changes
    names: dict[str, str]
    """Organisations by id, as they are told to people."""
    publics: Publics | None = None
    returned_case: str | None = None

    async def work_out(self, effects: tuple[fx.Effect, ...]) -> Changes:
        """Every effect in order."""
        if self.case is not None:
            self.publics = await self._load_publics(self.case.id)
        for effect in effects:
            await self._carry_out(effect)
        return self.changes

    async def _load_publics(self, case_id: str) -> Publics:
        rows = await self.connection.execute(_PUBLICS, {"case_id": case_id})
        return Publics(case_id, {row.name: (row.generation, row.public) for row in rows})

    @singledispatchmethod
    async def _carry_out(self, effect: object) -> None:
        raise NotImplementedError(type(effect).__name__)

    # -- answers and consents --------------------------------------------------------------

    @_carry_out.register
    async def _(self, effect: fx.Record) -> None:
        if effect.compartment == "routing":
            await self._exclude(effect)
            return
        item = answer(
            self.relais,
            step=effect.step,
            compartment=effect.compartment,
            code=effect.code,
            value=effect.value,
            text=effect.text,
            prompt=effect.prompt,
            locale=self.locale,
        )
        if isinstance(effect, fx.Correct):
            self._drop(effect.step)
        self._keep(item, closed=effect.text is None)

    @_carry_out.register
    async def _(self, effect: fx.Discard) -> None:
        self._drop(effect.step)

    @_carry_out.register
    async def _(self, effect: fx.Consent) -> None:
        shown = self.edition.catalogues.text(self.locale, effect.prompt)
        content = {
            "purpose": effect.purpose,
            "answer": effect.answer,
            "organisations": [self.names.get(one, one) for one in effect.organisations],
            "prompt": effect.prompt,
            "text_hash": hashlib.sha256(shown.encode()).hexdigest(),
            "locale": self.locale,
            "channel": self.channel,
            "at": iso(self.relais.world.now()),
        }
        place = "account" if effect.purpose in _ACCOUNT_PURPOSES else "brief"
        self._keep(DraftItem(place, "consent", effect.step, content), closed=False)

    def _keep(self, item: DraftItem, *, closed: bool) -> None:
        """Into its compartment if that exists; else own words and consents wait in the draft.

        Closed answers are in the state already.
        """
        if self.publics is not None and self.publics.place_for(item.compartment):
            self.changes.items.append(item_row(self.relais, self.publics, item))
        elif not closed:
            self.changes.drafts.append(draft_row(self.relais, self.conversation_id, item))

    def _drop(self, step: str) -> None:
        self.changes.drop_drafts.append(
            item_slot(self.relais, self.conversation_id, "answer", step)
        )
        self.changes.drafts = [
            row for row in self.changes.drafts if row["slot"] != self.changes.drop_drafts[-1]
        ]
        sent = self.case is not None and self.case.submitted_at is not None
        if self.publics is not None and not sent:
            slot = item_slot(self.relais, self.publics.case_id, "answer", step)
            self.changes.drop_slots.append(slot)
            self.changes.items = [row for row in self.changes.items if row["slot"] != slot]

    # -- help and account ------------------------------------------------------------------

    @_carry_out.register
    async def _(self, effect: fx.AskHelp) -> None:
        routing = Routing(
            needs=effect.needs,
            urgency=effect.urgency,
            area=effect.area,
            locale=effect.locale,
            sex=effect.sex,
            excluded=effect.excluded,
            child=effect.child,
            restricted=effect.restricted,
        )
        if self.case is not None or self.changes.new_case is not None:
            await self._ask_again(routing)
            return
        case_id = self.relais.world.new_id()
        rows, granted = await make_compartments(
            self.connection,
            self.relais,
            case_id,
            HELP,
            await recipients(self.relais, routing.wish()),
            "help",
        )
        self.changes.case_id = case_id
        self.changes.alert = True
        self.changes.new_case = await new_case(
            self.connection,
            self.relais,
            self.edition,
            routing,
            silent=False,
            compartments=rows,
            grants=granted,
            case_id=case_id,
        )
        self.publics = publics_of(case_id, rows)
        await self._move_draft(("brief", "medical"))

    async def _ask_again(self, routing: Routing) -> None:
        """Help was asked for before (urgent first, or an account without help).

        The facts are renewed and, if nobody was alerted yet, somebody is.
        """
        case_id = str(self.case.id if self.case is not None else self.changes.case_id)
        sealed = self.relais.vault.keyring.seal(
            "routing", dump_routing(routing), "cases", "routing", case_id
        )
        if self.changes.new_case is not None:
            self.changes.new_case.row["routing_sealed"] = sealed
            return
        self.changes.routing = sealed
        if self.case.status == "silent":
            members_ = await recipients(self.relais, routing.wish())
            rows, granted = await make_compartments(
                self.connection, self.relais, case_id, HELP, members_, "help"
            )
            self.changes.more_compartments += rows
            self.changes.more_grants += granted
            self.changes.alert = True
            if self.publics is not None:
                self.publics.keys |= publics_of(case_id, rows).keys
            await self._move_draft(("brief", "medical"))

    @_carry_out.register
    async def _(self, effect: fx.OpenAccount) -> None:
        self.changes.keep = effect.keep
        if self.publics is not None and self.publics.place_for("account"):
            return
        routing = Routing(area=effect.area, locale=effect.locale, excluded=effect.excluded)
        members_ = await self._readers(effect.organisations, routing.wish())
        case_id = self.changes.case_id or self.relais.world.new_id()
        rows, granted = await make_compartments(
            self.connection, self.relais, case_id, ACCOUNT, members_, "account"
        )
        if self.changes.case_id is None:
            self.changes.case_id = case_id
            self.changes.new_case = await new_case(
                self.connection,
                self.relais,
                self.edition,
                routing,
                silent=True,
                compartments=rows,
                grants=granted,
                case_id=case_id,
            )
        elif self.changes.new_case is not None:
            self.changes.new_case.compartments += rows
            self.changes.new_case.grants += granted
        else:
            self.changes.more_compartments += rows
            self.changes.more_grants += granted
        known = self.publics.keys if self.publics is not None else {}
        self.publics = Publics(case_id, known | publics_of(case_id, rows).keys)
        await self._move_draft(ACCOUNT)

    async def _members_of(self, organisations: tuple[str, ...]) -> list[str]:
        """Everyone of these organisations, coordinators without a team included."""
        found = await self.connection.execute(
            select(members.c.id).where(
                members.c.organisation_id.in_(organisations), members.c.disabled_at.is_(None)
            )
        )
        return list(found.scalars())

    async def _readers(self, organisations: tuple[str, ...], wish: Wish) -> list[str]:
        """Who gets the account's keys: the named organisations, and coordinators not left out."""
        found = match(await self.relais.directory.everyone(), wish)
        coordinating = [one for tier in found.tiers if tier.coordinators for one in tier.members]
        left_out = set(await self._members_of(wish.excluded)) if wish.excluded else set()
        named = await self._members_of(organisations)
        return [one for one in dict.fromkeys((*named, *coordinating)) if one not in left_out]

    async def _move_draft(self, places: tuple[str, ...]) -> None:
        """Seal into the new compartments what she told before they existed."""
        if self.publics is None:
            return
        for step_id, value in self.before.answers.items():
            step = self.edition.interview.steps.get(step_id)
            if step is None or step.compartment not in places or isinstance(value, dict):
                continue
            self._seal_closed(step_id, step.compartment, step.code or "", value)
        rows = await self.connection.execute(
            select(draft_items).where(draft_items.c.conversation_id == self.conversation_id)
        )
        dropped = set(self.changes.drop_drafts)
        waiting = [
            (row.slot, open_draft(self.relais, row)) for row in rows if row.slot not in dropped
        ]
        waiting += [
            (row["slot"], open_draft(self.relais, _Attributes(row))) for row in self.changes.drafts
        ]
        for slot, item in waiting:
            if item.compartment in places:
                self.changes.items.append(item_row(self.relais, self.publics, item))
                self.changes.drop_drafts.append(slot)
        moved = {slot for slot, item in waiting if item.compartment in places}
        self.changes.drafts = [row for row in self.changes.drafts if row["slot"] not in moved]

    def _seal_closed(self, step_id: str, place: str, code: str, value: Any) -> None:
        if self.publics is None or value is None:
            return
        slot = item_slot(self.relais, self.publics.case_id, "answer", step_id)
        if any(row["slot"] == slot for row in self.changes.items):
            return
        item = answer(
            self.relais,
            step=step_id,
            compartment=place,
            code=code,
            value=value,
            text=None,
            prompt=f"{self.edition.interview.id}/{step_id}/text",
            locale=self.locale,
        )
        self.changes.items.append(item_row(self.relais, self.publics, item))

    async def _exclude(self, effect: fx.Record) -> None:
        """Excluded organisations: they never get a key, and lose one they were given before."""
        if self.case is None or not isinstance(effect.value, list):
            return
        raw = self.relais.vault.keyring.open(
            "routing", self.case.routing_sealed, "cases", "routing", self.case.id
        )
        routing = load_routing(raw)
        excluded = tuple(dict.fromkeys((*routing.excluded, *effect.value)))
        self.changes.ungrant = tuple(await self._members_of(excluded))
        self.changes.routing = self.relais.vault.keyring.seal(
            "routing",
            dump_routing(_with_excluded(routing, excluded)),
            "cases",
            "routing",
            self.case.id,
        )

    # -- the conversation itself -----------------------------------------------------------

    @_carry_out.register
    async def _(self, effect: fx.Contact) -> None:
        self.changes.conversation["contact"] = effect.hours not in {"no", ""}

    @_carry_out.register
    async def _(self, effect: fx.Sign) -> None:
        self.changes.conversation["sign_index"] = self.relais.vault.keyring.index(
            "sign", self.conversation_id, normalise(effect.sign).lower()
        )

    @_carry_out.register
    async def _(self, effect: fx.ReturnCode) -> None:
        self.changes.conversation["return_index"] = self.relais.vault.keyring.index(
            "return_code", effect.code
        )

    @_carry_out.register
    async def _(self, _effect: fx.ComeBack) -> None:
        if self.returned_case is not None:
            self.changes.conversation["case_id"] = self.returned_case

    @_carry_out.register
    async def _(self, effect: fx.Submit) -> None:
        if effect.part == 2:
            self.changes.submit_account = True
        self.changes.submitted = effect.part == 2

    @_carry_out.register
    async def _(self, _effect: fx.Reduce) -> None:
        self.changes.clear_drafts = True
        self.changes.conversation["expires_at"] = None

    @_carry_out.register
    async def _(self, _effect: fx.Leave) -> None:
        """The outbox does it: everything shown is deleted before the goodbye."""

    @_carry_out.register
    async def _(self, _effect: fx.Forget) -> None:
        self.changes.clear_drafts = True
        self.changes.conversation["expires_at"] = self.relais.world.now()

    @_carry_out.register
    async def _(self, _effect: fx.Erase) -> None:
        self.changes.erase = True
        self.changes.clear_drafts = True
        self.changes.conversation["expires_at"] = self.relais.world.now()

    @_carry_out.register
    async def _(self, effect: fx.CountTopic) -> None:
        self.changes.topic = effect.topic


class _Attributes:
    """A row's dict read by attribute, as rows of the database are."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _with_excluded(routing: Routing, excluded: tuple[str, ...]) -> Routing:
    return Routing(
        needs=routing.needs,
        urgency=routing.urgency,
        area=routing.area,
        locale=routing.locale,
        sex=routing.sex,
        excluded=excluded,
        child=routing.child,
        restricted=routing.restricted,
    )
