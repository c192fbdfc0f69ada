"""Log-in: passphrase proof and one-time code, the same work for names that nobody has."""

import hmac
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.argon import Argon, faked, from_stored
from backend.accounts.names import login_name
from backend.accounts.passkeys import answers, begin_login
from backend.accounts.security import plain_code, use_code
from backend.accounts.sessions import open_session
from backend.accounts.throttle import Pace, failures, forgive, record_failure, wait_ms
from backend.accounts.totp import SECRET_BYTES, matching_step
from backend.database.tables import members
from backend.errors import RelaisError
from backend.relais import Relais

_NAME_PACE: Final = Pace(free=5, base=2, cap=60)
"""Strangers can start this one, so it stays short."""
_CODE_PACE: Final = Pace(free=5, base=5, cap=900)
"""Only someone who has the passphrase can start this one."""
_ALL_PACE: Final = Pace(free=200, base=1, cap=5)
"""Over all names together; a name that nobody guessed at lately is not held up by it."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session was opened."""

    member_id: str
    token: str

    def __repr__(self) -> str:
        return "<sealed>"


@dataclass(frozen=True, slots=True)
class Refused:
    """Not logged in; with ``wait_ms`` the caller tried too often."""

    wait_ms: int = 0

    def error(self) -> RelaisError:
        """As it is answered; the same whatever was wrong."""
        if self.wait_ms:
            seconds = -(-self.wait_ms // 1000)
            return RelaisError(
                429, "slow_down", f"Too many tries. Wait {seconds} seconds.", retry_after=seconds
            )
        return RelaisError(
            401,
            "wrong",
            "Name, passphrase or code is wrong. A code works once: wait for the next one.",
        )


async def argon_for(connection: AsyncConnection, relais: Relais, name: str) -> Argon:
    """The member's parameters, or stable faked ones."""
    folded = login_name(name)
    row = await _member(connection, folded)
    invented = faked(relais.vault.keyring, folded)
    return invented if row is None else from_stored(row.argon)


async def passkey_options(
    connection: AsyncConnection, relais: Relais, name: str, login: bytes
) -> dict[str, Any]:
    """What a device is asked for: with the right words the member's passkeys, else an invented one.

    A name that nobody has costs the same look-ups as one with any number of passkeys.
    """
    folded = login_name(name)
    row = await _member(connection, folded)
    proven = _proves(relais, row, login)
    member_id = row.id if row is not None and proven else None
    return await begin_login(connection, relais, member_id, folded, login.hex())


async def log_in(
    relais: Relais, name: str, login: bytes, code: str | dict[str, Any], *, device: str | None
) -> LoggedIn | Refused:
    """One attempt, in one transaction that also counts failures.

    ``code``: of the authenticator, of a paper, or a passkey's answer (a dictionary).
    ``device``: the member id that this browser proved earlier (see ``devices``); its attempts are
    counted apart, so that a stranger's guesses do not keep the member out.
    """
    folded, now = login_name(name), relais.world.now()
    async with relais.db.write() as tx:
        row = await _member(tx, folded, lock=True)
        known = row is not None and device == row.id
        own, everyone = _lanes(relais, folded, known=known)
        proven, wait = _proves(relais, row, login), await _wait(tx, own, everyone, now)
        if row is None or not proven:
            # Who has the six words never waits because of a stranger who tries.
            if wait:
                return Refused(wait)
            _matching(relais, None, code if isinstance(code, str) else "", now)
            await record_failure(tx, own, now)
            if everyone is not None:
                await record_failure(tx, everyone, now)
            return Refused()
        outcome = await _second_factor(tx, relais, row, code, own)
        if isinstance(outcome, Refused) and wait:
            return Refused(max(wait, outcome.wait_ms))  # the words alone are not told to be right
        return outcome


async def _second_factor(
    tx: AsyncConnection, relais: Relais, row: Row[Any], code: str | dict[str, Any], own: bytes
) -> LoggedIn | Refused:
    now = relais.world.now()
    codes = relais.vault.keyring.index("throttle", "code", row.id)
    if wait := await wait_ms(tx, codes, _CODE_PACE, now):
        return Refused(wait)
    if not await _fits(tx, relais, row, code):
        await record_failure(tx, codes, now)
        return Refused()
    for key in (codes, own):
        await forgive(tx, key)
    return LoggedIn(row.id, await open_session(tx, relais, row.id))


async def _fits(
    tx: AsyncConnection, relais: Relais, row: Row[Any], code: str | dict[str, Any]
) -> bool:
    """A passkey, the authenticator's code, or one that stands in for it; each works once."""
    if isinstance(code, dict):
        return await answers(tx, relais, row.id, code)
    spare = plain_code(code)
    if spare is not None:
        return await use_code(tx, relais, row.id, spare)
    step = _matching(relais, row, code, relais.world.now())
    return step is not None and await _use_step(tx, row.id, step)


def _lanes(relais: Relais, folded: str, *, known: bool) -> tuple[bytes, bytes | None]:
    """Where failures are counted: for this name, and (strangers only) for all names together."""
    index = relais.vault.keyring.index
    if known:
        return index("throttle", "login on a known device", folded), None
    return index("throttle", "login", folded), index("throttle", "login", "*", "everyone")


async def _wait(tx: AsyncConnection, own: bytes, everyone: bytes | None, now: int) -> int:
    wait = await wait_ms(tx, own, _NAME_PACE, now)
    if everyone is not None and await failures(tx, own, now):
        wait = max(wait, await wait_ms(tx, everyone, _ALL_PACE, now))
    return wait


def _proves(relais: Relais, row: Row[Any] | None, login: bytes) -> bool:
    owner = row.id if row is not None else "nobody"
    given = relais.vault.keyring.index("login", owner, login.hex())
    kept = row.login_index if row is not None else bytes(32)
    return hmac.compare_digest(given, kept) and row is not None


def _matching(relais: Relais, row: Row[Any] | None, code: str, now: int) -> int | None:
    if row is None or row.totp_sealed is None:  # nobody, or a member with passkeys only
        secret = relais.vault.keyring.index("login", "no such secret")[:SECRET_BYTES]
        matching_step(secret, code, now, after=0)
        return None
    secret = relais.vault.keyring.open("members", row.totp_sealed, "members", "totp", row.id)
    return matching_step(secret, code, now, after=row.totp_step)


async def _use_step(tx: AsyncConnection, member_id: str, step: int) -> bool:
    """Of two log-ins with one code, one gets it."""
    used = await tx.execute(
        update(members)
        .where(members.c.id == member_id, members.c.totp_step < step)
        .values(totp_step=step)
    )
    return used.rowcount == 1


async def _member(
    connection: AsyncConnection, folded: str, *, lock: bool = False
) -> Row[Any] | None:
    query = select(members).where(
        members.c.login_name == folded,
        members.c.enrolled_at.is_not(None),
        members.c.disabled_at.is_(None),
    )
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
