"""A long text cut into pieces that a messenger takes: no character lost, no word or letter torn."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Final, Literal

from i18n.bidi import FSI, PDI

Unit = Literal["utf16", "bytes"]

_SENTENCE: Final = re.compile(r"\n+|(?<=[^\d\s][.!?…؟۔။।。])[\"'”’»)]*\s+|(?<=\d[.!?])\s+(?=\n)")
_WORD: Final = re.compile(r"\s+")

_STACKERS: Final = "\u1039\u200d"
"""What binds the next character to this one: the Burmese virama, the zero-width joiner."""


def cost(text: str, unit: Unit) -> int:
    """How much of a limit ``text`` takes."""
    return len(text.encode("utf-16-le")) // 2 if unit == "utf16" else len(text.encode())


def split(text: str, limit: int, unit: Unit) -> tuple[str, ...]:
    """Pieces of at most ``limit``; joined they are ``text`` again.

    Cut after the last sentence that fits, else after a word, else between two letters. Only an
    isolate that is itself too long is cut inside; it is then closed and opened again.
    """
    if cost(text, unit) <= limit:
        return (text,)
    return tuple(_Splitter(text, unit).pieces(limit))


class _Splitter:
    def __init__(self, text: str, unit: Unit) -> None:
        self.text = text
        self.unit = unit
        self.ends = list(accumulate((cost(c, unit) for c in text), initial=0))
        self.depths = _depths(text)
        self.sentences = [m.end() for m in _SENTENCE.finditer(text)]
        self.words = [m.end() for m in _WORD.finditer(text)]

    def pieces(self, limit: int) -> list[str]:
        pieces: list[str] = []
        start, opened = 0, ""
        while start < len(self.text):
            room = limit - cost(opened, self.unit)
            end = self._whole(start, room)
            if end < len(self.text):
                end = self._cut(start, end, room)
            closed = PDI if self.depths[end] else ""
            pieces.append(opened + self.text[start:end] + closed)
            opened = FSI if closed else ""
            start = end
        return pieces

    def _whole(self, start: int, room: int) -> int:
        """The furthest index up to which the text fits in ``room``; at least one character on."""
        return max(start + 1, bisect_right(self.ends, self.ends[start] + room) - 1)

    def _cut(self, start: int, furthest: int, room: int) -> int:
        for marks in (self.sentences, self.words):
            at = self._last(marks, start, furthest)
            if at:
                return at
        for at in range(furthest, start, -1):
            if not self.depths[at] and _between_letters(self.text, at):
                return at
        inside = self._whole(start, room - cost(PDI, self.unit))
        at = next((m for m in reversed(self.words) if start < m <= inside), 0)
        if at and self.text[start:at].strip(FSI + " "):
            return at
        letters = (i for i in range(inside, start, -1) if _between_letters(self.text, i))
        return next((i for i in letters if i > start + 1 or self.text[start] != FSI), inside)

    def _last(self, marks: list[int], start: int, furthest: int) -> int:
        """The last mark in reach outside isolates that leaves something to read before it."""
        for index in range(bisect_right(marks, furthest) - 1, -1, -1):
            at = marks[index]
            if at <= start:
                return 0
            if not self.depths[at] and self.text[start:at].strip():
                return at
        return 0


def _depths(text: str) -> list[int]:
    """Isolate depth at each index (between the character before and the one at it)."""
    depths = [0]
    for character in text:
        kind = unicodedata.bidirectional(character)
        step = 1 if kind in ("LRI", "RLI", "FSI") else -1 if kind == "PDI" else 0
        depths.append(max(0, depths[-1] + step))
    return depths


def _between_letters(text: str, at: int) -> bool:
    """No grapheme (UAX #29, as far as our scripts and emoji need it) is torn at ``at``."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before in _STACKERS or after == "\u200d" or (before, after) == ("\r", "\n"):
        return False
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    if "\U000e0020" <= after <= "\U000e007f":
        return False
    if _flag(before) and _flag(after):
        run = len(text[:at]) - len(text[:at].rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
        return run % 2 == 0
    return True


def _flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
