"""Options as a phone shows them: rows of buttons, or lines to answer by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from i18n.bidi import clean, isolate
from i18n.commands import key_of
from i18n.shapes import OptionShape, tag_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from i18n.catalogues import Catalogues
    from i18n.channels import Capabilities
    from i18n.values import Writer

ROW = 30
"""Characters that a row of buttons shows on a small phone, all its labels together."""

_PRESSED = "✓ "

_FOOTER_COMMANDS = {
    "menu_button": "menu",
    "menu": "menu",
    "exit": "leave",
    "leave": "leave",
    "skip": "skip",
    "back": "back",
    "more": "more",
    "done": "done",
    "remove": "remove",
    "next_page": "next_page",
    "previous_page": "previous_page",
}


@dataclass(frozen=True, slots=True)
class Button:
    """One button; ``token`` comes back when it is pressed."""

    text: str
    token: str


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What to choose from: paragraphs for the text, and rows of buttons."""

    paragraphs: tuple[str, ...]
    rows: Rows


def arrange(
    options: Sequence[OptionShape],
    footer: Sequence[OptionShape],
    first: int,
    picker: bool,
    capabilities: Capabilities,
    writer: Writer,
    *,
    counted: bool = False,
) -> Choices:
    """Lay out options and footer for a channel.

    ``counted`` puts the numbers on the buttons too: a picture beside them shows them.
    """
    labels = [label(option, picker, writer) for option in options]
    ends = [label(option, False, writer) for option in footer]
    if not capabilities.buttons:
        lines = numbered(labels, first, writer)
        keys = [key_line(o, text, writer) for o, text in zip(footer, ends, strict=True)]
        paragraphs = ("\n".join(lines), " · ".join(keys))
        return Choices(tuple(p for p in paragraphs if p), ())
    below = rows([Button(t, o.token) for t, o in zip(ends, footer, strict=True)], 4)
    plain = [strip_mark(text, o) for text, o in zip(labels, options, strict=True)]
    lines = numbered(plain, first, writer)
    if counted:
        labels = [mark(o.ticked) + line for line, o in zip(lines, options, strict=True)]
    pairs = list(zip(labels, options, strict=True))
    above = rows([Button(text, option.token) for text, option in pairs], 2)
    fits = all(len(text) <= capabilities.button_label for text in labels)
    if fits and len(above) + len(below) <= capabilities.button_rows:
        return Choices((), above + below)
    numbers = [
        Button(mark(o.ticked) + n, o.token)
        for o, n in zip(options, _numbers(len(labels), first, writer), strict=True)
    ]
    return Choices(("\n".join(lines),), rows(numbers, 5) + below)


def label(option: OptionShape, picker: bool, writer: Writer) -> str:
    """An option's words, with its tick; languages by their own name, drafts marked."""
    if picker and tag_of(option.label) == "name":
        return language_name(getattr(option.label, "text", ""), writer)
    return mark(option.ticked) + writer.write(option.label)


def mark(ticked: bool | None) -> str:
    """The tick box of an option that has one."""
    return "" if ticked is None else "☑ " if ticked else "☐ "


def pressed(options: Sequence[OptionShape], picker: bool, writer: Writer) -> tuple[str, ...]:
    """What was pressed, as it stands where the buttons were: `✓ label`."""
    return tuple(f"{_PRESSED}{label(option, picker, writer)}" for option in options)


def strip_mark(text: str, option: OptionShape) -> str:
    """The label without its tick box (which then stands on the number's button)."""
    return text.removeprefix(mark(option.ticked))


def language_name(text: str, writer: Writer) -> str:
    """A language in itself, by its id or name; with its own word for `draft` while it is one."""
    catalogues: Catalogues = writer.catalogues
    for row in catalogues.languages.rows():
        if text in (row.id, row.name):
            draft = catalogues.state(row.id) == "draft" and row.draft_mark
            name = f"{row.name} ({row.draft_mark})" if draft else row.name
            return isolate(clean(name), writer.language.direction)
    return writer.name(text)


def numbered(labels: Sequence[str], first: int, writer: Writer) -> list[str]:
    """``1. label`` in local digits."""
    numbers = _numbers(len(labels), first, writer)
    return [f"{n}. {text}" for n, text in zip(numbers, labels, strict=True)]


def _numbers(count: int, first: int, writer: Writer) -> list[str]:
    return [writer.language.localise(str(first + i)) for i in range(count)]


def key_line(option: OptionShape, text: str, writer: Writer) -> str:
    """``s = Skip``: what to type for a footer item; only its label where that is what is typed."""
    parts = str(getattr(option.label, "id", "")).split("/")
    command = _FOOTER_COMMANDS.get(parts[1], "") if len(parts) > 1 else ""
    key = key_of(command, writer.locale, writer.catalogues.languages) if command else ""
    if command == "leave" and not any(c.isalpha() for c in text):
        words = writer.language.keywords.get("leave", ())
        text = words[0] if words else text
    if not key or key == text.casefold():
        return text
    return f"{key} = {text}"


def rows(buttons: Sequence[Button], most: int) -> Rows:
    """Rows that fit a phone: neighbours share one while the widest label leaves room for it."""
    laid: list[tuple[Button, ...]] = []
    current: list[Button] = []
    for button in buttons:
        together = [*current, button]
        width = max(len(b.text) for b in together) * len(together)
        if current and (len(together) > most or width > ROW):
            laid.append(tuple(current))
            current = []
        current.append(button)
    if current:
        laid.append(tuple(current))
    return tuple(laid)
