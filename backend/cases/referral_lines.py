"""Referrals as their two sides see them.

The receiver gets the sender's note with the question, the consent once it was accepted, and
neither once it is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from backend import alerts
from backend.ambient import iso
from backend.cases.referral_schemas import ReferralOut, ReferralsOut
from backend.cases.referrals import ACCEPTED, ALIVE, ASKED, names_of
from backend.database.tables import cases, members, organisations, referrals
from sealing import SealError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

LAST: Final = 50
"""So many that are over are listed."""
_FROM: Final = members.alias("sender")
_FROM_ORG: Final = organisations.alias("sender_organisation")
_TO: Final = members.alias("receiver")
_TO_ORG: Final = organisations.alias("receiver_organisation")
_LINE: Final = (
    select(
        referrals,
        cases.c.code,
        _FROM.c.name.label("sender"),
        _FROM_ORG.c.name.label("sender_organisation"),
        _TO.c.name.label("receiver"),
        _TO_ORG.c.name.label("receiver_organisation"),
    )
    .join(cases, cases.c.id == referrals.c.case_id)
    .join(_FROM, _FROM.c.id == referrals.c.sender_id)
    .join(_FROM_ORG, _FROM_ORG.c.id == _FROM.c.organisation_id)
    .join(_TO, _TO.c.id == referrals.c.receiver_id)
    .join(_TO_ORG, _TO_ORG.c.id == _TO.c.organisation_id)
    .order_by(referrals.c.asked_at.desc(), referrals.c.id)
)


async def to_and_by(connection: AsyncConnection, relais: Relais, member_id: str) -> ReferralsOut:
    """What was referred to this member, and by them.

    Whoever must not hear of a case any more does not see there what became of it.
    """
    to_me = await _rows(connection, referrals.c.receiver_id == member_id)
    by_me = await _rows(connection, referrals.c.sender_id == member_id)
    hidden = {
        one
        for one in {row.case_id for row in by_me}
        if member_id in await alerts.barred_from(connection, relais, one)
    }
    return ReferralsOut(
        to_me=[for_receiver(relais, row) for row in to_me],
        by_me=[for_sender(relais, row) for row in by_me if row.case_id not in hidden],
        now=iso(relais.world.now()),
    )


async def of_case(connection: AsyncConnection, relais: Relais, case_id: str) -> list[ReferralOut]:
    """As whoever has the case sees them."""
    rows = await _rows(connection, referrals.c.case_id == case_id)
    return [for_sender(relais, row) for row in rows]


async def one_for_receiver(
    connection: AsyncConnection, relais: Relais, referral_id: str | None
) -> ReferralOut | None:
    """That by which a member reads a case."""
    if referral_id is None:
        return None
    found = await connection.execute(_LINE.where(referrals.c.id == referral_id))
    return for_receiver(relais, found.one())


async def _rows(connection: AsyncConnection, mine: ColumnElement[bool]) -> list[Any]:
    alive = await connection.execute(_LINE.where(mine, ALIVE))
    last = (referrals.c.settled_at.desc(), referrals.c.id)
    ended = _LINE.where(mine, ~ALIVE).order_by(None).order_by(*last).limit(LAST)
    over = await connection.execute(ended)
    return [*alive, *over]


def for_sender(relais: Relais, row: Any) -> ReferralOut:
    """All that was said."""
    return _out(relais, row, words=("consent", "note", "answer"))


def for_receiver(relais: Relais, row: Any) -> ReferralOut:
    """The note before the answer, the consent with the keys; of what is over only the answer."""
    shown = {ASKED: ("note",), ACCEPTED: ("consent", "note")}
    return _out(relais, row, words=shown.get(row.status, ("answer",)))


def _out(relais: Relais, row: Any, words: tuple[str, ...]) -> ReferralOut:
    return ReferralOut(
        id=row.id,
        case_id=row.case_id,
        code=row.code,
        sender=row.sender,
        sender_organisation=row.sender_organisation,
        receiver=row.receiver,
        receiver_organisation=row.receiver_organisation,
        priority=row.priority,
        status=row.status,
        compartments=list(names_of(row)),
        asked_at=iso(row.asked_at),
        due_at=iso(row.due_at),
        settled_at=iso(row.settled_at) if row.settled_at is not None else None,
        late=row.status == ASKED and row.due_at <= relais.world.now(),
        **{one: _word(relais, row, one) if one in words else "" for one in _WORDS},
    )


_WORDS: Final = ("consent", "note", "answer")


def sealed_word(relais: Relais, referral_id: str, name: str, said: str) -> bytes | None:
    """As the column ``<name>_sealed`` holds it; nothing for nothing."""
    if not said:
        return None
    return relais.vault.keyring.seal("members", said.encode(), "referrals", name, referral_id)


def _word(relais: Relais, row: Any, name: str) -> str:
    sealed = getattr(row, f"{name}_sealed")
    if sealed is None:
        return ""
    try:
        return relais.vault.keyring.open("members", sealed, "referrals", name, row.id).decode()
    except SealError:
        return "?"
