"""signalbot 2.2.1, where we are in contact with it: its models, its parser, its handlers.

Its own loop hands messages to three consumers, which reorder one person's; a bad frame blinds it,
and a kill in a handler loses the message. Here one frame at a time is parsed and handled, and only
then counted as done. ``tests/bots/test_signal_signalbot.py`` breaks when its private parts move.
"""

import logging
from typing import Any, Final

import msgspec
import signalbot
from signalbot import Config, DataMessage, EditMessage, GroupUpdate, Reaction, RemoteDelete
from signalbot.bot_config import InMemoryConfig
from signalbot.handlers import (
    DataMessageHandler,
    GroupUpdateHandler,
    ReactionHandler,
    RemoteDeleteHandler,
)
from signalbot.messages import UnknownMessageFormatError, parse
from signalbot.storage import SQLiteStorage

from bots.core import silence_libraries

TESTED: Final = ("2.2.1",)
"""Versions whose private parts are as this file expects them."""


Message = DataMessage | EditMessage | GroupUpdate | Reaction | RemoteDelete
"""What the library makes of a frame."""


_MISSING: Final[tuple[tuple[str, str, object], ...]] = (
    ("contentType", "isVoiceNote", False),
    ("groupId", "revision", 0),
)
"""Beside which key the library insists on which other; signal-cli 0.13.19 has no ``isVoiceNote``,
without which the library would refuse every message that has a file."""


def completed(raw: str) -> str:
    """A frame with what this daemon leaves out and the library insists on."""
    return msgspec.json.encode(_completed(msgspec.json.decode(raw))).decode()


def _completed(value: Any) -> Any:
    if isinstance(value, list):
        return [_completed(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _completed(one) for key, one in value.items()}
    for beside, key, usual in _MISSING:
        if beside in found and found.get(key) is None:
            found[key] = usual
    return found


class _Catcher(DataMessageHandler, ReactionHandler, RemoteDeleteHandler, GroupUpdateHandler):
    """The library's handlers, all of them: what they are given is the frame's event."""

    def __init__(self) -> None:
        self.caught: list[Message] = []

    async def handle_data_message(self, context: Any) -> None:
        """Words, files, edits."""
        self.caught.append(context.message)

    async def handle_reaction(self, context: Any) -> None:
        """An emoji on a message."""
        self.caught.append(context.message)

    async def handle_remote_delete(self, context: Any) -> None:
        """A message of theirs was taken back."""
        self.caught.append(context.message)

    async def handle_group_update(self, context: Any) -> None:
        """A group changed."""
        self.caught.append(context.message)


class Parser:
    """One frame in, one event out, in the order of the calls."""

    def __init__(self) -> None:
        # Its own client is never called: files are fetched by us, and nothing is sent by it.
        self._bot = signalbot.SignalBot(
            Config(
                phone_number="+0",
                signal_service="localhost:1",
                storage=InMemoryConfig(),
                download_attachments=False,
                logging_level=logging.CRITICAL + 1,
            )
        )
        silence_libraries()  # it has just given its logger a level and an output
        self._catcher = _Catcher()
        self._bot.register(self._catcher)
        self._ready = False

    async def read(self, raw: str) -> Message | None:
        """None for what the library knows no message in (receipts, calls, stories, typing).

        Raises ``ValueError`` (pydantic's among them) for what cannot be read.
        """
        pipeline = self._bot._pipeline
        if not self._ready:
            await pipeline.resolve_handlers()
            self._ready = True
        try:
            message = await parse(self._bot._signal, completed(raw))
        except UnknownMessageFormatError:
            return None
        await pipeline._dispatch_to_handlers(message)
        while not pipeline._q.empty():
            _, job, _ = pipeline._q.get_nowait()
            await job()
        caught, self._catcher.caught = self._catcher.caught, []
        return caught[0] if caught else None

    async def close(self) -> None:
        """Give back what the library holds."""
        await self._bot.close()
        if isinstance(self._bot.storage, SQLiteStorage):
            self._bot.storage._sqlite.close()
