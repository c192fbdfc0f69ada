"""Enrolment: an invited member's browser hands over public keys, a wrapped seed, and a factor."""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.invitations import Invited, find_invitation, gone, use_up
from backend.accounts.passkeys import begin_enrolment, finish_enrolment
from backend.accounts.people_log import write_down
from backend.accounts.roster_store import brought_into_force
from backend.accounts.sessions import open_session
from backend.accounts.totp import matching_step
from backend.database.tables import members
from backend.demo.coordinator import admit
from backend.errors import RelaisError
from backend.relais import Relais
from sealing import PublicKey, SealError


@dataclass(frozen=True, slots=True)
class Keys:
    """What the browser made. The seed arrives wrapped; ``login`` proves the passphrase later."""

    kem_public: bytes
    sign_public: bytes
    wrapped_seed: bytes
    argon: dict[str, Any]
    login: bytes

    def __repr__(self) -> str:
        return "<sealed>"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The new member and the session that was opened."""

    member_id: str
    name: str
    token: str

    def __repr__(self) -> str:
        return "<sealed>"


async def passkey_options(relais: Relais, token: str) -> dict[str, Any]:
    """What a device is asked for to enrol with a passkey; for this invitation alone.

    Raises 404 ``invitation_gone``, 409 ``no_passkeys``.
    """
    async with relais.db.read() as connection:
        invited = await find_invitation(connection, relais, token)
    return begin_enrolment(relais, invited.token_index.hex(), invited.member_id, invited.name)


async def enrol(relais: Relais, token: str, keys: Keys, factor: str | dict[str, Any]) -> Enrolled:
    """Use the invitation up, store keys and second factor, open a session, in one transaction.

    ``factor``: a code of the invitation's authenticator, or a new passkey (a dictionary).
    Raises 404 ``invitation_gone``, 422 ``bad_key``, 401 ``wrong_code``, 422 ``wrong_passkey``, 409
    ``no_passkeys`` (the invitation stays).
    In the demo the marked coordinator signs a roster with the new member in the same transaction;
    in production the member waits for a signed roster.
    """
    _hold_shapes(keys)
    now = relais.world.now()
    async with relais.db.write() as tx:
        invited = await find_invitation(tx, relais, token)
        if isinstance(factor, str):
            held = _authenticator(relais, invited, factor, now)
        else:
            held = await _passkey(tx, relais, invited, factor)
        await use_up(tx, invited, now)
        await _store(tx, relais, invited, keys, held)
        mine = invited.member_id
        await write_down(tx, relais.world, "enrolled", by=mine, subject=mine)
        if relais.settings.mode == "demo":
            await admit(tx, relais, invited.member_id)
        session = await open_session(tx, relais, invited.member_id)
    await brought_into_force(relais)
    return Enrolled(invited.member_id, invited.name, session)


def _hold_shapes(keys: Keys) -> None:
    try:
        PublicKey(keys.kem_public).hold()
        Ed25519PublicKey.from_public_bytes(keys.sign_public)
    except (SealError, ValueError) as error:
        raise RelaisError(422, "bad_key", "These bytes are no public keys.") from error


def _authenticator(relais: Relais, invited: Invited, code: str, now: int) -> dict[str, Any]:
    """The member's columns of a factor that showed its first code."""
    step = matching_step(invited.totp_secret, code, now, after=0)
    if step is None:
        raise RelaisError(
            401, "wrong_code", "That code does not fit. Check the phone's clock and try again."
        )
    seal, secret = relais.vault.keyring.seal, invited.totp_secret
    sealed = seal("members", secret, "members", "totp", invited.member_id)
    return {"totp_sealed": sealed, "totp_step": step}


async def _passkey(
    tx: AsyncConnection, relais: Relais, invited: Invited, credential: dict[str, Any]
) -> dict[str, Any]:
    """Kept in its own table. The invitation's secret, which a page has shown, is not taken over."""
    index, member = invited.token_index.hex(), invited.member_id
    if not await finish_enrolment(tx, relais, index, member, credential):
        raise RelaisError(422, "wrong_passkey", "That passkey was not taken. Begin again.")
    return {}


async def _store(
    tx: AsyncConnection, relais: Relais, invited: Invited, keys: Keys, factor: dict[str, Any]
) -> None:
    keyring, member = relais.vault.keyring, invited.member_id
    stored = await tx.execute(
        update(members)
        .where(members.c.id == member, members.c.enrolled_at.is_(None))
        .values(
            kem_public=keys.kem_public,
            sign_public=keys.sign_public,
            key_sealed=keyring.seal("members", keys.wrapped_seed, "members", "key", member),
            argon=keys.argon,
            login_index=keyring.index("login", member, keys.login.hex()),
            enrolled_at=relais.world.now(),
            **factor,
        )
    )
    if stored.rowcount != 1:
        raise gone()
