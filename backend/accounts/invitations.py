"""Invitations: a link that lets one named member enrol, once, within a week."""

import base64
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.totp import SECRET_BYTES
from backend.ambient import DAY
from backend.database.tables import invitations, members, organisations
from backend.errors import RelaisError
from backend.relais import Relais
from backend.vault.roster_root import pinned_root, root_text

LIVE_MS: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Invited:
    """A live invitation and the member it is for."""

    token_index: bytes
    member_id: str
    name: str
    organisation: str
    roles: tuple[str, ...]
    totp_secret: bytes

    def __repr__(self) -> str:
        return "<sealed>"


def gone() -> RelaisError:
    """One answer for every invitation that does not work, so that nothing can be probed."""
    return RelaisError(
        404,
        "invitation_gone",
        "This invitation was used, has expired, or never was. Ask your coordinator for another.",
    )


def _index(relais: Relais, token: str) -> bytes:
    return relais.vault.keyring.index("token", "invitation", token)


async def invite(tx: AsyncConnection, relais: Relais, member_id: str, *, lapse: bool = True) -> str:
    """Make an invitation for a member who has not enrolled; returns its token (43 characters).

    With ``lapse`` earlier unused invitations of the same member stop working.
    """
    token = base64.urlsafe_b64encode(relais.world.random(32)).rstrip(b"=").decode("ascii")
    index, now = _index(relais, token), relais.world.now()
    if lapse:
        await tx.execute(
            update(invitations)
            .where(invitations.c.member_id == member_id, invitations.c.used_at.is_(None))
            .values(used_at=now)
        )
    await tx.execute(
        insert(invitations).values(
            token_index=index,
            member_id=member_id,
            totp_sealed=relais.vault.keyring.seal(
                "members",
                relais.world.random(SECRET_BYTES),
                "invitations",
                "totp",
                index.hex(),
            ),
            expires_at=now + LIVE_MS,
        )
    )
    return token


def invitation_url(relais: Relais, token: str) -> str:
    """The link to hand over; token and roster root stand in the fragment, which no log sees."""
    root = pinned_root(relais.settings)
    base = relais.settings.public_url.rstrip("/")
    return f"{base}/console#/invite/{token}/{root_text(root) if root else ''}"


async def find_invitation(connection: AsyncConnection, relais: Relais, token: str) -> Invited:
    """The live invitation of this token; raises 404 ``invitation_gone``."""
    index = _index(relais, token)
    found = await connection.execute(
        select(
            invitations.c.member_id,
            invitations.c.totp_sealed,
            members.c.name,
            members.c.roles,
            organisations.c.name.label("organisation"),
        )
        .join(members, members.c.id == invitations.c.member_id)
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .where(
            invitations.c.token_index == index,
            invitations.c.used_at.is_(None),
            invitations.c.expires_at > relais.world.now(),
            members.c.enrolled_at.is_(None),
            members.c.disabled_at.is_(None),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise gone()
    return _invited(relais, index, row)


def _invited(relais: Relais, index: bytes, row: Row[*tuple[Any, ...]]) -> Invited:
    secret = relais.vault.keyring.open(
        "members", row.totp_sealed, "invitations", "totp", index.hex()
    )
    return Invited(index, row.member_id, row.name, row.organisation, tuple(row.roles), secret)


async def use_up(tx: AsyncConnection, invited: Invited, now: int) -> None:
    """Take the invitation for good; of two who try at once, the second gets 404."""
    used = await tx.execute(
        update(invitations)
        .where(
            invitations.c.token_index == invited.token_index,
            invitations.c.used_at.is_(None),
            invitations.c.expires_at > now,
        )
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise gone()
