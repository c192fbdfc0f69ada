"""Referring a case to a named member of another organisation.

The sender's browser seals the keys at once, and they lie here closed until the receiver accepted:
the server could hand them out before that, or never. It decides who may refer what to whom, and
that nothing is served but to a receiver who said yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from backend import alerts
from backend.cases.granting import allowed_of
from backend.cases.reading import (
    READABLE,
    Access,
    authorised,
    compartments_for,
    log_serving,
    not_yours,
)
from backend.cases.referral_lines import of_case, sealed_word
from backend.cases.referral_schemas import CaseReferralsOut
from backend.cases.referrals import (
    ACCEPTED,
    ALIVE,
    ASKED,
    DONE,
    LATE,
    REJECTED,
    REVOKED,
    TIME,
    late_key,
    lock_case,
    settle,
    write_down,
)
from backend.database.tables import cases, compartments, grants, members, referrals
from backend.errors import RelaisError
from backend.jobs import schedule
from backend.vault import COMPARTMENTS
from backend.vault.genuine import is_genuine

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.accounts.sessions import SignedIn
    from backend.cases.granting_schemas import SealedFor
    from backend.cases.referral_schemas import ReferIn
    from backend.relais import Relais


async def referrals_of(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, reason: str
) -> CaseReferralsOut:
    """To whom a case was referred, and to whom it may be."""
    case = await authorised(tx, relais, member, case_id, reason)
    found = await of_case(tx, relais, case_id)
    if found and case.taker_id not in {None, member.id}:  # what was said there is about her
        own = Access(case, member.id, own=True, referral_id=None)
        await log_serving(tx, relais, member, own, "referrals", reason)
    return CaseReferralsOut(
        referrals=found,
        allowed=sorted(await _receivers(tx, relais, member, case)),
    )


async def refer(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, given: ReferIn
) -> str:
    """Put a referral away with its keys, and set its deadline; its id.

    Raises 403 ``not_yours`` or ``reason_needed``, 422 ``consent_needed``, 409 ``referred_already``,
    403 ``not_allowed`` (barred, of the same organisation, not in the roster, opens it already), 409
    ``other_generation`` (not a key that the sender holds), 422 ``not_sealed``.
    """
    # Whoever removes the receiver at this moment waits, and finds this referral.
    await tx.execute(
        select(members.c.id).where(members.c.id == given.receiver).with_for_update(read=True)
    )
    case = await authorised(tx, relais, member, case_id, given.reason)
    if not given.consent:
        raise RelaisError(422, "consent_needed", "Say when and how the person agreed.")
    if given.receiver in await _referred_to(tx, case_id):
        raise RelaisError(409, "referred_already", "It is referred to this member already.")
    if given.receiver not in await _receivers(tx, relais, member, case):
        raise RelaisError(403, "not_allowed", "This case may not be referred to this member.")
    await _hold_keys(tx, relais, member, case, given)
    row = await _insert(tx, relais, member, case_id, given)
    said = "\n".join(one for one in (given.reason, given.consent) if one)
    await write_down(tx, relais, row, ASKED, by=member.id, said=said)
    await schedule(
        tx,
        relais.world,
        kind=LATE,
        key=late_key(row.id),
        subject=row.id,
        due_at=row.due_at,
    )
    return str(row.id)


async def _receivers(tx: AsyncConnection, relais: Relais, member: SignedIn, case: Any) -> set[str]:
    """Who works on cases elsewhere, is in the roster, not barred, and does not open it already."""
    mine = select(members.c.organisation_id).where(members.c.id == member.id).scalar_subquery()
    rows = await tx.execute(
        select(members.c.id, members.c.roles).where(
            members.c.disabled_at.is_(None), members.c.organisation_id != mine
        )
    )
    roles = {row.id: set(row.roles) for row in rows}
    workers = {one for one, held in roles.items() if held & {"responder", "coordinator"}}
    allowed = await allowed_of(tx, relais, case.id, workers)
    held = await tx.execute(select(grants.c.holder).where(grants.c.case_id == case.id).distinct())
    opens = {one for one in held.scalars() if "coordinator" in roles.get(one, ())}
    return allowed - opens - {case.taker_id} - await _referred_to(tx, case.id)


async def _referred_to(tx: AsyncConnection, case_id: str) -> set[str]:
    found = await tx.execute(
        select(referrals.c.receiver_id).where(referrals.c.case_id == case_id, ALIVE)
    )
    return set(found.scalars())


async def _hold_keys(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case: Any, given: ReferIn
) -> None:
    """Each is of a genuine compartment that the sender is served, sealed, and for the receiver."""
    own = Access(case, member.id, own=True, referral_id=None)
    served = await compartments_for(tx, own)
    found = await tx.execute(
        select(compartments)
        .join(
            grants,
            (grants.c.case_id == compartments.c.case_id)
            & (grants.c.name == compartments.c.name)
            & (grants.c.generation == compartments.c.generation),
        )
        .where(
            grants.c.case_id == case.id,
            grants.c.holder == member.id,
            grants.c.name.in_(served),
        )
    )
    keyring = relais.vault.keyring
    held = {(row.name, row.generation) for row in found if is_genuine(keyring, case.id, row)}
    for one in given.grants:
        if one.holder != given.receiver:
            raise RelaisError(403, "not_allowed", "Seal every key to the one who is asked.")
        if (one.compartment, one.generation) not in held:
            raise RelaisError(409, "other_generation", "Open the case again, then refer it.")
        if not one.sealed.startswith(b"RLS\x01"):
            raise RelaisError(422, "not_sealed", "Seal the key before you send it.")


async def _insert(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, given: ReferIn
) -> Any:
    referral_id, now = relais.world.new_id(), relais.world.now()
    once: dict[tuple[str, int], SealedFor] = {
        (one.compartment, one.generation): one for one in given.grants
    }
    names = {name for name, _ in once}
    added = await tx.execute(
        insert(referrals)
        .values(
            id=referral_id,
            case_id=case_id,
            sender_id=member.id,
            receiver_id=given.receiver,
            priority=given.priority,
            status=ASKED,
            compartments=",".join(name for name in COMPARTMENTS if name in names),
            asked_at=now,
            due_at=now + TIME[given.priority],
            consent_sealed=sealed_word(relais, referral_id, "consent", given.consent),
            note_sealed=sealed_word(relais, referral_id, "note", given.note),
        )
        .returning(*referrals.c)
    )
    rows = [
        {
            "case_id": case_id,
            "name": one.compartment,
            "generation": one.generation,
            "holder": referral_id,
            "sealed": one.sealed,
            "granted_at": now,
            "granted_by": member.id,
            "why": "referral",
            "referral_id": referral_id,
        }
        for one in once.values()
    ]
    row = added.one()
    await tx.execute(insert(grants), rows)
    return row


# -- what becomes of it ---------------------------------------------------------------------------


async def accept(tx: AsyncConnection, relais: Relais, member: SignedIn, referral_id: str) -> None:
    """From now on the receiver is served; said twice, it is once.

    Raises 403 ``not_yours``, 409 ``referral_over``.
    """
    row = await _received(tx, member, referral_id)
    if row.status == ACCEPTED:
        return
    _hold_state(row, ASKED)
    # Those whom she left out and those who know her lost it already; a restricted case that went
    # back to the queue is for coordinators until somebody has it again.
    if member.id in await alerts.barred_from(tx, relais, row.case_id):
        raise not_yours()
    status = await tx.execute(select(cases.c.status).where(cases.c.id == row.case_id))
    if status.scalar_one() not in READABLE:
        raise not_yours()
    await tx.execute(update(referrals).where(referrals.c.id == row.id).values(status=ACCEPTED))
    await write_down(tx, relais, row, ACCEPTED, by=member.id)


async def reject(
    tx: AsyncConnection, relais: Relais, member: SignedIn, referral_id: str, reason: str
) -> None:
    """The receiver says no, and why. Raises as :func:`accept`."""
    row = await _received(tx, member, referral_id)
    if row.status == REJECTED:
        return
    _hold_state(row, ASKED)
    await _answer(tx, relais, row, reason)
    await settle(tx, relais, row, REJECTED, by=member.id, said=reason)


async def finish(
    tx: AsyncConnection, relais: Relais, member: SignedIn, referral_id: str, note: str
) -> None:
    """The receiver has done what was asked, and reads it no more. Raises as :func:`accept`."""
    row = await _received(tx, member, referral_id)
    if row.status == DONE:
        return
    _hold_state(row, ACCEPTED)
    await _answer(tx, relais, row, note)
    await settle(tx, relais, row, DONE, by=member.id)


async def take_back(
    tx: AsyncConnection, relais: Relais, member: SignedIn, referral_id: str, reason: str
) -> None:
    """The sender, or a coordinator who may open the case, takes it back.

    Raises as :func:`accept`, or 403 ``reason_needed``.
    """
    row = await _locked(tx, referral_id)
    if row is None:
        raise not_yours()
    barred = member.id in await alerts.barred_from(tx, relais, row.case_id)
    if row.sender_id != member.id or barred:
        if "coordinator" not in member.roles:
            raise not_yours()
        await authorised(tx, relais, member, row.case_id, reason)
    if row.status == REVOKED:
        return
    _hold_state(row, ASKED, ACCEPTED)
    await settle(tx, relais, row, REVOKED, by=member.id, said=reason)


async def _received(tx: AsyncConnection, member: SignedIn, referral_id: str) -> Any:
    row = await _locked(tx, referral_id)
    if row is None or row.receiver_id != member.id:
        raise not_yours()
    return row


async def _locked(tx: AsyncConnection, referral_id: str) -> Any:
    """The row as it is once nobody else can change it: its case is locked first."""
    query = select(referrals).where(referrals.c.id == referral_id)
    seen = (await tx.execute(query)).one_or_none()
    if seen is None:
        return None
    await lock_case(tx, seen.case_id)
    return (await tx.execute(query)).one()


def _hold_state(row: Any, *states: str) -> None:
    if row.status not in states:
        raise RelaisError(409, "referral_over", "This referral is not open to that any more.")


async def _answer(tx: AsyncConnection, relais: Relais, row: Any, said: str) -> None:
    await tx.execute(
        update(referrals)
        .where(referrals.c.id == row.id)
        .values(answer_sealed=sealed_word(relais, row.id, "answer", said))
    )
