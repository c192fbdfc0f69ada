"""Conditions as seen from the middle of a way: what is known of them, and what is still open."""

from typing import TYPE_CHECKING, Final

from conversation import facts
from conversation.formula import (
    ABSENT,
    Compared,
    Formula,
    Given,
    comparisons,
    holds,
    simplified,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversation.document import Interview, Step
    from conversation.state import Value
    from conversation.turn import Turn

_STEADY: Final = frozenset({"channel", "police", "returning"})
"""Facts that do not change on the way."""

Known = list[bool | None]
"""Each comparison of the document, by its number: its outcome, or None while it is open."""


def sources(step: "Step") -> "Iterator[Formula]":
    """Every condition written at a step."""
    for source in (step.when_source, *(option.when_source for option in step.options)):
        if source is not None:
            yield source


NEVER: Final = 0
ALWAYS: Final = 1
"""Numbers of a condition that is decided; others are those of what is left open."""


class Outlook:
    """Knows every comparison and every remaining condition of a document by a number, for speed."""

    def __init__(self, interview: "Interview") -> None:
        self._number: dict[Compared, int] = {}
        self._parts: dict[int, tuple[Formula, tuple[int, ...]]] = {}
        self._left: dict[tuple[int, tuple[bool | None, ...]], int] = {}
        self._open: dict[Formula | bool, int] = {False: NEVER, True: ALWAYS}
        self._outcomes: dict[tuple[str, Given], tuple[bool, ...]] = {}
        self.asks_helpers: set[int] = set()
        """Numbers of remaining conditions that ask whether there are helpers."""
        for route in interview.routes.values():
            for step in route.steps:
                for source in sources(step):
                    self._learn(source)
        self._by_name: dict[str, list[int]] = {}
        for one, number in self._number.items():
            self._by_name.setdefault(one.name, []).append(number)
        self._comparisons = tuple(self._number)

    def _learn(self, source: Formula) -> None:
        if id(source) in self._parts:
            return
        numbers = [self._number.setdefault(one, len(self._number)) for one in comparisons(source)]
        self._parts[id(source)] = (source, tuple(dict.fromkeys(numbers)))

    def known(self, turn: "Turn", paths: frozenset[str], unanswered: set[str]) -> Known:
        """What is decided, with these paths still possible and these steps still to be asked."""
        found: Known = [None] * len(self._comparisons)
        for name, numbers in self._by_name.items():
            outcome = self._decided(turn, name, paths, unanswered)
            if outcome is not None:
                for number, value in zip(numbers, outcome, strict=True):
                    found[number] = value
        return found

    def _decided(
        self, turn: "Turn", name: str, paths: frozenset[str], unanswered: set[str]
    ) -> "tuple[bool | None, ...] | None":
        if name in turn.answers:
            return self._outcome(name, given_of(turn.answers[name]))
        if name == "path":
            rows = [self._outcome(name, path) for path in paths]
            if len(rows) == 1:
                return rows[0]
            return tuple(one[0] if len(set(one)) == 1 else None for one in zip(*rows, strict=True))
        if name in _STEADY:
            return self._outcome(name, facts.FACTS[name].read(turn))
        if name == "help":
            return self._outcome(name, "yes") if facts.FACTS[name].read(turn) == "yes" else None
        if name in facts.FACTS or name in unanswered:
            return None
        return self._outcome(name, ABSENT)

    def _outcome(self, name: str, given: Given) -> tuple[bool, ...]:
        """How each comparison with this name turns out for a value."""
        key = (name, given)
        if key not in self._outcomes:
            row = (self._comparisons[number] for number in self._by_name[name])
            self._outcomes[key] = tuple(holds(one, {name: given}) for one in row)
        return self._outcomes[key]

    def now(self, turn: "Turn", source: Formula) -> "Iterator[tuple[int, bool]]":
        """How each comparison with an answer turns out now."""
        for number in self._parts[id(source)][1]:
            name = self._comparisons[number].name
            if name in turn.answers:
                row = self._outcome(name, given_of(turn.answers[name]))
                yield number, row[self._by_name[name].index(number)]

    def left(self, source: Formula | None, known: Known) -> int:
        """What of a condition is open, by number: :data:`NEVER`, :data:`ALWAYS`, or another."""
        if source is None:
            return ALWAYS
        formula, numbers = self._parts[id(source)]
        decided = tuple([known[number] for number in numbers])
        key = (id(source), decided)
        if key not in self._left:
            values = dict(zip(numbers, decided, strict=True))
            rest = simplified(formula, lambda one: values[self._number[one]])
            number = self._open.setdefault(rest, len(self._open))
            if not isinstance(rest, bool) and any(c.name == "helpers" for c in comparisons(rest)):
                self.asks_helpers.add(number)
            self._left[key] = number
        return self._left[key]


def given_of(value: "Value") -> Given:
    """An answer as conditions compare it; her own words are only told."""
    if isinstance(value, list):
        return tuple(value)
    return True if isinstance(value, dict) else value
