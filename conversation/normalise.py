"""What a person typed, made comparable once: every script's digits, nothing unseen, one case."""

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_DROPPED: Final = {0x20E3, *range(0xFE00, 0xFE10)}
"""The keycap frame and variation selectors, which emoji keyboards add unasked."""


def normalise(text: str) -> str:
    """NFC, case folded, ASCII digits, one space between words, no invisible characters.

    The result serves for comparing only; own words are kept as they came.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text.strip()).lower() if " " in text else text.lower()
    composed = unicodedata.normalize("NFC", text)
    shown = "".join(_visible(c) for c in composed)
    folded = unicodedata.normalize("NFC", shown.casefold())
    return _SPACES.sub(" ", folded.replace("\u2019", "'")).strip()


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
