"""What can be answered at a question, as far as it can make a difference: one answer a class."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal

from conversation import facts
from conversation.choices import choices
from conversation.commands import skip_destroys
from conversation.formula import Compared, Given, comparisons, holds
from conversation.turn import Turn

if TYPE_CHECKING:
    from conversation.context import Context
    from conversation.document import Interview, Step
    from conversation.state import State

SKIP: Final = "skip"
WORDS: Final = "(own words)"
_SOME_WORDS: Final = "river stone"
"""Stands for anything she may write; no command, no distress, no number."""
_DATE: Final = "unsure"
_MOST_TICKS: Final = 8
"""Classes of a list whose combinations are all tried (2^8); of more, only each alone and all."""
_NEVER_TRIED: Final = {
    "review": frozenset({"correct"}),
    "returning": frozenset({"erase", "status", "new"}),
}
"""They lead back to where they were chosen, or to what is walked anyway."""

Move = tuple[Literal["press", "say"], str]
"""A button's option, or a text."""
Uses = Mapping[str, tuple[Compared, ...]]
"""Step or fact -> every comparison that reads it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and the moves that give it; ``options`` are the ids it stands for."""

    name: str
    moves: tuple[Move, ...]
    options: frozenset[str] = frozenset()


def uses_of(interview: "Interview") -> dict[str, tuple[Compared, ...]]:
    """Every comparison of the document, by the name it reads."""
    found: dict[str, list[Compared]] = {}
    for route in interview.routes.values():
        for step in route.steps:
            sources = [step.when_source, *(option.when_source for option in step.options)]
            for one in (c for source in sources for c in comparisons(source)):
                row = found.setdefault(one.name, [])
                if one not in row:
                    row.append(one)
    return {name: tuple(row) for name, row in found.items()}


@dataclass(slots=True)
class Answers:
    """The answers to try in one interview. ``cut``: where not every combination is tried."""

    interview: "Interview"
    uses: Uses
    cut: set[str]

    def at(self, state: "State", context: "Context") -> list[Answer]:
        """Every class of answers to the open question, skipping last."""
        turn = Turn(self.interview, state, context)
        step = turn.step
        shown = [one for one, _ in choices(turn, step)]
        found = list(self._answers(turn, step, shown))
        if step.kind != "locale":
            presses = 2 if skip_destroys(turn) else 1
            found.append(Answer(SKIP, (("press", "!skip"),) * presses))
        return found

    def _answers(self, turn: Turn, step: "Step", shown: list[str]) -> Iterator[Answer]:
        if step.kind == "locale":
            yield Answer(shown[0], (("press", shown[0]),), frozenset(shown))
        elif step.kind == "many":
            yield from self._ticks(step, shown)
        elif step.kind in {"text", "media"}:
            yield Answer(WORDS, (("say", _SOME_WORDS), ("press", "!done")))
        elif step.kind == "sign":
            yield Answer(WORDS, (("say", _SOME_WORDS),))
        elif step.kind == "number":
            yield from (Answer(str(n), (("say", str(n)),)) for n in self._numbers(step))
        elif step.kind == "date":
            yield Answer(_DATE, (("press", "unsure"),), frozenset(shown))
        else:
            yield from self._options(turn, step, shown)

    def _options(self, turn: Turn, step: "Step", shown: list[str]) -> Iterator[Answer]:
        never = _NEVER_TRIED.get(step.kind, frozenset())
        if "returning" in self.uses:
            never -= {"new"}
        for row in self._classes(step, (one for one in shown if one not in never)):
            yield Answer(row[0], (("press", row[0]),), frozenset(row))
        if step.kind == "place" and step.own_words and turn.mode == "asking":
            yield Answer(WORDS, (("say", _SOME_WORDS),))

    def _ticks(self, step: "Step", shown: list[str]) -> Iterator[Answer]:
        """Combinations of classes; an exclusive option stands alone."""
        place = {one: str(number) for number, one in enumerate(shown, 1)}
        rows = self._classes(step, shown)
        single = [row for row in rows if row[0] in step.exclusive]
        together = [row for row in rows if row[0] not in step.exclusive]
        sizes: Iterable[int] = range(1, len(together) + 1)
        if len(together) > _MOST_TICKS:
            self.cut.add(step.id)
            sizes = (1, len(together))
        chosen = [c for size in sizes for c in combinations(together, size)]
        for group in (*((row,) for row in single), *chosen):
            ids = sorted((row[0] for row in group), key=shown.index)
            typed = " ".join(place[one] for one in ids)
            options = frozenset(one for row in group for one in row)
            yield Answer(" ".join(ids), (("say", typed),), options)

    def _classes(self, step: "Step", shown: Iterable[str]) -> list[list[str]]:
        """Options that no condition, target or fact tells apart are one class."""
        found: dict[object, list[str]] = {}
        for one in shown:
            found.setdefault(self._signature(step, one), []).append(one)
        return list(found.values())

    def _signature(self, step: "Step", option: str) -> object:
        if step.kind == "consent" or step.source == "organisations":
            return option
        value: Given = (option,) if step.kind == "many" else option
        read = tuple(holds(one, {step.id: value}) for one in self.uses.get(step.id, ()))
        special = (
            option in facts.CHILD_BANDS and option if step.id == "age_band" else "",
            step.kind == "contact" and option == "no",
            step.kind == "code" and option,
            step.kind in {"review", "returning", "change", "consents"} and option,
            step.id == "who_group" and option in facts.RESTRICTED,
            step.id == "safe_now" and option,
            step.id == "more" and option == "now",
        )
        return step.then.get(option), read, option in step.exclusive, special

    def _numbers(self, step: "Step") -> list[int]:
        """The edges of what conditions tell apart, within the range."""
        low = max(step.low or 1, 1)
        high = step.high if step.high is not None else 10**6
        edges = {v for one in self.uses.get(step.id, ()) for v in one.values if type(v) is int}
        wanted = {low, *(n + d for n in edges for d in (-1, 0, 1))}
        found: dict[object, int] = {}
        for number in sorted(n for n in wanted if low <= n <= high):
            read = tuple(holds(one, {step.id: number}) for one in self.uses.get(step.id, ()))
            found.setdefault(read, number)
        return list(found.values())
