"""Later grants: a seed that a browser sealed to another member's key, put away and written down.

The server cannot make one, and cannot look into one. It holds who may grant, to whom, and what was
said for it; whether the seed is the right one is seen by whoever opens it, since a grant counts in
the browser only if it yields the compartment's public half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

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
from backend.cases.key_lines import KeyLine, write_key_line
from backend.cases.reading import authorised, not_yours
from backend.cases.referrals import ACCEPTED, ASKED
from backend.database.statements import insert_or_ignore
from backend.database.tables import case_log, cases, compartments, grants, members, referrals
from backend.errors import RelaisError
from backend.vault.compartments import ACCOUNT, COMPARTMENTS, RECOVERY
from backend.vault.genuine import is_genuine
from backend.vault.roster_root import pinned_root
from conversation.replies import Name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.accounts.sessions import SignedIn
    from backend.relais import Relais

RECOVERY_ASKED: Final = "recovery_asked"
_ASK_AGAIN: Final = 7 * DAY
"""So long after a package was asked for its grants may come back."""


async def who_holds(
    tx: AsyncConnection, relais: Relais, member: SignedIn, case_id: str, reason: str
) -> HoldersOut:
    """Who has which key of a case, and who else may get one."""
    await authorised(tx, relais, member, case_id, reason)
    held, asked = await _held(tx, case_id), await _referred(tx, case_id, ASKED)
    for name, people in (await _referred(tx, case_id, ACCEPTED)).items():
        held.setdefault(name, set()).update(people)
    everybody = await tx.execute(select(members.c.id).where(members.c.disabled_at.is_(None)))
    allowed = await allowed_of(tx, relais, case_id, everybody.scalars())
    return HoldersOut(held=_in_order(held), asked=_in_order(asked), allowed=sorted(allowed))


def _in_order(found: dict[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(found[name]) for name in COMPARTMENTS if name in found}


async def _held(tx: AsyncConnection, case_id: str) -> dict[str, set[str]]:
    rows = await tx.execute(
        select(grants.c.name, grants.c.holder)
        .where(grants.c.case_id == case_id, grants.c.referral_id.is_(None))
        .distinct()
    )
    held: dict[str, set[str]] = {}
    for row in rows:
        held.setdefault(row.name, set()).add(row.holder)
    return held


async def _referred(tx: AsyncConnection, case_id: str, status: str) -> dict[str, set[str]]:
    """To whom which compartments are referred, in this state."""
    rows = await tx.execute(
        select(grants.c.name, referrals.c.receiver_id)
        .join(referrals, referrals.c.id == grants.c.referral_id)
        .where(grants.c.case_id == case_id, referrals.c.status == status)
        .distinct()
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.name, set()).add(row.receiver_id)
    return found


async def allowed_of(
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
    await authorised(tx, relais, member, case_id, given.reason)
    if any(one.compartment in ACCOUNT for one in given.grants) and not given.consent:
        raise RelaisError(
            422, "consent_needed", "Say when and how she agreed that they read her account."
        )
    await _put_away(tx, relais, case_id, given.grants, by=member.id, why=given.why)
    for holder, names in _by_holder(given.grants).items():
        said = "\n".join(one for one in (given.reason, given.consent) if one)
        line = KeyLine("granted", member.id, holder, names, said)
        await write_key_line(tx, relais, case_id, line)


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
    line = KeyLine("spoiled", member.id, member.id, (spoiled.compartment,))
    await write_key_line(tx, relais, case_id, line)


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
    allowed = await allowed_of(tx, relais, case_id, {one.holder for one in sealed})
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
        if case is None or case.status in {"erasing", "erased"} or {member.id, asked.to} & barred:
            raise RelaisError(404, "no_case", f"There is no case {code} to recover.")
        found.append(await _recoverable(tx, relais, case.id, code))
        line = KeyLine(RECOVERY_ASKED, member.id, asked.to, said=asked.reason)
        await write_key_line(tx, relais, case.id, line)
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
            case_log.c.kind == RECOVERY_ASKED,
            case_log.c.at > relais.world.now() - _ASK_AGAIN,
        )
    )
    wanted = {detail.partition(":")[0] for detail in asked.scalars()}
    if not {one.holder for one in given} <= wanted:
        raise not_yours()
    await _put_away(tx, relais, case_id, given, by=RECOVERY, why="recovery")
    for holder, names in _by_holder(given).items():
        await write_key_line(tx, relais, case_id, KeyLine("recovered", member.id, holder, names))
