"""Own long polling: the offset moves only past updates that are in the spool."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bots.core import Backoff, Health, NotReady, SpoolError, World
from bots.telegram.calls import UNKNOWN_BOT, TelegramBot, seconds_of
from bots.telegram.updates import Updates

log = structlog.get_logger("relais.telegram")

LONG_POLL: Final = 25
LIMIT: Final = 100
CONFLICT_ADVICE: Final = (
    "Somebody else reads this bot's messages with the same token: a second process, or a thief. "
    "Stop the other one, or revoke the token with @BotFather and set RELAIS_TELEGRAM_TOKEN."
)


class Polling:
    """A crash anywhere here repeats updates and loses none; the event ids absorb the repeats."""

    def __init__(self, bot: TelegramBot, updates: Updates, world: World, health: Health) -> None:
        self._bot = bot
        self._updates = updates
        self._world = world
        self._health = health
        self._offset = 0
        self._backoff = Backoff(world)

    async def run(self, bot_id: int) -> None:
        """Until cancelled."""
        while True:
            began = self._world.monotonic()
            batch = await self._fetch()
            if batch is None:
                continue
            moved = await self._keep(batch, bot_id)
            if not moved and self._world.monotonic() - began < 1:
                await self._world.sleep(1)  # an empty answer at once, or nothing to confirm

    async def _fetch(self) -> Sequence[Any] | None:
        """Raw JSON: one malformed update must not take a whole batch with it."""
        try:
            batch = await self._bot.raw_updates(self._offset, LIMIT, LONG_POLL)
        except Conflict:
            self._health.problem("telegram_conflict", CONFLICT_ADVICE)
            await self._world.sleep(self._backoff.next(at_least=5))
        except InvalidToken:
            self._health.problem("telegram_token", UNKNOWN_BOT)
            await self._world.sleep(self._backoff.next(at_least=30))
        except RetryAfter as error:
            await self._world.sleep(self._backoff.next(at_least=seconds_of(error)))
        except TelegramError as error:
            log.warning("polling_failed", error=type(error).__name__)
            self._health.problem("telegram_away", "Telegram does not answer; trying again.")
            await self._world.sleep(self._backoff.next())
        else:
            for code in ("telegram_conflict", "telegram_token", "telegram_away"):
                self._health.clear(code)
            self._backoff.reset()
            return batch if isinstance(batch, list) else []
        return None

    async def _keep(self, batch: Sequence[Any], bot_id: int) -> bool:
        """Spool them, each chat's in order, the chats at once. True when the offset moved."""
        before = self._offset
        chats: dict[object, list[Any]] = {}
        # By their numbers: behind a later one, an earlier one that is not kept would be confirmed.
        for raw in sorted(batch, key=_number):
            chats.setdefault(_chat(raw), []).append(raw)
        lost = await asyncio.gather(*(self._keep_chat(some, bot_id) for some in chats.values()))
        # Not kept, so not confirmed: this one and all behind it come again.
        end = min((_number(raw) for one in lost for raw in one), default=None)
        kept = (_number(raw) for raw in batch if end is None or _number(raw) < end)
        self._offset = max([self._offset, *(number + 1 for number in kept)])
        if end is not None:
            await self._world.sleep(self._backoff.next())
        return self._offset > before

    async def _keep_chat(self, some: Sequence[Any], bot_id: int) -> Sequence[Any]:
        """Those that could not be kept: the first of them and what follows."""
        for place, raw in enumerate(some):
            try:
                await self._updates.take(raw, bot_id)
            except (NotReady, SpoolError):
                return some[place:]
        return ()


def _chat(raw: object) -> object:
    """Which updates must stay in order; all that tell no chat stay so together."""
    if isinstance(raw, dict):
        for name in ("message", "edited_message", "callback_query", "my_chat_member"):
            inside = raw.get(name)
            if isinstance(inside, dict):
                inside = inside.get("message") if name == "callback_query" else inside
                chat = inside.get("chat") if isinstance(inside, dict) else None
                number = chat.get("id") if isinstance(chat, dict) else None
                return number if isinstance(number, int) else None
    return None


def _number(raw: object) -> int:
    """An update's id; -1 of what has none (nothing confirms it, and it is put aside only once)."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) else -1
