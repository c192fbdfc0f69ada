"""What goes with a reply for those who listen or look: its recordings, its numbered picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from i18n import audio as recordings
from i18n import drawings, pictures, spoken
from i18n.shapes import tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from i18n.audio import Audio
    from i18n.catalogues import Catalogues
    from i18n.shapes import OptionShape, ReplyShape
    from i18n.spoken import Spoken


@dataclass(frozen=True, slots=True)
class Attachment:
    """Bytes to send, in order. ``name`` tells nothing; ``sha256`` is hex, of ``data``."""

    kind: Literal["image", "audio"]
    mime: str
    name: str
    data: bytes = field(repr=False)
    sha256: str


def attachments(
    reply: ReplyShape,
    locale: str,
    catalogues: Catalogues,
    *,
    voice: bool,
    pictures: bool,
    audio: Audio | None = None,
) -> tuple[Attachment, ...]:
    """Recordings in the order of the parts, then the picture; empty when there is nothing.

    ``voice`` and ``pictures`` say what she asked for (``reply.voice``, ``reply.pictures``).
    ``audio`` replaces the recordings that ship. Never raises for what is missing.
    """
    heard = _voices(reply, locale, catalogues, audio or recordings.packaged()) if voice else ()
    found = [Attachment("audio", recordings.MIME, "", data, digest) for data, digest in heard]
    image = _picture(reply, locale, catalogues) if pictures else b""
    if image:
        digest = hashlib.sha256(image).hexdigest()
        found.append(Attachment("image", "image/webp", "", image, digest))
    return tuple(_named(one, place) for place, one in enumerate(found, 1))


def _named(one: Attachment, place: int) -> Attachment:
    suffix = "ogg" if one.kind == "audio" else "webp"
    return Attachment(one.kind, one.mime, f"{place}.{suffix}", one.data, one.sha256)


def _picture(reply: ReplyShape, locale: str, catalogues: Catalogues) -> bytes:
    """The numbered picture; nothing when no option has a drawing (places, names, hard lists)."""
    known = drawings.packaged()
    cells = tuple(
        (number, known.of(_message(option)))
        for number, option in enumerate(reply.options, reply.first)
    )
    if not any(name for _, name in cells):
        return b""
    return pictures.numbered(cells, catalogues.languages.of(locale))


def _voices(
    reply: ReplyShape, locale: str, catalogues: Catalogues, audio: Audio
) -> Iterator[tuple[bytes, str]]:
    for part in reply.parts:
        pages = spoken.of_message(catalogues, locale, part.id)
        one = _of_page(pages, reply.options, reply.first)
        found = audio.find(one) if one is not None else None
        if found is None:
            continue
        try:
            data = found.read()
        except OSError:
            continue
        # Replaced since it was checked: what it says now is not known.
        if hashlib.sha256(data).hexdigest() == found.sha256:
            yield data, found.sha256


def _of_page(pages: Sequence[Spoken], options: Sequence[OptionShape], first: int) -> Spoken | None:
    """The page that speaks exactly the options shown, under their numbers.

    A list of which something is left out now has no recording: its numbers would be wrong.
    """
    for page in pages:
        if not page.options:
            return page
        prefix = spoken.question(page.message_id) + "/options/"
        shown = [_message(option) for option in options]
        if page.first == first and shown == [prefix + one for one in page.options]:
            return page
    return None


def _message(option: OptionShape) -> str:
    """The id of an option's label; empty for a name."""
    return str(getattr(option.label, "id", "")) if tag_of(option.label) == "ref" else ""
