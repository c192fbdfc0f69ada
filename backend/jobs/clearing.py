"""What nobody cleared by hand goes from the chat while the messenger still lets it go.

Telegram lets a bot delete what is younger than 48 hours, hers and ours. Everything is cleared at
40 hours or a little later, so that a phone shows two days of a conversation at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from backend.ambient import CLEAR_AFTER, CLEARABLE, HOUR
from backend.database.tables import conversations, deliveries

if TYPE_CHECKING:
    from backend.relais import Relais

CHANNELS: Final = ("telegram",)
_EVERY: Final = 4 * HOUR
_AT_ONCE: Final = 500


async def clear_chats(relais: Relais) -> None:
    """Queue one deletion for each person's chat that shows something old enough."""
    from backend.deliveries import Outgoing, enqueue  # noqa: PLC0415  (deliveries schedule jobs)

    now = relais.world.now()
    due = (
        select(deliveries.c.conversation_id, deliveries.c.channel)
        .join(conversations, conversations.c.id == deliveries.c.conversation_id)
        .where(
            deliveries.c.channel.in_(CHANNELS),
            deliveries.c.receipt_sealed.is_not(None),
            deliveries.c.created_at <= now - CLEAR_AFTER,
            deliveries.c.created_at > now - CLEARABLE,
            conversations.c.member_id.is_(None),
        )
        .distinct()
        .order_by(deliveries.c.conversation_id)
    )
    async with relais.db.read() as connection:
        rows = (await connection.execute(due)).all()
    for start in range(0, len(rows), _AT_ONCE):
        async with relais.db.write() as tx:
            for row in rows[start : start + _AT_ONCE]:
                key = f"clear:{row.conversation_id}:{now // _EVERY}"
                out = Outgoing(locale="", kind="delete", purpose="clear", dedupe_key=key)
                await enqueue(tx, relais, row.conversation_id, row.channel, [out])
    if rows:
        relais.wake.all()
