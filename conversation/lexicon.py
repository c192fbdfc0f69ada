"""The words that the engine knows in every language, as the caller read them from their files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from conversation.dates import NUMBERS_ONLY, DateWords
from conversation.normalise import normalise

LONGEST: Final = 12
"""Words of the longest phrase that is looked for."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Command words, phrases that tell of distress, remarks that have an answer, words of dates."""

    keywords: Mapping[str, str] = field(default_factory=dict)
    """Normalised word -> command."""
    distress: Mapping[str, str] = field(default_factory=dict)
    """Normalised phrase -> self_harm, danger, medical, child or overwhelmed."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """Normalised phrase -> abuse, did_it, money, journalist or asks_about."""
    dates: DateWords = NUMBERS_ONLY

    @classmethod
    def of(
        cls,
        keywords: Mapping[str, str] | None = None,
        distress: Mapping[str, str] | None = None,
        remarks: Mapping[str, str] | None = None,
        dates: DateWords = NUMBERS_ONLY,
    ) -> "Lexicon":
        """The same with every word normalised."""
        return cls(_known(keywords), _known(distress), _known(remarks), dates)


def _known(words: Mapping[str, str] | None) -> dict[str, str]:
    return {normalise(word): meaning for word, meaning in (words or {}).items()}


def find(phrases: Mapping[str, str], text: str) -> str:
    """The meaning of the first phrase that stands in ``text`` as whole words; empty if none does.

    ``text`` is normalised. Looks up every run of words in a table: the cost does not grow with it.
    """
    if not phrases:
        return ""
    words = "".join(c if c.isalnum() or c == "'" or ord(c) > 0x2FF else " " for c in text).split()
    for start in range(len(words)):
        for length in range(1, min(LONGEST, len(words) - start) + 1):
            meaning = phrases.get(" ".join(words[start : start + length]))
            if meaning:
                return meaning
    return ""
