"""Replies become bubbles: the words, the buttons, the direction, within what a channel can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from i18n.bidi import direct
from i18n.keyboard import Button, Rows, arrange, pressed
from i18n.placeholders import MISSING, fill
from i18n.splitting import cost, split
from i18n.values import Writer

if TYPE_CHECKING:
    import datetime

    from i18n.catalogues import Catalogues, Found
    from i18n.channels import Capabilities
    from i18n.language import Direction
    from i18n.shapes import PartShape, ReplyShape

HELP: Final = "engine/help/text"
DRAFT: Final = "engine/draft_language/text"
"""The help says, in a draft language, that it is one."""

_MARK: Final = "\u200f"


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as it leaves. Buttons stand under the last bubble of a reply."""

    text: str
    buttons: Rows
    lang: str
    dir: Direction
    neutral: bool


def render(
    reply: ReplyShape,
    locale: str,
    capabilities: Capabilities,
    catalogues: Catalogues,
    *,
    zone: str = "UTC",
    now: datetime.datetime | None = None,
) -> tuple[Bubble, ...]:
    """A reply in one language for one channel.

    ``now`` (aware) decides whether a time needs its day. No text, parameter or name makes this
    raise; what is missing is ``…`` and is counted in ``catalogues.gaps``.
    """
    writer = Writer(catalogues, locale, zone, now)
    found = [catalogues.find(locale, part.id) for part in reply.parts]
    paragraphs = [_paragraph(p, f, writer) for p, f in zip(reply.parts, found, strict=True)]
    if any(part.id == HELP for part in reply.parts) and catalogues.state(locale) == "draft":
        paragraphs.append(writer.ref(DRAFT) if catalogues.has(DRAFT) else "")
    choices = arrange(
        reply.options,
        reply.footer,
        reply.first,
        reply.picker,
        capabilities,
        writer,
        counted=reply.pictures and not reply.picker,
    )
    text = "\n\n".join(p for p in (*paragraphs, *choices.paragraphs) if p)
    lang = _language_of(found, locale)
    direction = catalogues.languages.of(lang).direction
    pieces = _pieces(text, direction, capabilities) if text else ()
    return _bubbles(pieces, choices.rows, lang, direction, reply.neutral)


def render_pressed(reply: ReplyShape, locale: str, catalogues: Catalogues) -> tuple[str, ...]:
    """A line for each of the reply's options, which were pressed: to stand where buttons were."""
    return pressed(reply.options, reply.picker, Writer(catalogues, locale, "UTC", None))


def _paragraph(part: PartShape, found: Found, writer: Writer) -> str:
    return fill(found.text, writer.params(part.params))


def _language_of(found: list[Found], locale: str) -> str:
    """The language of the words: another than asked for only when all of them fell back to it."""
    written = {f.locale for f in found if f.text != MISSING}
    return written.pop() if len(written) == 1 else locale


def _pieces(text: str, direction: Direction, capabilities: Capabilities) -> tuple[str, ...]:
    """The text within the limit, each piece turned the right way."""
    directed = direct(text, direction)
    unit = capabilities.unit
    if cost(directed, unit) <= capabilities.max_text:
        return (directed,)
    room = capabilities.max_text - cost(_MARK, unit)
    return tuple(direct(piece, direction) for piece in split(directed, room, unit))


def _bubbles(
    pieces: tuple[str, ...], rows: Rows, lang: str, direction: Direction, neutral: bool
) -> tuple[Bubble, ...]:
    if not pieces:
        if not (rows or neutral):
            return ()
        pieces = (MISSING,) if rows else ("",)
    none: tuple[tuple[Button, ...], ...] = ()
    last = len(pieces) - 1
    return tuple(
        Bubble(piece, rows if index == last else none, lang, direction, neutral)
        for index, piece in enumerate(pieces)
    )
