"""Members who are to be told something, and the chats in which they are reached.

Chats are locked in the order of their ids, and before any case is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from backend.alerts.people import Person, people
from backend.chats import LINKS, leads
from backend.database.tables import conversations
from backend.deliveries import Outgoing, enqueue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais
    from conversation import Reply


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation in which a member is served."""

    id: str
    channel: str
    links: Mapping[Any, Any]
    """Where its row leads; a chat that only the database calls the member's is told nothing."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Members, each with every chat that is linked."""

    people: tuple[Person, ...]
    where: dict[str, list[Chat]]

    @classmethod
    async def of(cls, tx: AsyncConnection, ids: Collection[str]) -> Audience:
        """These members; their chats are locked until the transaction ends."""
        found = await people(tx, ids)
        return cls(tuple(found.values()), await lock_chats(tx, found))

    def without(self, ids: Collection[str]) -> Audience:
        """The same, less these members."""
        return Audience(tuple(one for one in self.people if one.id not in ids), self.where)

    async def tell(
        self,
        tx: AsyncConnection,
        relais: Relais,
        person: Person,
        reply: Reply,
        key: str,
        *,
        purpose: Literal["alert", "notice"] = "notice",
    ) -> None:
        """Queue ``reply`` in every chat of one of them, once for this ``key``."""
        for chat in self.where.get(person.id, ()):
            if not leads(relais.vault.keyring, conversations, chat.links):
                continue
            outgoing = Outgoing(
                locale=person.locale,
                reply=reply,
                purpose=purpose,
                dedupe_key=f"{key}:{chat.channel[:1]}",
            )
            await enqueue(tx, relais, chat.id, chat.channel, [outgoing])

    async def tell_all(
        self,
        tx: AsyncConnection,
        relais: Relais,
        reply: Reply,
        key: str,
        *,
        purpose: Literal["alert", "notice"] = "notice",
    ) -> None:
        """The same words to each of them."""
        for person in self.people:
            await self.tell(tx, relais, person, reply, f"{key}:{person.id}", purpose=purpose)


async def lock_chats(tx: AsyncConnection, ids: Collection[str]) -> dict[str, list[Chat]]:
    """The chats of these members, locked; by member."""
    found: dict[str, list[Chat]] = {}
    rows = await tx.execute(
        select(*LINKS)
        .where(conversations.c.member_id.in_(ids))
        .order_by(conversations.c.id)
        .with_for_update()
    )
    for row in rows:
        found.setdefault(row.member_id, []).append(Chat(row.id, row.channel, row._mapping))
    return found
