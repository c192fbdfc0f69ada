"""A Telegram update as an ``Inbound``."""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from bots.core import Inbound, Media, iso
from bots.core.inbound import Kind
from bots.telegram.files import file_of, kind_of
from bots.telegram.wire import Callback, Message, Place, Update

_MEDIA: Final = (
    "photo",
    "video",
    "video_note",
    "voice",
    "audio",
    "animation",  # before document: Telegram fills both
    "document",
    "sticker",
    "venue",
    "location",
    "contact",
    "poll",
    "story",
    "dice",
)
_START: Final = re.compile(r"/start(?:@\w+)?(?:\s+(?P<payload>\S.*))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Take:
    """For the backend. ``callback`` is to be answered once the event is spooled."""

    event_id: str
    inbound: Inbound
    callback: str | None = None
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Somebody wrote in a group: refuse it."""

    chat: int
    language: str | None
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person blocked this bot; the next delivery will say so to the backend."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Of no concern to anybody."""


Translated = Take | Group | Blocked | Nothing


def event_id(bot_id: int, update_id: int, stamp: int | str) -> str:
    """Stable over redelivery. ``stamp``, because Telegram may draw update ids anew after a week."""
    return f"{bot_id}:{update_id}:{stamp}"


def translate(update: Update, bot_id: int) -> Translated:
    """What is to be done about an update."""
    if update.message is not None:
        return _message(update.update_id, update.message, bot_id, edited=False)
    if update.edited_message is not None:
        return _message(update.update_id, update.edited_message, bot_id, edited=True)
    if update.callback_query is not None:
        return _callback(update.update_id, update.callback_query, bot_id)
    change = update.my_chat_member
    if change is None or change.chat.type == "channel":
        return Nothing()
    if change.chat.type == "private":
        return Blocked() if change.new_chat_member.status == "kicked" else Nothing()
    joined = change.new_chat_member.status in ("member", "administrator", "restricted")
    return Group(change.chat.id, None) if joined else Nothing()


def _message(update_id: int, message: Message, bot_id: int, *, edited: bool) -> Translated:
    language = message.from_.language_code if message.from_ else None
    if message.chat.type == "channel":
        return Nothing()
    if message.chat.type != "private":
        return Group(message.chat.id, language)
    if edited and _place(message) is not None:
        return Nothing()  # a live location moves by itself: nobody edited anything
    stamp = message.edit_date if edited else message.date
    kind, text, payload = _content(message, edited=edited)
    name = None if message.text is not None else _kind_of_media(message)
    place = _place(message)
    inbound = Inbound(
        address=str(message.chat.id),
        kind=kind,
        message_id=str(message.message_id),
        text=text,
        media=None if name is None else kind_of(name),
        payload=payload,
        locale_hint=language,
        sent_at=iso(message.date) if message.date else None,
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
    )
    media = file_of(message, name) if name is not None and not edited else None
    return Take(event_id(bot_id, update_id, stamp), inbound, media=media)


def _kind_of_media(message: Message) -> str:
    return next((name for name in _MEDIA if getattr(message, name) is not None), "other")


def _place(message: Message) -> Place | None:
    """Where she is, of a location or a venue; its name and address are left where they are."""
    place = message.venue.get("location") if isinstance(message.venue, dict) else message.location
    try:
        return None if place is None else msgspec.convert(place, Place, strict=False)
    except msgspec.ValidationError:
        return None


def _content(message: Message, *, edited: bool) -> tuple[Kind, str | None, str | None]:
    """Kind, text and the payload of a start link."""
    if message.text is None:
        return ("edit", message.caption or "", None) if edited else ("media", message.caption, None)
    if edited:
        return "edit", message.text, None
    start = _START.fullmatch(message.text)
    if start:
        return "start", None, start["payload"]
    return "text", message.text, None


def _callback(update_id: int, callback: Callback, bot_id: int) -> Translated:
    message = callback.message
    chat = message.chat if message else None
    if chat is not None and chat.type not in ("private", ""):
        return Group(chat.id, callback.from_.language_code, callback.id)
    inbound = Inbound(
        address=str(chat.id if chat else callback.from_.id),  # in a private chat both are the same
        kind="choice",
        message_id=str(message.message_id) if message else None,
        token=callback.data or "",
        locale_hint=callback.from_.language_code,
    )
    return Take(event_id(bot_id, update_id, callback.id), inbound, callback.id)
