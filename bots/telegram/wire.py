"""The part of Telegram's updates that this bot reads; everything else is left alone.

Own structures rather than the library's: a field that Telegram adds or forgets elsewhere in an
update then costs nobody their message. Source: core.telegram.org/bots/api.
"""

from typing import Any

import msgspec


class Chat(msgspec.Struct):
    """``type`` is private, group, supergroup or channel."""

    id: int
    type: str = ""


class User(msgspec.Struct):
    """Only the language is of interest."""

    id: int = 0
    language_code: str | None = None


class Place(msgspec.Struct):
    """Degrees. How exact, and whether it moves, is not read."""

    latitude: float
    longitude: float


class Message(msgspec.Struct):
    """One of the ``media`` keys is set when it is no text."""

    chat: Chat
    message_id: int
    date: int = 0
    edit_date: int = 0
    from_: User | None = msgspec.field(default=None, name="from")
    text: str | None = None
    caption: str | None = None
    photo: Any = None
    video: Any = None
    video_note: Any = None
    voice: Any = None
    audio: Any = None
    document: Any = None
    animation: Any = None
    sticker: Any = None
    location: Any = None
    venue: Any = None
    contact: Any = None
    poll: Any = None
    story: Any = None
    dice: Any = None


class Callback(msgspec.Struct):
    """A pressed button; ``message`` is the one it hangs on (or only its id, when too old)."""

    id: str
    from_: User = msgspec.field(name="from", default_factory=User)
    message: Message | None = None
    data: str | None = None


class Member(msgspec.Struct):
    """``kicked`` in a private chat: the person blocked the bot."""

    status: str = ""


class MemberChange(msgspec.Struct):
    """Something changed about the bot's own membership."""

    chat: Chat
    new_chat_member: Member = msgspec.field(default_factory=Member)


class Update(msgspec.Struct):
    """One update. All of its parts but the id may be missing."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Callback | None = None
    my_chat_member: MemberChange | None = None


ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
"""What Telegram is asked to send."""


def read_update(raw: object) -> Update:
    """From decoded JSON; raises ``msgspec.ValidationError`` when it cannot be one."""
    return msgspec.convert(raw, Update, strict=False)
