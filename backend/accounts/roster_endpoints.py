"""The roster over HTTP: read by every member, uploaded by a coordinator."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.founding import first_root
from backend.accounts.guard import Coordinator, Here, Member
from backend.accounts.people_log import write_down
from backend.accounts.roster_store import (
    brought_into_force,
    current_signed,
    install,
    newest,
)
from backend.accounts.schemas import RosterIn, RosterOut
from backend.errors import RelaisError
from backend.relais import Relais
from backend.vault.roster import RosterError, SignedRoster
from backend.vault.roster_root import pin_root

router = APIRouter(tags=["roster"])

_ADVICE = {
    "malformed": "This is no roster.",
    "not_canonical": "The document is not written in the canonical form; sign it again.",
    "wrong_root": "It is not signed by the coordinator key that is pinned in the settings.",
    "unknown_format": "It was written by a newer Relais; upgrade the server first.",
    "bad_signature": "The signature does not fit the pinned coordinator key.",
    "bad_chain": "Nobody vouched for a key that it lists as a signer.",
    "expired": "It has expired; sign a new one.",
    "too_long_valid": "It is valid for more than 90 days; sign a new one.",
    "wrong_version": "Its version must be one above the roster in use.",
    "not_the_last": "The newest list is not in the database any more: bring that one first.",
    "wrong_previous": "It does not name the roster in use as the one before it.",
    "revoked": "A key signed or vouched that may not do so any more.",
    "too_few": "It needs at least two coordinators and a recovery key.",
}


async def roster_out(connection: AsyncConnection, relais: Relais) -> RosterOut | None:
    """The roster in force with its exact bytes, or None."""
    found = await current_signed(connection, relais.settings, relais.world.now())
    if found is None:
        return None
    roster, signed = found
    return RosterOut(version=roster.version, document=signed.document, signature=signed.signature)


@router.get("/roster")
async def read_roster(_: Member, relais: Here) -> RosterOut:
    """The roster in force; 404 ``no_roster`` while there is none."""
    async with relais.db.read() as connection:
        found = await roster_out(connection, relais)
    if found is None:
        raise RelaisError(404, "no_roster", "No signed roster is in force yet.")
    return found


@router.get("/roster/last")
async def read_last_roster(_: Member, relais: Here) -> RosterOut:
    """The newest roster, in force or expired: what the next one follows. 404 ``no_roster``.

    Open to every member: a browser that has seen a list can then tell one that is over from one
    that is kept from it.
    """
    async with relais.db.read() as connection:
        found = await newest(connection, relais.settings)
    if found is None:
        raise RelaisError(404, "no_roster", "No roster was ever signed here.")
    roster, signed = found
    return RosterOut(version=roster.version, document=signed.document, signature=signed.signature)


@router.post("/roster", status_code=201)
async def upload_roster(body: RosterIn, member: Coordinator, relais: Here) -> RosterOut:
    """Bring a new roster into force. 422 with the reason when it may not follow the one in use.

    The first one of an installation is signed by the coordinator who uploads it, whose key becomes
    the root.
    """
    signed = SignedRoster(body.document, body.signature)
    try:
        async with relais.db.write() as tx:
            first = await first_root(tx, relais, member)
            roster = await install(tx, relais.settings, relais.world.now(), signed, first)
            version = str(roster.version)
            await write_down(tx, relais.world, "roster", by=member.id, detail=version)
            if first is not None:
                pin_root(relais.settings, first)
    except RosterError as error:
        raise RelaisError(422, error.code, _ADVICE[error.code]) from error
    await brought_into_force(relais)
    return RosterOut(version=roster.version, document=signed.document, signature=signed.signature)
