"""What a person typed, made comparable once: every script's digits, nothing unseen, one case."""

import re
import unicodedata
from typing import Final

from conversation.zawgyi import MYANMAR, to_unicode

_SPACES: Final = re.compile(r"\s+")
_DROPPED: Final = {0x20E3, *range(0xFE00, 0xFE10)}
"""The keycap frame and variation selectors, which emoji keyboards add unasked."""
_WA_FOR_ZERO: Final = re.compile("(?<=[0-9])\u101d+(?![\u1000-\u109f])|^\u101d{1,2}$")
"""The letter WA looks like the zero and is typed for it: after a digit, or alone."""
_KEYCAPS: Final = str.maketrans({"\U0001f51f": "10", "\U0001f4af": "100"})
"""Emoji that are numbers without being digits."""


def normalise(text: str) -> str:
    """NFC, case folded, ASCII digits, one space between words, no invisible characters, no Zawgyi.

    The result serves for comparing only; own words are kept as they came.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text.strip()).lower() if " " in text else text.lower()
    burmese = MYANMAR.search(text) is not None
    # Before anything else: Zawgyi uses the code points of Shan digits for letters.
    composed = unicodedata.normalize("NFC", to_unicode(text)[0] if burmese else text)
    shown = "".join(_visible(c) for c in composed)
    folded = unicodedata.normalize("NFC", shown.casefold())
    plain = _SPACES.sub(" ", folded.replace("\u2019", "'")).strip().translate(_KEYCAPS)
    return _WA_FOR_ZERO.sub(lambda found: "0" * len(found[0]), plain) if burmese else plain


def _visible(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char
    code = ord(char)
    if code in _DROPPED:
        return ""
    category = unicodedata.category(char)
    if category in {"Cf", "Cs", "Cn"}:
        return ""
    if category == "Cc":
        return " "
    digit = unicodedata.digit(char, None)
    return char if digit is None else str(digit)
