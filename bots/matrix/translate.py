"""A Matrix event as an ``Inbound``."""

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import nio

from bots.core import Inbound, Media, MediaRef, MediaRefused, iso
from bots.core.media import Kind

_POLLS: Final = re.compile(r"(?:m|org\.matrix\.msc3381)\.poll\.start")
_GEO: Final = re.compile(r"geo:(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)(?:[,;].*)?", re.DOTALL)
_QUOTED: Final = re.compile(r"> (?:\* )?<@[^>\n]+>")
"""How the quoted part of an answer begins that a client put before her words."""
_VERIFICATION: Final = "m.key.verification."
_KINDS: Final[tuple[tuple[type, Kind, str], ...]] = (
    (nio.RoomEncryptedImage, "photo", "image/jpeg"),
    (nio.RoomEncryptedVideo, "video", "video/mp4"),
    (nio.RoomEncryptedAudio, "voice", "audio/ogg"),
    (nio.RoomEncryptedFile, "document", "application/octet-stream"),
)
_BARE: Final[tuple[tuple[type, Kind], ...]] = (
    (nio.RoomMessageImage, "photo"),
    (nio.RoomMessageVideo, "video"),
    (nio.RoomMessageAudio, "voice"),
    (nio.RoomMessageFile, "document"),
)


class FileKey(msgspec.Struct, frozen=True):
    """Where an encrypted file lies, and what opens it."""

    mxc: str
    key: str
    iv: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Take:
    """For the backend."""

    inbound: Inbound
    media: Media | None = None


class Odd(Exception):
    """It is not as the specification has it."""


class Bare(Exception):
    """It came unencrypted: nothing of it may be kept."""


def translate(event: nio.Event, address: str) -> Take | None:
    """What is to be done about an event; None: of no concern.

    Raises :class:`Bare`; :class:`Odd`, or a ``ValueError`` and its like, for what cannot be read.
    """
    if isinstance(event, nio.BadEvent | nio.UnknownBadEvent):
        raise Odd
    if isinstance(event, nio.RedactionEvent):
        return _take(event, address, kind="delete", message_id=event.redacts)
    if isinstance(event, nio.ReactionEvent):
        # Reactions travel in the clear; what it was is not even looked at.
        return _take(event, address, kind="media", media="other")
    if not isinstance(event, nio.RoomMessage | nio.UnknownEvent | nio.CallEvent | nio.StickerEvent):
        return None
    if not event.decrypted:
        raise Bare
    return _message(event, address)


def odd(event: Any, address: str) -> Take:
    """Something that cannot be read at all."""
    return Take(Inbound(address=address, kind="media", message_id=event.event_id, media="other"))


def _message(event: nio.Event, address: str) -> Take | None:
    content = event.source.get("content", {})
    if isinstance(event, nio.RoomMessageNotice):
        return None  # machines talk like this: two of them would never end
    if isinstance(event, nio.RoomMessageText | nio.RoomMessageEmote):
        return _words(event, content, address)
    for kind, name, usual in _KINDS:
        if isinstance(event, kind):
            return _file(event, content, address, name, usual)
    for kind, name in _BARE:
        if isinstance(event, kind):
            return _take(event, address, MediaRefused("unsupported"), kind="media", media=name)
    if isinstance(event, nio.RoomMessageUnknown):
        return _unusual(event, content, address)
    if isinstance(event, nio.UnknownEvent) and not _POLLS.match(event.type):
        return None
    return _take(event, address, kind="media", media="other")


def _words(event: nio.Event, content: dict[str, Any], address: str) -> Take:
    about = content.get("m.relates_to")
    about = about if isinstance(about, dict) else {}
    if about.get("rel_type") == "m.replace":
        new = content.get("m.new_content")
        text = new.get("body") if isinstance(new, dict) else None
        target = about.get("event_id")
        if not isinstance(text, str) or not isinstance(target, str):
            raise ValueError("an edit without what it edits")
        return _take(event, address, kind="edit", message_id=target, text=text)
    text = event.body
    if "m.in_reply_to" in about:
        text = _own_words(text)
    return _take(event, address, kind="text", text=text)


def _own_words(text: str) -> str:
    """Without what she answers to, which is no answer of hers; quotes of her own stay."""
    if not _QUOTED.match(text):
        return text
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    own = lines[end + 1 :] if end < len(lines) and not lines[end] else lines[end:]
    return "\n".join(own)


def _unusual(event: nio.Event, content: dict[str, Any], address: str) -> Take | None:
    if str(event.msgtype).startswith(_VERIFICATION):
        return None
    place = _GEO.fullmatch(str(content.get("geo_uri", "")))
    if event.msgtype != "m.location" or place is None:
        return _take(event, address, kind="media", media="other")
    return _take(
        event,
        address,
        kind="media",
        media="location",
        latitude=float(place[1]),
        longitude=float(place[2]),
    )


def _file(event: nio.Event, content: dict[str, Any], address: str, name: Kind, usual: str) -> Take:
    info = content.get("info")
    info = info if isinstance(info, dict) else {}
    size, mime = info.get("size"), info.get("mimetype")
    reference = FileKey(event.url, event.key["k"], event.iv, (event.hashes or {}).get("sha256", ""))
    media = MediaRef(
        name,
        mime if isinstance(mime, str) and len(mime) < 100 else usual,
        size if isinstance(size, int) and size > 0 else None,
        msgspec.json.encode(reference).decode(),
    )
    filename, body = content.get("filename"), content.get("body")
    caption = body if isinstance(body, str) and filename not in (None, body) else None
    return _take(event, address, media, kind="media", media=name, text=caption)


def _take(event: nio.Event, address: str, file: Media | None = None, /, **fields: Any) -> Take:
    fields.setdefault("message_id", event.event_id)
    stamp = event.server_timestamp
    sent_at = iso(stamp / 1000) if isinstance(stamp, int) and 0 < stamp < 10**14 else None
    return Take(Inbound(address=address, sent_at=sent_at, **fields), file)
