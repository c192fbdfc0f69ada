"""From an uploaded file to a file of hers: which answer it belongs to, and who can open it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.tables import media
from backend.media.file_keys import FileKeys, seal_keys
from backend.media.removing import remove_files
from backend.relais import Relais
from sealing.age import header

_UNNAMED: Final = media.c.conversation_id.is_(None) & media.c.case_id.is_(None)


class FileGone(Exception):
    """A file vanished, or another turn named it, between thinking and writing."""


@dataclass(frozen=True, slots=True)
class Link:
    """What becomes of one row of ``media`` in the turn's transaction."""

    file: str
    slot: bytes
    values: dict[str, Any]


async def find_unnamed(connection: AsyncConnection, file_id: str, channel: str) -> Any:
    """The row of a file that came by this channel and that no turn named; None without one."""
    found = await connection.execute(
        select(media).where(media.c.id == file_id, media.c.channel == channel, _UNNAMED)
    )
    return found.one_or_none()


async def find_in_draft(connection: AsyncConnection, file_id: str, conversation_id: str) -> Any:
    """The row of a file that this conversation's draft has, or is about to have."""
    found = await connection.execute(
        select(media).where(media.c.id == file_id, _mine(conversation_id))
    )
    return found.one_or_none()


def to_draft(
    relais: Relais, file_id: str, keys: FileKeys, conversation_id: str, slot: bytes
) -> Link:
    """Its key stays with the server, sealed under today's draft key as the draft is."""
    values = {"conversation_id": conversation_id, "slot": slot}
    return Link(file_id, slot, values | seal_keys(relais, file_id, keys, relais.world.day()))


def to_case(
    relais: Relais, file_id: str, keys: FileKeys, item: dict[str, Any], public: bytes
) -> Link:
    """An age header for the compartment's holders replaces the key. ``item`` is its sealed row."""
    random = relais.world.random
    values = {
        "conversation_id": None,
        "case_id": item["case_id"],
        "compartment": item["compartment"],
        "slot": item["slot"],
        "header": header(keys.key, [public], random),
        "preview_header": header(keys.preview.key, [public], random) if keys.preview else None,
        "key_sealed": None,
        "key_key": None,
    }
    return Link(file_id, item["slot"], values)


def _mine(conversation_id: str) -> Any:
    return media.c.case_id.is_(None) & or_(
        media.c.conversation_id.is_(None), media.c.conversation_id == conversation_id
    )


async def apply_links(tx: AsyncConnection, conversation_id: str, links: list[Link]) -> None:
    """Write them; raises :class:`FileGone`, so that the whole turn is thought anew."""
    for link in links:
        done = await tx.execute(
            update(media)
            .where(media.c.id == link.file, _mine(conversation_id))
            .values(**link.values)
        )
        if done.rowcount != 1:
            raise FileGone


async def drop_files(
    tx: AsyncConnection,
    relais: Relais,
    conversation_id: str,
    *,
    files: list[str],
    slots: list[bytes],
    whole_draft: bool,
) -> None:
    """Remove files by id (unnamed or in this draft), by slot, or all that the draft has."""
    draft = media.c.conversation_id == conversation_id
    if files:
        await remove_files(tx, relais.world, media.c.id.in_(files) & _mine(conversation_id))
    if slots:
        await remove_files(tx, relais.world, media.c.slot.in_(slots))
    if whole_draft:
        await remove_files(tx, relais.world, draft)
