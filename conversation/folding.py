"""Spellings of one word made one: accents, variants of Arabic letters, apostrophes."""

import re
import unicodedata
from typing import Final

_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
"""Accents, Arabic vowel signs, hamza over or under a letter, the stretching line."""
_LETTERS: Final = str.maketrans(
    {
        "ٱ": "ا",
        "ء": None,
        "ة": "ه",
        "ە": "ه",
        "ھ": "ه",
        "ہ": "ه",
        "ى": "ي",
        "ی": "ي",
        "ې": "ي",
        "ێ": "ي",
        "ک": "ك",
        "ڕ": "ر",
        "ڵ": "ل",
        "ۆ": "و",
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "œ": "oe",
        "æ": "ae",
        **dict.fromkeys("'\u02bc\u02bb\u02be\u02bf\u2018\u2019\u201b\u2032`\u00b4"),
    }
)


def fold(word: str) -> str:
    """``word``, normalised, without what people leave out or write differently.

    Letters of Latin and Arabic script only: a sign less makes another word in Burmese.
    """
    if word.isascii():
        return word.replace("'", "").replace("`", "")
    apart = _MARKS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", apart.translate(_LETTERS))
