"""A member's own key: sessions, codes for a lost authenticator, a new authenticator, new words."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from backend.accounts.passkeys import listed, relying_party
from backend.accounts.security_schemas import NewWords, PasskeyOut, SecurityOut, SessionOut
from backend.accounts.sessions import session_index
from backend.accounts.throttle import Pace, forgive, record_failure, wait_ms
from backend.accounts.totp import SECRET_BYTES, matching_step
from backend.ambient import iso
from backend.database.tables import members, recovery_codes, sessions
from backend.errors import RelaisError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

CODES: Final = 8
CODE_LENGTH: Final = 10
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_PACE: Final = Pace(free=5, base=5, cap=900)
"""Only someone with an open session can start this one."""


async def read_security(
    connection: AsyncConnection, relais: Relais, member_id: str, token: str
) -> SecurityOut:
    """Open sessions, this one marked; which second factors there are; how many codes are left."""
    here = session_index(relais, token)
    rows = await connection.execute(
        select(sessions)
        .where(sessions.c.member_id == member_id, sessions.c.expires_at > relais.world.now())
        .order_by(sessions.c.seen_at.desc())
    )
    left = await connection.execute(
        select(func.count())
        .select_from(recovery_codes)
        .where(recovery_codes.c.member_id == member_id)
    )
    totp = await connection.execute(select(members.c.totp_sealed).where(members.c.id == member_id))
    return SecurityOut(
        sessions=[
            SessionOut(
                id=_id(row.token_index),
                opened_at=iso(row.created_at),
                seen_at=iso(row.seen_at),
                here=row.token_index == here,
            )
            for row in rows
        ],
        codes_left=left.scalar_one(),
        authenticator=totp.scalar_one() is not None,
        passkeys=[
            PasskeyOut(id=one, made_at=made_at)
            for one, made_at in await listed(connection, member_id)
        ],
        passkeys_possible=relying_party(relais.settings) is not None,
    )


def _id(index: bytes) -> str:
    """Names a session to its own member; of no use to anybody else."""
    return index[:8].hex()


async def end_sessions(
    tx: AsyncConnection, relais: Relais, member_id: str, token: str, which: str
) -> int:
    """End one other session of the member's, or (``others``) all but this one; how many."""
    rows = await tx.execute(
        select(sessions.c.token_index).where(
            sessions.c.member_id == member_id,
            sessions.c.token_index != session_index(relais, token),
        )
    )
    gone = [one for one in rows.scalars() if which == "others" or _id(one) == which]
    for one in gone:
        await tx.execute(delete(sessions).where(sessions.c.token_index == one))
    return len(gone)


async def prove(tx: AsyncConnection, relais: Relais, member_id: str, login: bytes) -> bool:
    """Whether whoever sits there knows the words; counted, so that nobody tries for long.

    Raises 429 ``slow_down``.
    """
    lane = relais.vault.keyring.index("throttle", "words again", member_id)
    now = relais.world.now()
    if wait := await wait_ms(tx, lane, _PACE, now):
        seconds = -(-wait // 1000)
        raise RelaisError(
            429, "slow_down", f"Too many tries. Wait {seconds} seconds.", retry_after=seconds
        )
    kept = await tx.execute(select(members.c.login_index).where(members.c.id == member_id))
    given = relais.vault.keyring.index("login", member_id, login.hex())
    if not hmac.compare_digest(given, kept.scalar_one()):
        await record_failure(tx, lane, now)
        return False
    await forgive(tx, lane)
    return True


def wrong_words() -> RelaisError:
    """The session stays; nothing was changed."""
    return RelaisError(403, "wrong_words", "These are not your words. Nothing was changed.")


async def new_codes(tx: AsyncConnection, relais: Relais, member_id: str) -> list[str]:
    """Eight codes, each of which stands in once for the authenticator. Earlier ones lapse."""
    await tx.execute(delete(recovery_codes).where(recovery_codes.c.member_id == member_id))
    codes = [_fresh(relais) for _ in range(CODES)]
    await tx.execute(
        insert(recovery_codes),
        [
            {
                "member_id": member_id,
                "code_index": _index(relais, member_id, code),
                "made_at": relais.world.now(),
            }
            for code in codes
        ],
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _fresh(relais: Relais) -> str:
    """50 random bits; each byte gives five, so that no letter is likelier than another."""
    return "".join(_ALPHABET[byte & 31] for byte in relais.world.random(CODE_LENGTH))


def plain_code(typed: str) -> str | None:
    """A recovery code as it is looked up; None when it cannot be one."""
    code = typed.upper().replace(" ", "").replace("-", "").translate(_LOOKALIKES)
    right = len(code) == CODE_LENGTH and all(letter in _ALPHABET for letter in code)
    return code if right else None


def _index(relais: Relais, member_id: str, code: str) -> bytes:
    return relais.vault.keyring.index("login", "recovery code", member_id, code)


async def use_code(tx: AsyncConnection, relais: Relais, member_id: str, code: str) -> bool:
    """Of two who use one code, one gets in."""
    used = await tx.execute(
        delete(recovery_codes).where(
            recovery_codes.c.member_id == member_id,
            recovery_codes.c.code_index == _index(relais, member_id, code),
        )
    )
    return used.rowcount == 1


async def begin_authenticator(tx: AsyncConnection, relais: Relais, member_id: str) -> bytes:
    """A new secret, which counts once its first code was typed; the old one serves until then."""
    secret = relais.world.random(SECRET_BYTES)
    sealed = relais.vault.keyring.seal("members", secret, "members", "totp_next", member_id)
    await tx.execute(
        update(members).where(members.c.id == member_id).values(totp_next_sealed=sealed)
    )
    return secret


async def finish_authenticator(
    tx: AsyncConnection, relais: Relais, member_id: str, code: str
) -> bool:
    """The new one counts from now on, if this is its code."""
    row = await _locked(tx, member_id)
    if row.totp_next_sealed is None:
        return False
    keyring = relais.vault.keyring
    secret = keyring.open("members", row.totp_next_sealed, "members", "totp_next", member_id)
    step = matching_step(secret, code, relais.world.now(), after=0)
    if step is None:
        return False
    await tx.execute(
        update(members)
        .where(members.c.id == member_id)
        .values(
            totp_sealed=keyring.seal("members", secret, "members", "totp", member_id),
            totp_step=step,
            totp_next_sealed=None,
        )
    )
    return True


async def change_words(
    tx: AsyncConnection, relais: Relais, member_id: str, token: str, new: NewWords
) -> None:
    """The seed, wrapped anew by the browser; every other session ends. The key stays the same."""
    keyring = relais.vault.keyring
    await _locked(tx, member_id)
    await tx.execute(
        update(members)
        .where(members.c.id == member_id)
        .values(
            key_sealed=keyring.seal("members", new.wrapped_seed, "members", "key", member_id),
            argon=new.argon.stored(),
            login_index=keyring.index("login", member_id, new.login.hex()),
        )
    )
    await end_sessions(tx, relais, member_id, token, "others")


async def _locked(tx: AsyncConnection, member_id: str) -> Any:
    found = await tx.execute(select(members).where(members.c.id == member_id).with_for_update())
    return found.one()
