"""The roster in use: stored versions, what may follow them, and the holders it vouches for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from backend.database.tables import members, organisations, rosters
from backend.vault.compartments import RECOVERY, Holder
from backend.vault.roster import (
    Roster,
    RosterError,
    SignedRoster,
    hold_succession,
    read_roster,
)
from backend.vault.roster_floor import Floor, floor_of, raise_floor, read_floor
from backend.vault.roster_root import pinned_root
from sealing import PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais
    from backend.settings import Settings

COORDINATORS = 2
"""So many a roster outside the demo has at least."""


async def stored(connection: AsyncConnection) -> SignedRoster | None:
    """The newest signed document as it lies in the database, not verified."""
    newest = select(func.max(rosters.c.version)).scalar_subquery()
    found = await connection.execute(
        select(rosters.c.document, rosters.c.signature).where(rosters.c.version == newest)
    )
    row = found.one_or_none()
    return None if row is None else SignedRoster(row.document, row.signature)


def verified(signed: SignedRoster | None, settings: Settings) -> Roster | None:
    """``signed`` when its signature, mode and version hold; expiry is not looked at.

    Fails closed: one that does not verify is not replaced by any other that was not in use.
    """
    root = pinned_root(settings)
    if signed is None or root is None:
        return None
    try:
        roster = read_roster(signed, root)
    except RosterError:
        return None
    floor = _floor(settings, root)
    if roster.version < floor.version or _of_other_mode(roster, settings):
        return None
    if roster.version == floor.version and signed.digest != floor.digest:
        return None
    if roster.version > floor.version or not floor.document:
        raise_floor(settings.draft_keys_path, floor_of(roster.version, signed, root))
    return roster


def _floor(settings: Settings, root: bytes) -> Floor:
    """What was used under this root; none under one that the operator pinned since."""
    floor = read_floor(settings.draft_keys_path)
    return floor if floor.root in ("", root.hex()) else Floor()


async def newest(
    connection: AsyncConnection, settings: Settings
) -> tuple[Roster, SignedRoster] | None:
    """The newest roster that verifies, expired or not.

    From the one that was kept outside the database, each that follows it, one after the other:
    whoever writes in the database and has a key that a list revoked makes none that follows.
    """
    kept = read_floor(settings.draft_keys_path).signed
    first = verified(kept, settings)
    if first is None:  # none was in use here yet, or of a version that kept its number alone
        signed = await stored(connection)
        roster = verified(signed, settings)
        return None if signed is None or roster is None else (roster, signed)
    last: tuple[Roster, SignedRoster] = (first, cast("SignedRoster", kept))
    found = await connection.execute(
        select(rosters.c.document, rosters.c.signature)
        .where(rosters.c.version > first.version)
        .order_by(rosters.c.version)
    )
    for row in found:
        signed = SignedRoster(row.document, row.signature)
        roster = following(signed, last, settings)
        if roster is None:
            break
        last = (roster, signed)
    if last[0] is not first:
        verified(last[1], settings)  # from now on no lower one counts
    return last


def following(
    signed: SignedRoster, before: tuple[Roster, SignedRoster], settings: Settings
) -> Roster | None:
    """``signed`` if it is the next one after ``before``, as :func:`install` would take it."""
    root = pinned_root(settings)
    try:
        roster = read_roster(signed, root) if root is not None else None
        if roster is None or _of_other_mode(roster, settings):
            return None
        hold_succession(roster, before[0])
    except RosterError:
        return None
    next_one = (before[0].version + 1, before[1].digest)
    return roster if (roster.version, roster.previous) == next_one else None


def _of_other_mode(roster: Roster, settings: Settings) -> bool:
    return roster.demo != (settings.mode == "demo")


async def current(connection: AsyncConnection, settings: Settings, now: int) -> Roster | None:
    """The roster that counts now: verified, not expired, never lower than one used before."""
    found = await current_signed(connection, settings, now)
    return None if found is None else found[0]


async def current_signed(
    connection: AsyncConnection, settings: Settings, now: int
) -> tuple[Roster, SignedRoster] | None:
    """As :func:`current`, with the exact bytes that were signed."""
    found = await newest(connection, settings)
    return found if found is not None and found[0].valid_until > now else None


async def brought_into_force(relais: Relais) -> None:
    """Call after the commit of a new roster: from now on no lower version counts here."""
    async with relais.db.read() as connection:
        await current(connection, relais.settings, relais.world.now())
    relais.directory.invalidate()


async def install(
    tx: AsyncConnection,
    settings: Settings,
    now: int,
    signed: SignedRoster,
    first: bytes | None = None,
) -> Roster:
    """Store a new roster if it may follow the newest; raises :class:`RosterError` otherwise.

    ``first``: the root that this roster brings, where there is none.
    """
    root = pinned_root(settings) or first
    if root is None:
        raise RosterError("wrong_root")
    roster = read_roster(signed, root)
    if _of_other_mode(roster, settings):
        raise RosterError("wrong_root")
    if roster.valid_until <= now:
        raise RosterError("expired")
    if not roster.demo:
        _hold_people(roster)
    before = await newest(tx, settings)
    _hold_chain(roster, signed, root, settings, there=before is not None)
    if before is not None and roster.version > before[0].version:
        hold_succession(roster, before[0])
    await _make_room(tx, roster.version, root, before, settings)
    make = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    added = await tx.execute(
        make(rosters)
        .values(
            version=roster.version,
            document=signed.document,
            signature=signed.signature,
            signed_at=roster.issued_at,
        )
        .on_conflict_do_nothing()
    )
    if added.rowcount != 1:
        raise RosterError("wrong_version")
    return roster


async def _make_room(
    tx: AsyncConnection,
    version: int,
    root: bytes,
    before: tuple[Roster, SignedRoster] | None,
    settings: Settings,
) -> None:
    """A row that follows nothing, of this version or a later one, keeps no list from following.

    One that does stays: another coordinator was first.
    """
    found = await tx.execute(select(rosters).where(rosters.c.version >= version))
    for row in found.all():
        signed = SignedRoster(row.document, row.signature)
        if before is None:
            with suppress(RosterError):
                if read_roster(signed, root).version == row.version:
                    continue
        elif signed.digest == before[1].digest or following(signed, before, settings) is not None:
            continue
        await tx.execute(
            delete(rosters).where(
                rosters.c.version == row.version, rosters.c.document == row.document
            )
        )


def _hold_people(roster: Roster) -> None:
    """Two who can sign the next one, and a key for when everybody's is lost."""
    coordinators = [one for one in roster.members if "coordinator" in one.roles]
    if len(coordinators) < COORDINATORS or roster.recovery is None:
        raise RosterError("too_few")


def _hold_chain(
    roster: Roster, signed: SignedRoster, root: bytes, settings: Settings, *, there: bool
) -> None:
    """``there``: the newest roster ever used is at hand, and succession can be checked."""
    floor = _floor(settings, root)
    if floor.version == 0:
        return  # nothing was ever used under this root: it alone decides
    if roster.version == floor.version and signed.digest == floor.digest:
        return  # a database that was put back gets the roster that was in use
    if not there:  # of an earlier version: whoever took it away might have been removed by it
        raise RosterError("not_the_last")
    if roster.version != floor.version + 1:
        raise RosterError("wrong_version")
    if roster.previous != floor.digest:
        raise RosterError("wrong_previous")


async def vouched(
    connection: AsyncConnection, roster: Roster | None, member_ids: Iterable[str] | None = None
) -> dict[str, bytes]:
    """X-Wing keys of enrolled, not disabled members whose stored keys are those of the roster.

    A ghost (a row whose keys, roles or organisation differ from the roster, or that is not in it)
    is left out.
    """
    if roster is None:
        return {}
    query = (
        select(
            members.c.id,
            members.c.kem_public,
            members.c.sign_public,
            members.c.roles,
            organisations.c.name.label("organisation"),
        )
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .where(members.c.enrolled_at.is_not(None), members.c.disabled_at.is_(None))
    )
    if member_ids is not None:
        query = query.where(members.c.id.in_(list(member_ids)))
    known = {one.id: one for one in roster.members}
    return {
        row.id: row.kem_public
        for row in await connection.execute(query)
        if (entry := known.get(row.id)) is not None
        and (entry.kem, entry.sign, set(entry.roles), entry.organisation)
        == (row.kem_public, row.sign_public, set(row.roles), row.organisation)
    }


async def holders(
    connection: AsyncConnection, relais: Relais, member_ids: Iterable[str]
) -> list[Holder]:
    """Whom a compartment may be sealed to: these members where the roster vouches for them.

    The year's recovery key joins when the roster has one. Empty without a roster in force.
    """
    roster = await current(connection, relais.settings, relais.world.now())
    if roster is None:
        return []
    wanted = dict.fromkeys(member_ids)
    keys = await vouched(connection, roster, wanted)
    found = [Holder(one, PublicKey(keys[one])) for one in wanted if one in keys]
    if roster.recovery is not None:
        found.append(Holder(RECOVERY, PublicKey(roster.recovery)))
    return found
