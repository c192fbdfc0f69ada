"""The file that a turn names: whether it is there, of this channel, and nobody's yet."""

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.media.file_keys import open_keys
from backend.media.linking import find_unnamed
from backend.relais import Relais
from backend.turns.inbound import Arrived, Named, not_kept
from backend.vault import DraftKeyGone
from sealing import SealError


async def arrived(
    connection: AsyncConnection, relais: Relais, channel: str, named: Named
) -> Arrived:
    """What the engine is told. A replay of the turn that took the file changes nothing anyway."""
    if named.refused:
        return not_kept(named)
    row = await find_unnamed(connection, named.id, channel)
    if row is None:
        return Arrived(refused="gone")
    try:
        keys = open_keys(relais, row)
    except (DraftKeyGone, SealError):
        return Arrived(refused="gone")
    return Arrived(file=row.id, size=keys.size)
