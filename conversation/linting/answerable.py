"""Whether a condition can be true at all: every combination of answers that it can tell apart."""

from itertools import product
from typing import TYPE_CHECKING, Final

from conversation import facts
from conversation.formula import ABSENT, Formula, Given, comparisons, holds

if TYPE_CHECKING:
    from conversation.document import Interview, Step

_MOST: Final = 50_000
"""Combinations tried for one condition; a longer one is left to the walk."""
_OTHER: Final = "\0other"
"""Stands for every value that the condition does not name."""


def satisfiable(interview: "Interview", formula: Formula) -> bool:
    """Whether some answers make it true, as far as the condition itself goes."""
    names = list(dict.fromkeys(one.name for one in comparisons(formula)))
    rows = [_values(interview, name, formula) for name in names]
    size = 1
    for row in rows:
        size *= len(row)
    if size > _MOST:
        return True
    return any(holds(formula, dict(zip(names, given, strict=True))) for given in product(*rows))


def _values(interview: "Interview", name: str, formula: Formula) -> list[Given]:
    """Values of one operand that comparisons of this formula can tell apart."""
    named = [v for one in comparisons(formula) if one.name == name for v in one.values]
    words = list(dict.fromkeys(str(v) for v in named if not isinstance(v, bool)))
    if name in facts.FACTS:
        closed = facts.FACTS[name].values
        known: list[Given] = [*words, _OTHER] if closed is None else [*sorted(closed)]
        return known
    step = interview.steps.get(name)
    if step is not None and step.kind == "many":
        return [*((word,) for word in words), tuple(words), (_OTHER,), None, ABSENT]
    if step is not None and step.kind == "number":
        return [*_numbers(step, named), None, ABSENT]
    found: list[Given] = [*words, None, ABSENT]
    shown = {option.id for option in step.options} if step is not None else set()
    return [*found, _OTHER] if not shown or shown - set(words) else found


def _numbers(step: "Step", named: "list[str | int | bool]") -> list[int]:
    """The edges of what is named, within the range of the question."""
    low = step.low if step.low is not None else 1
    high = step.high if step.high is not None else 10**9
    edges = {v + d for v in named if type(v) is int for d in (-1, 0, 1)} | {low}
    return sorted(n for n in edges if low <= n <= high)
