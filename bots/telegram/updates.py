"""Updates as they arrive, by polling or webhook alike: spool, then answer, refuse or ignore."""

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any

import msgspec
import structlog
from telegram import Bot

from bots.core import Kit, Later, Permanent, as_bytes
from bots.telegram.calls import NotModified, NotPossible, call
from bots.telegram.translate import Blocked, Group, Take, translate
from bots.telegram.wire import read_update

log = structlog.get_logger("relais.telegram")


class Updates:
    """``take`` returns only when the update is safe (or of no concern); else it raises."""

    def __init__(self, bot: Bot, kit: Kit) -> None:
        self._bot = bot
        self._accept = kit.accept
        self._put_aside = kit.put_aside
        self._texts = kit.texts
        self._name = kit.name
        self._health = kit.health
        self._refused: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, raw: object, bot_id: int) -> None:
        """One update as decoded JSON. Raises ``NotReady`` or ``SpoolError``: offer it again."""
        try:
            result = translate(read_update(raw), bot_id)
        except (msgspec.ValidationError, ValueError, OverflowError, OSError, RecursionError):
            await self._malformed(raw, bot_id)
            return
        match result:
            case Take(event_id, inbound, callback, media):
                try:
                    await self._accept(self._name(event_id), inbound, media)
                except UnicodeError:  # in what names the event itself
                    await self._malformed(raw, bot_id)
                    return
                if callback:
                    self._soon(self._answer(callback))
            case Group(chat, language, callback):
                self._health.metrics.events.labels("group_refused").inc()
                if callback:
                    self._soon(self._answer(callback))
                self._soon(self._refuse(chat, language))
            case Blocked():
                self._health.metrics.events.labels("blocked").inc()
            case _:
                self._health.metrics.events.labels("ignored").inc()

    async def close(self) -> None:
        """Let go of what is still under way; none of it matters."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _malformed(self, raw: object, bot_id: int) -> None:
        body = as_bytes(raw)
        digest = hashlib.sha256(body).hexdigest()[:32]
        await self._put_aside(f"{bot_id}:malformed:{digest}", body, "malformed_update")

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, callback: str) -> None:
        """Stops the button's spinner. 'query is too old' and every other failure are harmless."""
        await self._harmlessly(self._bot.answer_callback_query(callback))

    async def _refuse(self, chat: int, language: str | None) -> None:
        """One notice and leave; nothing about the topic."""
        if chat not in self._refused:
            self._refused.add(chat)
            text = self._texts(language, "offline/group_refused/text")
            await self._harmlessly(self._bot.send_message(chat, text, disable_notification=True))
        await self._harmlessly(self._bot.leave_chat(chat))

    async def _harmlessly(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await call(work, self._health)
        except (Later, Permanent, NotPossible, NotModified):
            return
