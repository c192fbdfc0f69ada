"""A messenger's speed limits, kept from our side."""

from typing import Final, NamedTuple

from bots.core.ambient import World

_PRUNE_AT: Final = 5_000


class Pace(NamedTuple):
    """Calls a second, in all and in one chat, and how many of each may go at once."""

    per_second: float
    burst: int
    per_chat: float
    chat_burst: int


class Pacer:
    """Two leaky buckets (GCRA). Waiting for one chat holds no other chat up."""

    def __init__(self, world: World, pace: Pace) -> None:
        self._world = world
        self._pace = pace
        self._all = 0.0
        self._chats: dict[str, float] = {}

    async def turn(self, chat: str) -> None:
        """Returns when one more call for this chat may go out."""
        pace = self._pace
        now = self._world.monotonic()
        due = max(self._chats.get(chat, 0.0), now)
        self._chats[chat] = due + 1 / pace.per_chat
        pause = due - now - (pace.chat_burst - 1) / pace.per_chat
        if pause > 0:
            await self._world.sleep(pause)
        await self.anyhow()
        if len(self._chats) > _PRUNE_AT:
            now = self._world.monotonic()
            self._chats = {chat: due for chat, due in self._chats.items() if due > now}

    async def anyhow(self) -> None:
        """As :meth:`turn`, for calls that say nothing in the chat (deleting must be quick)."""
        pace = self._pace
        now = self._world.monotonic()
        due = max(self._all, now)
        self._all = due + 1 / pace.per_second
        pause = due - now - (pace.burst - 1) / pace.per_second
        if pause > 0:
            await self._world.sleep(pause)
