"""A Signal message as ``Inbound``: one event, or one for each file that came with it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from signalbot import DataMessage, EditMessage, Reaction, RemoteDelete

from bots.core import Inbound, Media, MediaRef, MediaRefused, iso
from bots.core.media import Kind
from bots.signal.envelopes import Delivered, Envelope
from bots.signal.signalbots import Message

LONG_TEXT: Final = "text/x-signal-plain"
"""Words over 2,000 bytes travel as a file of this type."""
OURS: Final = "o"
"""Before the timestamp of a message of ours, in a receipt: only those can be deleted."""
_PLACE: Final = re.compile(
    r"(?P<about>(?:[^\n]{0,100}\n){0,4})"
    r"https?://(?:maps\.google\.com|www\.google\.com)/maps\?q="
    r"(?P<latitude>-?\d{1,2}\.\d+)(?:,|%2C)(?P<longitude>-?\d{1,3}\.\d+)\s*",
    re.IGNORECASE,
)
"""The whole of a shared place: its name and address on lines of their own, and the link.

A sentence that holds such a link is a sentence: nothing of it may go.
"""
_ODD: Final = (
    ("sticker", "sticker"),
    ("contacts", "contact"),
    ("pollCreate", "poll"),
    ("pollVote", "poll"),
    ("pollTerminate", "poll"),
    ("payment", "other"),
)
"""Keys of a message without words -> what it is."""
_KINDS: Final[dict[str, Kind]] = {"image": "photo", "video": "video", "audio": "voice"}
_HARMLESS: Final = ("SelfSendException", "DuplicateMessageException")
_SENDER: Final = re.compile(
    rb'"sourceUuid"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"', re.IGNORECASE
)
_ACCOUNT: Final = re.compile(rb'"account"\s*:\s*"(\+[1-9]\d{6,14})"')
Name = Callable[..., str]
"""(parts) -> an event id that tells nobody who it is from."""


@dataclass(frozen=True, slots=True)
class Take:
    """For the backend. ``stamp`` of the message: what a receipt names."""

    event_id: str
    inbound: Inbound
    stamp: int
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Somebody wrote in a group, or made one: refuse it."""

    group: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Of this person came something that the daemon could not decrypt."""


@dataclass(frozen=True, slots=True)
class Changed:
    """This person's identity key is a new one, and the daemon waits for somebody to trust it."""


Found = Take | Group | Unreadable | Changed


def sender_of(line: bytes) -> tuple[str, str] | None:
    """(person, account) of a line that cannot be read as a whole; None unless there is one each.

    A message's words cannot pass for it: in JSON their quotation marks are escaped.
    """
    people = {one.lower() for one in _SENDER.findall(line)}
    accounts = set(_ACCOUNT.findall(line))
    if len(people) != 1 or len(accounts) != 1:
        return None
    return people.pop().decode(), accounts.pop().decode()


def problem(delivered: Delivered) -> Iterator[Found]:
    """Of a frame that holds an exception."""
    name = delivered.exception.type if delivered.exception else ""
    if "UntrustedIdentity" in name:
        yield Changed()
    elif not name.endswith(_HARMLESS):
        yield Unreadable()


def translate(
    message: Message | None, envelope: Envelope, name: Name, long_text: str | None
) -> Iterator[Found]:
    """What is to be done about a message; nothing for what is of no concern.

    ``long_text``: the words of its file of type ``LONG_TEXT``, where that could be read.
    """
    person, stamp = envelope.person, envelope.timestamp
    sent_at = iso(stamp / 1000) if 0 < stamp < 10**14 else None

    def take(index: int = 0, file: Media | None = None, /, **fields: Any) -> Take:
        fields.setdefault("message_id", str(stamp))
        inbound = Inbound(address=person, sent_at=sent_at, **fields)
        return Take(name(person, str(stamp), inbound.kind, str(index)), inbound, stamp, file)

    match message:
        case None:
            if (envelope.call_message or {}).get("offerMessage") is not None:
                yield take(kind="media", media="other")
        case RemoteDelete():
            yield take(kind="delete", message_id=str(message.timestamp))
        case Reaction():
            if not message.is_remove:
                yield take(kind="media", media="other")
        case EditMessage():
            text = long_text or message.text or ""
            yield take(kind="edit", message_id=str(message.target_sent_timestamp), text=text)
        case DataMessage():
            yield from _data(message, envelope.data_message or {}, long_text, take)


def plainly(delivered: Delivered, name: Name) -> Iterator[Found]:
    """Of a message that the library cannot read: its words, or that something came."""
    envelope = delivered.envelope
    if envelope is None:
        return
    edited = (envelope.edit_message or {}).get("dataMessage")
    data = envelope.data_message or (edited if isinstance(edited, dict) else None)
    if data is None:
        return
    info = data.get("groupInfo")
    if isinstance(info, dict):
        yield Group(str(info.get("groupId", "")))
        return
    text, person, stamp = data.get("message"), envelope.person, envelope.timestamp
    words = text if isinstance(text, str) and text else None
    kind: Literal["text", "media"] = "text" if words else "media"
    inbound = Inbound(
        address=person,
        kind=kind,
        message_id=str(stamp),
        text=words,
        media=None if words else "other",
    )
    yield Take(name(person, str(stamp), kind, "0"), inbound, stamp)


def group_of(message: Message | None) -> str | None:
    """The group it came from."""
    info = getattr(message, "group_info", None)
    return None if info is None else info.group_id


def _data(
    message: DataMessage, raw: dict[str, Any], long_text: str | None, take: Callable[..., Take]
) -> Iterator[Take]:
    text = long_text or message.text or None
    files = [one for one in message.attachments or () if one.content_type != LONG_TEXT]
    place = _PLACE.fullmatch(text or "")
    if place is not None and _map_only(files):
        yield take(
            kind="media",
            media="location",
            latitude=float(place["latitude"]),
            longitude=float(place["longitude"]),
            text=place["about"].strip() or None,
        )
    elif files:
        for index, file in enumerate(files):
            kind = _KINDS.get((file.content_type or "").partition("/")[0], "document")
            words = text if index == 0 else None
            yield take(index, _file(kind, file), kind="media", media=kind, text=words)
    elif text:
        yield take(kind="text", text=text)
    else:
        odd = next((what for key, what in _ODD if raw.get(key)), None)
        if odd is not None:
            yield take(kind="media", media=odd)


def _map_only(files: list[Any]) -> bool:
    """No file, or the one picture of the map that Signal adds to a shared place."""
    return not files or (len(files) == 1 and (files[0].content_type or "").startswith("image/"))


def _file(kind: Kind, file: Any) -> Media:
    if not file.local_filename:
        return MediaRefused("gone")
    return MediaRef(
        kind, file.content_type or "application/octet-stream", file.size, file.local_filename
    )
