"""Reading a case: who is handed which ciphertext, written down in the transaction that allows it.

Holding a key is not opening: ciphertext goes to the taker, or to a coordinator who holds a grant;
a coordinator who opens what another has taken says why. Whoever accepted a referral gets what was
sealed for it, and nothing else.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts
from backend.accounts.sessions import SignedIn
from backend.ambient import iso
from backend.cases.history import AUDITED
from backend.cases.lines import LINE, holding, liner, without_brief
from backend.cases.referral_lines import one_for_receiver
from backend.cases.referrals import accepted_by
from backend.cases.schemas import CaseFile, GrantOut, ItemOut, LogLine
from backend.database.tables import case_log, cases, compartments, grants, items, members
from backend.errors import RelaisError
from backend.relais import Relais
from backend.vault import COMPARTMENTS
from backend.vault.compartments import ACCOUNT
from backend.vault.genuine import is_genuine, is_genuine_item

FREE: Final = items.c.held.is_(None)
"""Items of a telling that she sent, or that needs no sending."""
READABLE: Final = frozenset({"open", "taken", "done", "silent"})
"""Statuses of a case of which anything is served."""
_HER_WORD: Final = (case_log.c.kind == "ref_revoked") & case_log.c.member_id.is_(None)
"""A referral that ended by it: at that moment she may have left somebody out."""


def not_yours() -> RelaisError:
    """One answer for a case that is another's, that is erased, or that never was."""
    return RelaisError(403, "not_yours", "This case is not open to you. Take it first.")


async def read_case(relais: Relais, member: SignedIn, case_id: str, reason: str) -> CaseFile:
    """Serve what this member may have; raises 403 ``not_yours`` or ``reason_needed``."""
    async with relais.db.write() as tx:
        access = await reader(tx, relais, member, case_id, reason)
        row = access.row
        names = await compartments_for(tx, access)
        await log_serving(tx, relais, member, access, ",".join(names), reason)
        to_lines = await liner(tx, relais, member)
        line = to_lines.line(row)
        genuine, strange = await _items(tx, relais, access, names)
        return CaseFile(
            case=line if access.own or "brief" in names else without_brief(line),
            content=row.content,
            interview=row.interview,
            grants=await _grants(tx, relais, access, names),
            items=genuine,
            strange=strange,
            log=await _log(tx, case_id) if access.own else [],
            own=access.own,
            referral=await one_for_receiver(tx, relais, access.referral_id),
        )


@dataclass(frozen=True, slots=True)
class Access:
    """What one member may be served of a case: ``row`` is the case's, locked.

    ``own``: as its taker or a coordinator; ``referral_id``: by a referral that was accepted.
    """

    row: Any
    member_id: str
    own: bool
    referral_id: str | None

    @property
    def holders(self) -> list[str]:
        """Under whose name the grants lie that are served."""
        mine = [self.member_id] if self.own else []
        return mine if self.referral_id is None else [*mine, self.referral_id]


async def reader(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, reason: str
) -> Access:
    """Who may read: those whose case it is, and whoever accepted a referral.

    Raises as :func:`read_case`.
    """
    row = await _locked(tx, relais, member, case_id)
    refused = _refusal(row, member, reason)
    referral = await accepted_by(tx, case_id, member.id)
    if refused is not None and referral is None:
        raise refused
    return Access(row, member.id, refused is None, None if referral is None else referral.id)


async def authorised(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, reason: str
) -> Any:
    """The case's row, locked, if it is this member's to work on; raises as :func:`read_case`.

    A referral is to be read: it gives nobody the right to pass it on, or to say who has a key.
    """
    row = await _locked(tx, relais, member, case_id)
    refused = _refusal(row, member, reason)
    if refused is not None:
        raise refused
    return row


async def _locked(tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str) -> Any:
    """Whoever is barred from a case is not served, also where it was hers and is done."""
    found = await tx.execute(
        LINE.add_columns(holding(member.id).label("holds"))
        .where(cases.c.id == case_id)
        .with_for_update(of=cases)
    )
    row = found.one_or_none()
    if row is None or row.status not in READABLE:
        raise not_yours()
    if member.id in await alerts.barred_from(tx, relais, case_id):
        raise not_yours()
    return row


def _refusal(row: Any, member: SignedIn, reason: str) -> RelaisError | None:
    if row.taker_id == member.id:
        return None
    if "coordinator" not in member.roles or not row.holds:
        return not_yours()
    if _others(row, member) and not reason:
        return RelaisError(
            403, "reason_needed", "Another helper has this case. Say why you open it."
        )
    return None


def _others(row: Any, member: SignedIn) -> bool:
    return row.taker_id is not None and row.taker_id != member.id


async def compartments_for(tx: AsyncConnection, access: Access) -> list[str]:
    """Compartments of which she is served a key; part 2 only once it was sent."""
    found = await tx.execute(
        select(grants.c.name)
        .where(grants.c.case_id == access.row.id, grants.c.holder.in_(access.holders))
        .distinct()
    )
    held = set(found.scalars())
    if not access.row.account_served:
        held -= set(ACCOUNT)
    return [name for name in COMPARTMENTS if name in held]


async def log_serving(
    tx: AsyncConnection, relais: Relais, member: SignedIn, access: Access, what: str, reason: str
) -> None:
    """Write down what is handed out of the case, in the transaction that allows it.

    Whoever reads by a referral needs no reason, and is not one who looked into another's case.
    """
    log_id = relais.world.new_id()
    row = access.row
    of_another = access.own and _others(row, member)
    said = reason if of_another else ""
    await tx.execute(
        insert(case_log).values(
            id=log_id,
            case_id=row.id,
            kind="served",
            member_id=member.id,
            at=relais.world.now(),
            detail=what[:64],
            of_another=of_another or None,
            reason_sealed=relais.vault.keyring.seal(
                "members", said.encode(), "case_log", "reason", log_id
            )
            if said
            else None,
        )
    )


async def _grants(
    tx: AsyncConnection, relais: Relais, access: Access, names: list[str]
) -> list[GrantOut]:
    """Of genuine compartments alone: nothing that a browser adds is sealed to another's key."""
    case_id = access.row.id
    found = await tx.execute(
        select(grants, compartments.c.public, compartments.c.mark)
        .join(
            compartments,
            (compartments.c.case_id == grants.c.case_id)
            & (compartments.c.name == grants.c.name)
            & (compartments.c.generation == grants.c.generation),
        )
        .where(
            grants.c.case_id == case_id,
            grants.c.holder.in_(access.holders),
            grants.c.name.in_(names),
        )
        .order_by(grants.c.name, grants.c.generation, grants.c.referral_id.is_not(None))
    )
    once: dict[tuple[str, int], Any] = {}
    for row in found:  # held in both ways it is the same key: the member's own comes first
        once.setdefault((row.name, row.generation), row)
    return [
        GrantOut(
            compartment=row.name,
            generation=row.generation,
            public=row.public,
            sealed=row.sealed,
            holder=access.member_id,  # whose key it is sealed to, also for a referral
        )
        for row in once.values()
        if is_genuine(relais.vault.keyring, case_id, row)
    ]


async def _items(
    tx: AsyncConnection, relais: Relais, access: Access, names: list[str]
) -> tuple[list[ItemOut], int]:
    """What she sent, sealed to a key that this member holds; and how many are not genuine."""
    held = exists().where(
        grants.c.case_id == items.c.case_id,
        grants.c.name == items.c.compartment,
        grants.c.generation == items.c.generation,
        grants.c.holder.in_(access.holders),
    )
    found = await tx.execute(
        select(items, members.c.name.label("author_name"))
        .outerjoin(members, members.c.id == items.c.author)
        .where(items.c.case_id == access.row.id, items.c.compartment.in_(names), FREE, held)
        .order_by(items.c.made_at, items.c.id)
    )
    rows = found.all()
    genuine = [row for row in rows if is_genuine_item(relais.vault.keyring, row)]
    return [
        ItemOut(
            id=row.id,
            compartment=row.compartment,
            generation=row.generation,
            kind=row.kind,
            sealed=row.sealed,
            made_at=iso(row.made_at),
            author=row.author,
            author_name=row.author_name,
            signature=row.signature,
        )
        for row in genuine
    ], len(rows) - len(genuine)


async def _log(tx: AsyncConnection, case_id: str) -> list[LogLine]:
    found = await tx.execute(
        select(case_log, members.c.name.label("member_name"))
        .outerjoin(members, members.c.id == case_log.c.member_id)
        .where(case_log.c.case_id == case_id, case_log.c.kind.not_in(AUDITED), ~_HER_WORD)
        .order_by(case_log.c.at, case_log.c.id)
    )
    return [
        LogLine(kind=row.kind, member=row.member_name, at=iso(row.at), detail=row.detail)
        for row in found
    ]
