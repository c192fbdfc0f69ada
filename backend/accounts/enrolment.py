"""Enrolment: an invited member's browser hands over public keys and a wrapped seed."""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.invitations import Invited, find_invitation, gone, use_up
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


async def enrol(relais: Relais, token: str, keys: Keys, code: str) -> Enrolled:
    """Use the invitation up, store the keys, and open a session, in one transaction.

    Raises 404 ``invitation_gone``, 422 ``bad_key``, 401 ``wrong_code`` (the invitation stays).
    In the demo the marked coordinator signs a roster with the new member in the same transaction;
    in production the member waits for a signed roster.
    """
    _hold_shapes(keys)
    now = relais.world.now()
    async with relais.db.write() as tx:
        invited = await find_invitation(tx, relais, token)
        step = matching_step(invited.totp_secret, code, now, after=0)
        if step is None:
            raise RelaisError(
                401, "wrong_code", "That code does not fit. Check the phone's clock and try again."
            )
        await use_up(tx, invited, now)
        await _store(tx, relais, invited, keys, step)
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


async def _store(
    tx: AsyncConnection, relais: Relais, invited: Invited, keys: Keys, step: int
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
            totp_sealed=keyring.seal("members", invited.totp_secret, "members", "totp", member),
            totp_step=step,
            enrolled_at=relais.world.now(),
        )
    )
    if stored.rowcount != 1:
        raise gone()
