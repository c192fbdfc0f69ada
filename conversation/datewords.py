"""Patterns of dates: the words of every language, made ready for :func:`conversation.read_date`.

A pattern is what a translator writes: ``{day} [of ]{month}[ {year}]``. Brackets may be left out by
the writer; a name in braces is a slot, filled from that language's tables.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from conversation.folding import fold
from conversation.normalise import normalise

KINDS: Final = (
    "about", "same", "ago", "last", "this", "weekday", "day", "month", "part", "season", "year"
)  # fmt: skip
"""Kinds of pattern, in the order in which they are tried."""

UNITS: Final = ("day", "week", "month", "year")
SEASONS: Final = ("spring", "summer", "autumn", "winter", "rainy", "dry")
PARTS: Final = ("beginning", "middle", "end")

_YEAR: Final = r"(?:19|20)\d\d"
_PIECE: Final = re.compile(r"\{(\w+)\}|([\[\]])|([^\[\]{}]+)")
_STOPS: Final = re.compile(
    r"(?<!\d)[-.,/]|[-.,/](?!\d)|[;:!?()\"\u060c\u061b\u061f\u104a\u104b\u00ab\u00bb]"
)
_SPACES: Final = re.compile(r"\s+")


def simple(word: str) -> str:
    """Normalised ``word`` as patterns see it: folded, stops only within figures."""
    return _SPACES.sub(" ", _STOPS.sub(" ", fold(word))).strip()


@dataclass(frozen=True)
class Pattern:
    """One way to say a date; ``kind`` is one of ``KINDS``."""

    kind: str
    regex: re.Pattern[str]


@dataclass(frozen=True)
class Language:
    """The words of one language. ``table`` is what its file holds (see ``i18n/dates/en.toml``)."""

    table: Mapping[str, Any]

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, Any]]:
        """Slot -> folded word -> what it means."""
        return {
            "month": _named(self.table, "months", int),
            "weekday": _named(self.table, "weekdays", int),
            "season": _named(self.table, "seasons", str),
            "part": _named(self.table, "parts", str),
            "number": _named(self.table, "numbers", int),
            "day": _named(self.table, "days", int),
            "unit": _named(self.table, "units", str),
            "amount": _named(self.table, "amounts", str),
            "past": _named(self.table, "days_ago", int),
        }

    @cached_property
    def careful(self) -> frozenset[str]:
        """Names that mean something else when they stand alone."""
        return frozenset(_simple(self.table.get("careful", ())))

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """Compiled when a date is first read."""
        written = self.table.get("patterns", {})
        slots = self._slots()
        return tuple(
            Pattern(kind, _compiled(pattern, slots))
            for kind in KINDS
            for pattern in written.get(kind, ())
        )

    def _slots(self) -> Mapping[str, str]:
        gap = " ?" if self.table.get("spaces") == "optional" else " "
        ordinals = _any_of(_simple(self.table.get("ordinals", ())))
        one = {slot: _any_of(words) for slot, words in self.names.items()}
        figures = rf"(?:0?[1-9]|[12]\d|3[01])(?:{gap}?{ordinals})?"
        n = rf"(?P<n>\d{{1,3}}|{one['number']})"
        return {
            **one,
            "gap": gap,
            "day": rf"(?P<day>{figures}|{one['day']})",
            "figures": f"(?P<day>{figures})",
            "monthnumber": rf"(?P<monthnumber>0?[1-9]|1[0-2]|{one['number']})",
            "year": rf"(?P<year>{_YEAR})",
            "shortyear": rf"(?P<year>{_YEAR}|\d\d)",
            "n": n,
            "amount": rf"(?:{n}{gap}(?P<unit>{one['unit']})|(?P<amount>{one['amount']}))",
            "daytime": _any_of(_simple(self.table.get("daytimes", ()))),
            "date": "(?P<date>.+?)",
        }


@dataclass(frozen=True)
class DateWords:
    """The words of every language, by locale."""

    languages: Mapping[str, Language] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Mapping[str, Mapping[str, Any]]) -> "DateWords":
        """From what ``i18n.datewords.date_words()`` read; it is taken to be well formed."""
        return cls({locale: Language(table) for locale, table in tables.items()})

    def in_order(self, locale: str) -> Iterator[tuple[bool, Language]]:
        """Her language first, then the others; with whether it is hers."""
        if locale in self.languages:
            yield True, self.languages[locale]
        for other, language in self.languages.items():
            if other != locale:
                yield False, language


NUMBERS_ONLY: Final = DateWords()


def _named(table: Mapping[str, Any], name: str, key: type) -> Mapping[str, Any]:
    return {
        simple(normalise(word)): key(meaning)
        for meaning, words in table.get(name, {}).items()
        for word in words
    }


def _simple(words: Iterable[str]) -> Iterator[str]:
    return (simple(normalise(word)) for word in words)


def _any_of(words: Iterable[str]) -> str:
    """An alternation, the longest word first; one that never matches when there are none."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(re.escape, ordered))})" if ordered else r"(?:(?!))"


def _compiled(pattern: str, slots: Mapping[str, str]) -> re.Pattern[str]:
    built: list[str] = []
    for slot, bracket, text in _PIECE.findall(pattern):
        if slot:
            wanted = slot
            if slot == "year" and "{day}" in pattern:
                wanted = "shortyear"
            if slot == "day" and "{month" not in pattern:
                wanted = "figures"  # "the second" is no day, "the 2nd" is one
            own = slots[wanted]
            built.append(own if "(?P<" in own else f"(?P<{slot}>{own})")
        elif bracket:
            built.append("(?:" if bracket == "[" else ")?")
        else:
            built.append(_literal(text, slots["gap"]))
    return re.compile("".join(built))


def _literal(text: str, gap: str) -> str:
    """Words of a pattern as they are compared; spaces at its ends are kept."""
    words = [simple(normalise(word)) for word in text.split(" ")]
    return gap.join(re.escape(word) for word in words)
