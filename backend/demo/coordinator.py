"""The demo's coordinator: signs the roster on the server, which production never does.

Its key is a file under DATA_DIR/keys; every roster it signs says ``"demo": true``, and production
refuses such a roster. The recovery key's private half is not kept on the server at all.
"""

import base64
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.roster_store import install, stored, verified
from backend.ambient import DAY, moment
from backend.database.tables import members, organisations, rosters
from backend.errors import ConfigurationError
from backend.jobs import Handler, Job, schedule
from backend.relais import Relais
from backend.vault.roster import VALID_DAYS, Roster, RosterMember, SignedRoster, sign_roster
from backend.vault.roster_floor import read_floor
from backend.vault.roster_root import demo_signing_key
from sealing import KeyPair

RENEW_MS: Final = 30 * DAY
"""A roster with less than this left is signed again."""
RENEW_JOB: Final = "roster.renew"


async def begin_roster(tx: AsyncConnection, relais: Relais) -> str | None:
    """Sign the first roster (nobody in it, a new recovery key) unless there is one.

    Returns the recovery key's seed as base64 when it was made now: shown once, kept nowhere.
    """
    before, last = await _newest(tx, relais)
    if before is not None:
        return None
    if last is not None:
        raise ConfigurationError(
            "the database holds a roster that the keys under DATA_DIR/keys did not sign; "
            "put back the keys that belong to it, or begin the demo anew with an empty DATA_DIR"
        )
    seed = relais.world.random(32)
    await _sign(tx, relais, _next(relais, (), KeyPair(seed).public.raw))
    return base64.b64encode(seed).decode("ascii")


async def admit(tx: AsyncConnection, relais: Relais, member_id: str) -> None:
    """Sign a new roster with this member, who has just enrolled in the same transaction."""
    await tx.execute(  # whoever signs holds the oldest row: versions never collide
        select(rosters.c.version).order_by(rosters.c.version).limit(1).with_for_update()
    )
    before, _ = await _newest(tx, relais)
    if before is None:
        raise ConfigurationError("the demo has no roster; start it with `make run`")
    known = tuple(one for one in before.members if one.id != member_id)
    entry = await _entry(tx, member_id)
    await _sign(tx, relais, _next(relais, (*known, entry), before.recovery))


async def renew(tx: AsyncConnection, relais: Relais) -> bool:
    """Sign the same members again when fewer than 30 days are left; whether it did."""
    before, _ = await _newest(tx, relais)
    if before is None or before.valid_until - relais.world.now() > RENEW_MS:
        return False
    await _sign(tx, relais, _next(relais, before.members, before.recovery))
    return True


async def renew_daily(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """Job ``roster.renew``: look once a day, and set the next look in the same commit."""
    await renew(tx, relais)
    await look_tomorrow(tx, relais, after=job.due_at)


async def look_tomorrow(tx: AsyncConnection, relais: Relais, *, after: int) -> None:
    """Schedule the next look; a day that has one keeps it."""
    due_at = max(after, relais.world.now() - DAY) + DAY
    key = f"{RENEW_JOB}:{moment(due_at).date().isoformat()}"
    await schedule(tx, relais.world, kind=RENEW_JOB, key=key, subject="demo", due_at=due_at)


async def _newest(tx: AsyncConnection, relais: Relais) -> tuple[Roster | None, SignedRoster | None]:
    demo_signing_key(relais.settings, relais.world.random)  # refuses outside the demo
    signed = await stored(tx)
    return verified(signed, relais.settings), signed


def _next(relais: Relais, members_: tuple[RosterMember, ...], recovery: bytes | None) -> Roster:
    """What follows the newest roster (reading that one has raised the floor to it)."""
    floor = read_floor(relais.settings.draft_keys_path)
    now = relais.world.now() // 1000 * 1000
    return Roster(
        version=floor.version + 1,
        previous=floor.digest,
        issued_at=now,
        valid_until=now + VALID_DAYS * DAY,
        signer=demo_signing_key(relais.settings, relais.world.random).public,
        demo=True,
        members=members_,
        recovery=recovery,
    )


async def _sign(tx: AsyncConnection, relais: Relais, roster: Roster) -> None:
    key = demo_signing_key(relais.settings, relais.world.random)
    await install(tx, relais.settings, relais.world.now(), sign_roster(roster, key))


async def _entry(tx: AsyncConnection, member_id: str) -> RosterMember:
    found = await tx.execute(
        select(members, organisations.c.name.label("organisation"))
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .where(members.c.id == member_id)
    )
    row = found.one()
    return RosterMember(
        id=row.id,
        name=row.name,
        organisation=row.organisation,
        roles=tuple(row.roles),
        kem=row.kem_public,
        sign=row.sign_public,
    )


HANDLERS: Final[dict[str, Handler]] = {RENEW_JOB: renew_daily}
"""Job handlers, by kind."""
