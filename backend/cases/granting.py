"""Later grants: a seed that a browser sealed to another member's key, put away and written down.

The server cannot make one, and cannot look into one. It holds who may grant, to whom, and what was
said for it; whether the seed is the right one is seen by whoever opens it, since a grant counts in
the browser only if it yields the compartment's public half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from backend import alerts
from backend.accounts.roster_store import current_signed, holders
from backend.ambient import DAY
from backend.cases.granting_schemas import (
    GrantIn,
    HoldersOut,
    PackageIn,
    PackageOut,
    RecoverableOut,
    RecoveryGrantOut,
    SealedFor,
    SpoiledIn,
)
from backend.cases.reading import authorised, not_yours
from backend.database.statements import insert_or_ignore
from backend.database.tables import case_log, cases, compartments, grants, members
from backend.errors import RelaisError
from backend.vault.compartments import ACCOUNT, COMPARTMENTS, RECOVERY
from backend.vault.genuine import is_genuine
from backend.vault.roster_root import pinned_root
from conversation.replies import Name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.accounts.sessions import SignedIn
    from backend.cases.history import CaseKind
    from backend.relais import Relais

ASKED: Final = "recovery_asked"
_ASK_AGAIN: Final = 7 * DAY
"""So long after a package was asked for its grants may come back."""


async def who_holds(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, reason: str
) -> HoldersOut:
    """Who has which key of a case, and who else may get one."""
    await authorised(tx, member, case_id, reason)
    rows = await tx.execute(
        select(grants.c.name, grants.c.holder).where(grants.c.case_id == case_id).distinct()
    )
    held: dict[str, list[str]] = {}
    for row in rows:
        held.setdefault(row.name, []).append(row.holder)
    everybody = await tx.execute(select(members.c.id).where(members.c.disabled_at.is_(None)))
    allowed = await _allowed(tx, relais, case_id, everybody.scalars())
    return HoldersOut(
        held={name: sorted(held[name]) for name in COMPARTMENTS if name in held},
        allowed=sorted(allowed),
    )


async def _allowed(
    tx: AsyncConnection, relais: Relais, case_id: str, ids: Iterable[str]
) -> set[str]:
    """Members whom the roster vouches for and who are not barred from this case."""
    known = {one.id for one in await holders(tx, relais, ids)} - {RECOVERY}
    return known - await alerts.barred_from(tx, relais, case_id)


async def add_grants(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, given: GrantIn
) -> None:
    """From a coordinator's browser.

    Raises 403 ``not_yours`` or ``reason_needed``, 403 ``not_allowed`` (barred, or not in the
    roster), 422 ``consent_needed`` (her account, without saying how she agreed), 409
    ``other_generation`` (no such compartment), 422 ``not_sealed``.
    """
    await authorised(tx, member, case_id, given.reason)
    if any(one.compartment in ACCOUNT for one in given.grants) and not given.consent:
        raise RelaisError(
            422, "consent_needed", "Say when and how she agreed that they read her account."
        )
    await _put_away(tx, relais, case_id, given.grants, by=member.id, why=given.why)
    for holder, names in _by_holder(given.grants).items():
        said = "\n".join(one for one in (given.reason, given.consent) if one)
        line = _Line("granted", member.id, holder, names, said)
        await _write_down(tx, relais, case_id, line)


async def give_back(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, spoiled: SpoiledIn
) -> None:
    """A key of one's own that does not open goes, so that a right one has room.

    Nobody else can do it: a coordinator's grant never replaces what somebody holds. Raises 403
    ``not_yours`` where there is no such key.
    """
    # The case before its grants, as a turn has it.
    await tx.execute(select(cases.c.id).where(cases.c.id == case_id).with_for_update())
    gone = await tx.execute(
        delete(grants).where(
            grants.c.case_id == case_id,
            grants.c.name == spoiled.compartment,
            grants.c.generation == spoiled.generation,
            grants.c.holder == member.id,
        )
    )
    if not gone.rowcount:
        raise not_yours()
    line = _Line("spoiled", member.id, member.id, (spoiled.compartment,))
    await _write_down(tx, relais, case_id, line)


async def _put_away(
    tx: AsyncConnection,
    relais: Relais,
    case_id: str,
    given: Iterable[SealedFor],
    *,
    by: str,
    why: str,
) -> None:
    sealed = list(given)
    allowed = await _allowed(tx, relais, case_id, {one.holder for one in sealed})
    there = await tx.execute(
        select(compartments.c.name, compartments.c.generation).where(
            compartments.c.case_id == case_id
        )
    )
    known = {(row.name, row.generation) for row in there}
    for one in sealed:
        if one.holder not in allowed:
            raise RelaisError(
                403, "not_allowed", "This member may not be given a key of this case."
            )
        if (one.compartment, one.generation) not in known:
            raise RelaisError(409, "other_generation", "Open the case again, then grant.")
        if not one.sealed.startswith(b"RLS\x01"):
            raise RelaisError(422, "not_sealed", "Seal the key before you send it.")
        # One that is there stays: nobody can spoil what another holds. A lost key's are gone.
        await tx.execute(
            insert_or_ignore(relais.db.dialect, grants).values(
                case_id=case_id,
                name=one.compartment,
                generation=one.generation,
                holder=one.holder,
                sealed=one.sealed,
                granted_at=relais.world.now(),
                granted_by=by,
                why=why,
            )
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the case's history about keys: who gave which to whom, and what she said for it."""

    kind: CaseKind
    by: str
    holder: str
    names: tuple[str, ...] = ()
    said: str = ""


async def _write_down(tx: AsyncConnection, relais: Relais, case_id: str, line: _Line) -> None:
    log_id = relais.world.new_id()
    place = ("case_log", "reason", log_id)
    sealed = relais.vault.keyring.seal("members", line.said.encode(), *place)
    await tx.execute(
        insert(case_log).values(
            id=log_id,
            case_id=case_id,
            kind=line.kind,
            member_id=line.by,
            at=relais.world.now(),
            detail=f"{line.holder}:{'+'.join(name[:3] for name in line.names)}"[:64],
            reason_sealed=sealed if line.said else None,
        )
    )


def _by_holder(given: Iterable[SealedFor]) -> dict[str, tuple[str, ...]]:
    """Compartments that each holder gets."""
    found: dict[str, set[str]] = {}
    for one in given:
        found.setdefault(one.holder, set()).add(one.compartment)
    return {holder: tuple(sorted(names)) for holder, names in sorted(found.items())}


# -- recovery -----------------------------------------------------------------------------------


async def recovery_package(
    tx: AsyncConnection, relais: Relais, member: SignedIn, asked: PackageIn
) -> PackageOut:
    """What the keepers of the papers need to open these cases, to seal them to one member.

    Every coordinator is told. Raises 404 ``no_case`` (none of this code, or barred from it), 403
    ``not_allowed``.
    """
    to = await holders(tx, relais, [asked.to])
    roster = await current_signed(tx, relais.settings, relais.world.now())
    root = pinned_root(relais.settings)
    if roster is None or root is None or not any(one.id == asked.to for one in to):
        raise RelaisError(403, "not_allowed", "The list of members does not hold this member.")
    found = []
    for code in dict.fromkeys(asked.codes):
        # Not locked: coordinators are told below, and chats come before cases.
        case = (await tx.execute(select(cases).where(cases.c.code == code))).one_or_none()
        barred = set() if case is None else await alerts.barred_from(tx, relais, case.id)
        if case is None or case.status == "erased" or {member.id, asked.to} & barred:
            raise RelaisError(404, "no_case", f"There is no case {code} to recover.")
        found.append(await _recoverable(tx, relais, case.id, code))
        line = _Line(ASKED, member.id, asked.to, said=asked.reason)
        await _write_down(tx, relais, case.id, line)
        await alerts.tell_coordinators(
            tx,
            relais,
            "recovery_asked",
            key=f"recovery:{case.id}:{relais.world.now()}",
            code=Name(code),
            member=Name(member.name),
        )
    _, signed = roster
    return PackageOut(
        to=asked.to,
        root=root,
        document=signed.document,
        signature=signed.signature,
        cases=found,
    )


async def _recoverable(
    tx: AsyncConnection, relais: Relais, case_id: str, code: str
) -> RecoverableOut:
    rows = await tx.execute(
        select(
            grants.c.name,
            grants.c.generation,
            grants.c.sealed,
            compartments.c.public,
            compartments.c.mark,
        )
        .join(
            compartments,
            (compartments.c.case_id == grants.c.case_id)
            & (compartments.c.name == grants.c.name)
            & (compartments.c.generation == grants.c.generation),
        )
        .where(grants.c.case_id == case_id, grants.c.holder == RECOVERY)
        .order_by(grants.c.name, grants.c.generation)
    )
    return RecoverableOut(
        id=case_id,
        code=code,
        grants=[
            RecoveryGrantOut(
                compartment=row.name,
                generation=row.generation,
                public=row.public,
                sealed=row.sealed,
            )
            for row in rows
            if is_genuine(relais.vault.keyring, case_id, row)
        ],
    )


async def add_recovered(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, given: list[SealedFor]
) -> None:
    """What the recovery page made of a package that was asked for in the last week.

    Raises 403 ``not_yours`` without such a package for exactly this member.
    """
    asked = await tx.execute(
        select(case_log.c.detail).where(
            case_log.c.case_id == case_id,
            case_log.c.kind == ASKED,
            case_log.c.at > relais.world.now() - _ASK_AGAIN,
        )
    )
    wanted = {detail.partition(":")[0] for detail in asked.scalars()}
    if not {one.holder for one in given} <= wanted:
        raise not_yours()
    await _put_away(tx, relais, case_id, given, by=RECOVERY, why="recovery")
    for holder, names in _by_holder(given).items():
        await _write_down(tx, relais, case_id, _Line("recovered", member.id, holder, names))
