"""What a turn reads before it thinks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Row, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.throttle import failures
from backend.ambient import moment
from backend.cases.routing import load_routing
from backend.cases.work import Returned
from backend.chats import LINKS, leads
from backend.database.tables import (
    KEYRING,
    cases,
    conversations,
    earlier_cases,
    members,
    return_codes,
)
from backend.relais import Relais
from backend.vault import DraftKeyGone
from backend.vault.genuine import NotGenuine
from conversation import CaseStatus, State, StateError, begin, load_state, normalise
from sealing import SealError

_CODE_DIGITS = 16
_TRIES = 10
"""Wrong codes of one chat; then none is right there until an hour went by without one."""
_BUDGET = 100_000
"""The same of all chats together. Even so many find one of 10,000 codes once in ten million hours;
a smaller number would let a few chats take everybody's codes away."""
GONE = ("erasing", "erased")
"""Statuses of a request that she erased: there is nothing here any more."""
_ARRIVING = frozenset({"new", "left", "closed"})


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation as it stands, or the beginnings of a new one."""

    id: str
    new: bool
    version: int
    member_id: str | None
    member_locale: str
    case: Row[Any] | None
    state: State
    state_gone: bool
    """There was a state, and its draft key is gone: what she told has expired."""
    state_broken: str
    """There is a state that this version cannot read (code of the error), or empty."""
    sign_index: bytes | None
    contact: bool
    """She agreed to be written to."""
    erase_asked_at: int | None = None
    """When "Erase everything?" was asked over a state that cannot be read."""
    erase_ask: str | None = None
    """Names that question."""
    told_group: str | None = None
    """Of the present request; see the table."""
    links: Mapping[str, Any] | None = None
    """Where the row leads, as it was read; none of a new chat."""
    genuine: bool = True
    """This server made it lead there."""
    code_kept: bool = False
    """She was given a return code that leads to what this chat has."""


_ANOTHER = conversations.alias("another")
_CODE_KEPT = or_(
    exists().where(
        return_codes.c.conversation_id == conversations.c.id, return_codes.c.case_id.is_(None)
    ),
    exists().where(return_codes.c.case_id == conversations.c.case_id),
    exists().where(  # shown on another phone, which has the same request
        return_codes.c.conversation_id == _ANOTHER.c.id,
        return_codes.c.case_id.is_(None),
        _ANOTHER.c.case_id == conversations.c.case_id,
    ),
)
_COLUMNS = (
    *LINKS,
    conversations.c.version,
    conversations.c.state_sealed,
    conversations.c.state_key,
    conversations.c.erase_asked_at,
    conversations.c.erase_ask,
    members.c.locale.label("member_locale"),
    _CODE_KEPT.label("code_kept"),
)
_SELECT = select(*_COLUMNS).outerjoin(members, members.c.id == conversations.c.member_id)
_BY_ADDRESS = _SELECT.where(
    conversations.c.channel == bindparam("channel"),
    conversations.c.address_index == bindparam("address_index"),
)
_BY_ID = _SELECT.where(conversations.c.id == bindparam("id"))
_CASE = select(cases).where(cases.c.id == bindparam("id"))


async def read_conversation(
    connection: AsyncConnection, relais: Relais, channel: str, address_index: bytes
) -> Known:
    """The conversation of this address, with its case; a fresh one when there is none."""
    row = (
        await connection.execute(_BY_ADDRESS, {"channel": channel, "address_index": address_index})
    ).one_or_none()
    return await _known(connection, relais, row)


async def read_conversation_by_id(
    connection: AsyncConnection, relais: Relais, conversation_id: str
) -> Known:
    """The same, by id (jobs)."""
    row = (await connection.execute(_BY_ID, {"id": conversation_id})).one_or_none()
    return await _known(connection, relais, row)


async def _known(connection: AsyncConnection, relais: Relais, row: Any) -> Known:
    current = relais.content.current
    fresh = begin(current.interview, current.hash)
    if row is None:
        new_id = relais.world.new_id()
        return Known(new_id, True, 0, None, "", None, fresh, False, "", None, False)
    links = {one.name: row._mapping[one.name] for one in LINKS}
    genuine = leads(relais.vault.keyring, conversations, links)
    case = None
    if genuine and row.case_id is not None:
        case = (await connection.execute(_CASE, {"id": row.case_id})).one_or_none()
    # Where the state cannot be had, whoever writes is asked for the sign before anything is shown.
    lost = fresh if case is None or case.status in GONE else _resting(fresh)
    state, gone, broken = fresh, False, ""
    if not genuine:  # whose state it is, nobody knows
        state, broken = lost, NotGenuine.__name__
    elif row.state_sealed is not None:
        try:
            state = load_state(open_state(relais, row.id, row.state_sealed, row.state_key))
        except DraftKeyGone:
            state, gone = lost, True
        except (SealError, StateError) as error:
            state, broken = lost, type(error).__name__
    return Known(
        id=row.id,
        new=False,
        version=row.version,
        member_id=row.member_id if genuine else None,
        member_locale=row.member_locale or "",
        case=case,
        state=state,
        state_gone=gone,
        state_broken=broken,
        sign_index=row.sign_index if genuine else None,
        contact=row.contact and genuine,
        erase_asked_at=row.erase_asked_at,
        erase_ask=row.erase_ask,
        told_group=row.told_group,
        links=links,
        genuine=genuine,
        code_kept=row.code_kept,
    )


class BrokenState(Exception):
    """A conversation's state that cannot be read: its events are kept, and nothing is written."""


def _resting(fresh: State) -> State:
    return replace(fresh, mode="closed", parts=("help",), kept={"case": "yes"})


def open_state(relais: Relais, conversation_id: str, sealed: bytes, key: str) -> bytes:
    """State bytes; raises ``DraftKeyGone`` or ``SealError``."""
    place = ("conversations", "state", conversation_id)
    if key == KEYRING:
        return relais.vault.keyring.open("contact", sealed, *place)
    return relais.vault.drafts.open(key, sealed, *place)


def seal_state(
    relais: Relais, conversation_id: str, raw: bytes, *, reduced: bool
) -> tuple[bytes, str]:
    """State sealed under today's draft key; once reduced, under the keyring."""
    place = ("conversations", "state", conversation_id)
    if reduced:
        return relais.vault.keyring.seal("contact", raw, *place), KEYRING
    day = relais.world.day()
    return relais.vault.drafts.seal(day, raw, *place), day


def case_status(case: Row[Any] | None) -> CaseStatus:
    """What `status` may truthfully say."""
    if case is None:
        return CaseStatus("nothing")
    if case.status == "done" or case.status in GONE:
        return CaseStatus("closed" if case.status == "done" else "nothing")
    if case.answered_at is not None:
        return CaseStatus("answered")
    if case.status == "taken":
        return CaseStatus("taken")
    if case.status == "open" and case.tier > 0 and case.deadline_at is not None:
        return CaseStatus("nobody_yet", moment(case.deadline_at))
    return CaseStatus("received")


def code_digits(text: str | None) -> str | None:
    """The 16 digits of a return code, or None when the text is no code."""
    if text is None or len(text) > 64:
        return None
    digits = normalise(text).replace(" ", "").replace("-", "")
    return digits if len(digits) == _CODE_DIGITS and digits.isdecimal() else None


def code_lanes(relais: Relais, conversation_id: str) -> tuple[bytes, bytes]:
    """Where wrong codes are counted: of everybody, and of this chat."""
    index = relais.vault.keyring.index
    return index("throttle", "return_code"), index("throttle", "return_code", conversation_id)


async def find_code(
    connection: AsyncConnection, relais: Relais, conversation_id: str, code: str
) -> tuple[bool | None, Returned | None]:
    """Whether a return code is right, and the case it leads to.

    Wrong ones are counted, of this chat and of all; beyond that codes are not looked at for an
    hour (None).
    """
    everybody, mine = code_lanes(relais, conversation_id)
    now = relais.world.now()
    if await failures(connection, mine, now) >= _TRIES:
        return None, None
    if await failures(connection, everybody, now) >= _BUDGET:
        return None, None
    index = relais.vault.keyring.index("return_code", code)
    keyring = relais.vault.keyring
    this = select(return_codes).where(return_codes.c.code_index == index)
    row = (await connection.execute(this)).mappings().one_or_none()
    if row is None or not leads(keyring, return_codes, row):
        return False, None
    case_id = row["case_id"]
    if case_id is None:
        there = select(*LINKS).where(conversations.c.id == row["conversation_id"])
        chat = (await connection.execute(there)).mappings().one_or_none()
        if chat is None or not leads(keyring, conversations, chat):
            return False, None
        case_id = chat["case_id"]
    status = await connection.execute(select(cases.c.status).where(cases.c.id == case_id))
    found = status.scalar_one_or_none()
    if found == "erased":
        return False, None
    return True, Returned(case_id, code_index=index, erasing=found == "erasing")


async def prove(
    connection: AsyncConnection, relais: Relais, known: Known, state: State, text: str | None
) -> tuple[bool | None, Returned | None]:
    """Whether this text is her sign (None when she chose none), and of which earlier request.

    A button is never one. Earlier requests are only looked for where a sign may be asked for.
    """
    said = None
    if text is not None:
        said = relais.vault.keyring.index("sign", known.id, normalise(text).lower())
    if known.sign_index is not None and said == known.sign_index:
        return True, None
    signs = await _earlier_signs(connection, relais, known, state)
    for row in signs:
        if row.sign_index == said and row.case_id != (known.case.id if known.case else None):
            return True, Returned(row.case_id, row.sign_index)
    return (False if signs or known.sign_index is not None else None), None


async def _earlier_signs(
    connection: AsyncConnection, relais: Relais, known: Known, state: State
) -> list[Any]:
    if known.new or (state.mode not in _ARRIVING and state.route != "return"):
        return []
    mine = earlier_cases.c.conversation_id == known.id
    found = await connection.execute(
        select(earlier_cases).where(mine, earlier_cases.c.sign_index.is_not(None))
    )
    keyring = relais.vault.keyring
    return [row for row in found if leads(keyring, earlier_cases, row._mapping)]


async def signed_here(connection: AsyncConnection, known: Known, case_id: str | None) -> bool:
    """She gave a sign for this request in this chat."""
    if known.case is not None and known.case.id == case_id:
        return known.sign_index is not None
    found = await connection.execute(
        select(earlier_cases.c.case_id).where(
            earlier_cases.c.conversation_id == known.id,
            earlier_cases.c.case_id == case_id,
            earlier_cases.c.sign_index.is_not(None),
        )
    )
    return found.first() is not None


async def remembered(
    connection: AsyncConnection, relais: Relais, returned: Returned | None
) -> dict[str, str]:
    """What the chat knew of her when it left this case; empty when it is not taken up again."""
    if returned is None or returned.case_id is None:
        return {}
    found = await connection.execute(
        select(cases.c.remembered_sealed).where(cases.c.id == returned.case_id)
    )
    sealed = found.scalar_one_or_none()
    if sealed is None:
        return {}
    raw = relais.vault.keyring.open("contact", sealed, "cases", "remembered", returned.case_id)
    return msgspec.json.decode(raw, type=dict[str, str])


async def has_earlier(connection: AsyncConnection, known: Known) -> bool:
    """The chat had other cases before."""
    mine = earlier_cases.c.conversation_id == known.id
    return (
        await connection.execute(select(earlier_cases.c.case_id).where(mine))
    ).first() is not None


async def earlier_contact(connection: AsyncConnection, known: Known) -> bool:
    """She agreed to be written to about a request that this chat had before, and that lives."""
    mine = earlier_cases.c.conversation_id == known.id
    query = (
        select(earlier_cases.c.case_id)
        .join(cases, cases.c.id == earlier_cases.c.case_id)
        .where(mine, earlier_cases.c.contact, cases.c.status.not_in(("done", *GONE)))
    )
    return (await connection.execute(query)).first() is not None


def standing(relais: Relais, case: Row[Any] | None) -> tuple[tuple[str, ...], bool]:
    """Whom she left out in the request that this chat has, and whether it is restricted."""
    if case is None or case.routing_sealed is None:
        return (), False
    raw = relais.vault.keyring.open("routing", case.routing_sealed, "cases", "routing", case.id)
    routing = load_routing(raw)
    return routing.excluded, routing.restricted


__all__ = [
    "BrokenState",
    "Known",
    "case_status",
    "code_digits",
    "code_lanes",
    "find_code",
    "has_earlier",
    "open_state",
    "prove",
    "read_conversation",
    "read_conversation_by_id",
    "remembered",
    "seal_state",
    "signed_here",
    "standing",
]
