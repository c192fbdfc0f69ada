"""Conditions as seen from the middle of a way: what is known of them, and what is still open."""

from collections.abc import Iterator
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


class Outlook:
    """Knows every comparison of a document by a number, and simplifies its conditions quickly."""

    def __init__(self, interview: "Interview") -> None:
        self._number: dict[Compared, int] = {}
        self._parts: dict[int, tuple[Formula, tuple[int, ...]]] = {}
        self._left: dict[tuple[int, tuple[bool | None, ...]], Formula | bool] = {}
        for route in interview.routes.values():
            for step in route.steps:
                for source in sources(step):
                    self._learn(source)
        self._comparisons = tuple(self._number)

    def _learn(self, source: Formula) -> None:
        if id(source) in self._parts:
            return
        numbers = [
            self._number.setdefault(one, len(self._number)) for one in comparisons(source)
        ]
        self._parts[id(source)] = (source, tuple(dict.fromkeys(numbers)))

    def known(self, turn: "Turn", paths: frozenset[str], unanswered: set[str]) -> Known:
        """What is decided, with these paths still possible and these steps still to be asked."""
        return [_decide(turn, one, paths, unanswered) for one in self._comparisons]

    def now(self, turn: "Turn", source: Formula) -> "Iterator[tuple[int, bool]]":
        """How each comparison with an answer turns out now."""
        for number in self._parts[id(source)][1]:
            one = self._comparisons[number]
            if one.name in turn.answers:
                yield number, holds(one, {one.name: given_of(turn.answers[one.name])})

    def left(self, source: Formula | None, known: Known) -> Formula | bool:
        """What of a condition is still open."""
        if source is None:
            return True
        formula, numbers = self._parts[id(source)]
        decided = tuple(known[number] for number in numbers)
        key = (id(source), decided)
        if key not in self._left:
            values = dict(zip(numbers, decided, strict=True))
            self._left[key] = simplified(formula, lambda one: values[self._number[one]])
        return self._left[key]


def _decide(
    turn: "Turn", one: Compared, paths: frozenset[str], unanswered: set[str]
) -> bool | None:
    name = one.name
    if name in turn.answers:
        return holds(one, {name: given_of(turn.answers[name])})
    if name == "path":
        found = {holds(one, {name: path}) for path in paths}
        return found.pop() if len(found) == 1 else None
    if name in _STEADY:
        return holds(one, {name: facts.FACTS[name].read(turn)})
    if name == "help":
        return holds(one, {name: "yes"}) if facts.FACTS[name].read(turn) == "yes" else None
    if name in facts.FACTS or name in unanswered:
        return None
    return holds(one, {name: ABSENT})


def given_of(value: "Value") -> Given:
    """An answer as conditions compare it; her own words are only told."""
    if isinstance(value, list):
        return tuple(value)
    return True if isinstance(value, dict) else value
