"""The signed-in member as the console shows her."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.links import linked_channels
from backend.accounts.roster_store import current, vouched
from backend.accounts.schemas import LinkOut, Me
from backend.database.tables import members, organisations
from backend.relais import Relais


async def read_me(connection: AsyncConnection, relais: Relais, member_id: str) -> Me:
    """Everything about one member, the wrapped seed included; the member must exist."""
    found = await connection.execute(
        select(members, organisations.c.name.label("organisation"))
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .where(members.c.id == member_id)
    )
    row = found.one()
    roster = await current(connection, relais.settings, relais.world.now())
    known = roster is not None and member_id in await vouched(connection, roster, [member_id])
    return Me(
        id=row.id,
        name=row.name,
        organisation=row.organisation,
        roles=list(row.roles),
        locale=row.locale,
        on_call=row.on_call,
        links=[LinkOut(channel=one) for one in await linked_channels(connection, member_id)],
        roster_version=roster.version if roster is not None and known else 0,
        in_roster=known,
        wrapped_seed=relais.vault.keyring.open("members", row.key_sealed, "members", "key", row.id),
    )


async def set_locale(relais: Relais, member_id: str, locale: str) -> None:
    """The language of console and bot for her."""
    async with relais.db.write() as tx:
        await tx.execute(update(members).where(members.c.id == member_id).values(locale=locale))
