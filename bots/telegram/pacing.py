"""Telegram's speed limits, kept from our side: about 30 a second in all, one a second a chat."""

from typing import Final

from bots.core import World

PER_SECOND: Final = 25.0
BURST: Final = 10
PER_CHAT: Final = 1.0
CHAT_BURST: Final = 4
"""A chat may get a few bubbles at once; Telegram bears short bursts."""
_PRUNE_AT: Final = 5_000


class Pacer:
    """Two leaky buckets (GCRA). Waiting for one chat holds no other chat up."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._all = 0.0
        self._chats: dict[str, float] = {}

    async def turn(self, chat: str) -> None:
        """Returns when one more call for this chat may go out."""
        now = self._world.monotonic()
        due = max(self._chats.get(chat, 0.0), now)
        self._chats[chat] = due + 1 / PER_CHAT
        pause = due - now - (CHAT_BURST - 1) / PER_CHAT
        if pause > 0:
            await self._world.sleep(pause)
        await self.anyhow()
        if len(self._chats) > _PRUNE_AT:
            now = self._world.monotonic()
            self._chats = {chat: due for chat, due in self._chats.items() if due > now}

    async def anyhow(self) -> None:
        """As :meth:`turn`, for calls that say nothing in the chat (deleting must be quick)."""
        now = self._world.monotonic()
        due = max(self._all, now)
        self._all = due + 1 / PER_SECOND
        pause = due - now - (BURST - 1) / PER_SECOND
        if pause > 0:
            await self._world.sleep(pause)
