"""Both directions in one message (Unicode UAX #9), and hostile names made harmless."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from i18n.language import Direction

FSI: Final = "\u2068"
PDI: Final = "\u2069"
_MARKS: Final = {"ltr": "\u200e", "rtl": "\u200f"}

_JOINERS: Final = "\u200c\u200d"
"""Zero-width (non-)joiners are letters' shapes in Kurdish, Persian and Burmese, and hold emoji."""

_LINE_BREAKS: Final = re.compile(r"\s+")


def strong(text: str) -> str:
    """Direction of the first strong character outside isolates: ltr, rtl or empty (rule P2)."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind == "L":
            return "ltr"
        elif depth == 0 and kind in ("R", "AL"):
            return "rtl"
    return ""


def clean(name: str) -> str:
    """A name from outside on one line, without controls, direction marks or anything unseen."""
    kept = (
        c
        for c in name
        if c in _JOINERS or c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    # Spaces last: taking an unseen character away may have brought two of them together.
    return _LINE_BREAKS.sub(" ", unicodedata.normalize("NFC", "".join(kept))).strip()


def isolate(name: str, direction: Direction) -> str:
    """A cleaned name, in an isolate when it could disturb or be disturbed by its surroundings."""
    if direction == "ltr":
        foreign = any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in name)
    else:
        foreign = any(
            unicodedata.bidirectional(c) not in ("R", "AL", "NSM", "WS", "BN") for c in name
        )
    return f"{FSI}{name}{PDI}" if foreign else name


def direct(text: str, direction: Direction) -> str:
    """``text`` with a mark before each line whose own letters would turn it the wrong way.

    A line without letters of its own is marked in right-to-left languages only: left to right is
    what every messenger falls back to.
    """
    return "\n".join(_direct_line(line, direction) for line in text.split("\n"))


def _direct_line(line: str, direction: Direction) -> str:
    if not line.strip():
        return line
    own = strong(line)
    if own == direction or (not own and direction == "ltr"):
        return line
    return _MARKS[direction] + line
