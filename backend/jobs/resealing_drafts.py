"""What waits in a draft lives as long as the conversation's state: under the key of its day.

The state is sealed anew at every turn. Words and files of earlier days would otherwise go dark
while she still talks; and they never outlive the state either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from backend.cases.recording import draft_place
from backend.database.tables import KEYRING, conversations, draft_items, media
from backend.media.file_keys import open_keys, seal_keys
from backend.vault import DraftKeyGone
from sealing import SealError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from backend.relais import Relais

_STATE: Final = conversations.c.state_key.label("state_key")


async def reseal_drafts(relais: Relais) -> None:
    """Move every waiting word and file key to the day of its conversation's state."""
    living = set(relais.vault.drafts.days())
    async with relais.db.read() as connection:
        words = (await connection.execute(_behind(draft_items, draft_items.c.key))).all()
        files = (await connection.execute(_behind(media, media.c.key_key))).all()
    for row in words:
        if row.state_key in living:
            await _reseal_words(relais, row)
    for row in files:
        if row.state_key in living:
            await _reseal_file(relais, row)


def _behind(table: Any, key: ColumnElement[str]) -> Any:
    return (
        select(table, _STATE)
        .join(conversations, conversations.c.id == table.c.conversation_id)
        .where(key < _STATE, _STATE != KEYRING)
    )


async def _reseal_words(relais: Relais, row: Any) -> None:
    place = draft_place(row.conversation_id, row.slot)
    try:
        raw = relais.vault.drafts.open(row.key, row.sealed, *place)
    except (DraftKeyGone, SealError):
        return
    sealed = relais.vault.drafts.seal(row.state_key, raw, *place)
    same = (
        (draft_items.c.conversation_id == row.conversation_id)
        & (draft_items.c.slot == row.slot)
        & (draft_items.c.sealed == row.sealed)  # a turn that wrote it meanwhile was later
    )
    async with relais.db.write() as tx:
        await tx.execute(update(draft_items).where(same).values(sealed=sealed, key=row.state_key))


async def _reseal_file(relais: Relais, row: Any) -> None:
    try:
        keys = open_keys(relais, row)
    except (DraftKeyGone, SealError):
        return
    values = seal_keys(relais, row.id, keys, row.state_key)
    same = (media.c.id == row.id) & (media.c.key_sealed == row.key_sealed)
    async with relais.db.write() as tx:
        await tx.execute(update(media).where(same).values(**values))
