"""The first roster of an installation: the key that signs it becomes the root."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.sessions import SignedIn
from backend.database.tables import members, rosters
from backend.relais import Relais
from backend.vault.roster_floor import read_floor
from backend.vault.roster_root import pinned_root


async def first_root(tx: AsyncConnection, relais: Relais, member: SignedIn) -> bytes | None:
    """The signing key of this coordinator, if her roster may be the first one ever; else None.

    Before it nobody could be sealed to, so nothing depends on a root yet; afterwards it never
    changes by itself.
    """
    settings = relais.settings
    if settings.mode == "demo" or pinned_root(settings) is not None:
        return None
    before = await tx.execute(select(rosters.c.version).limit(1))
    if before.first() is not None or read_floor(settings.draft_keys_path).version > 0:
        return None
    key = await tx.execute(select(members.c.sign_public).where(members.c.id == member.id))
    found: bytes | None = key.scalar_one()
    return found
