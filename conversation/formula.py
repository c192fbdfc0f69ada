"""A `when:` as it is written: data for the tools of authors, beside the closure that runs.

The closure (``conditions``) is what the engine calls; a formula can be printed, drawn and reasoned
about. :func:`holds` gives it the very same meaning, which a property test compares.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from conversation.yaml_source import Node

ABSENT: Final = "\0absent"
"""Stands for an answer that was never asked for (the engine's own mark is no value either)."""

Given = str | int | bool | tuple[str, ...] | None
"""A value an answer may have here: an option, a number, ticked options, True (told in own words),
None (skipped), or :data:`ABSENT`."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: a step or a fact, an operator, and what it is compared with."""

    name: str
    operator: str
    values: tuple[str | int | bool, ...]
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """One part at least holds."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Negated:
    """The part does not hold."""

    part: "Formula"
    line: int = field(compare=False)


Formula = Compared | Every | Either | Negated


def read_formula(*nodes: Node | None) -> Formula | None:
    """The conditions written in these nodes, all of which must hold; None when there is none."""
    found = tuple(_mapping(node) for node in nodes if node is not None)
    if not found:
        return None
    return found[0] if len(found) == 1 else Every(found)


def _mapping(node: Node) -> Formula:
    pairs = node.value if isinstance(node.value, dict) else {}
    lines = node.keys or {}
    parts = tuple(_one(name, lines.get(name, node.line), below) for name, below in pairs.items())
    return parts[0] if len(parts) == 1 else Every(parts)


def _one(name: str, line: int, node: Node) -> Formula:
    if name in {"all", "any"}:
        items = node.value if isinstance(node.value, list) else []
        parts = tuple(_mapping(item) for item in items)
        if len(parts) == 1:
            return parts[0]
        return Every(parts) if name == "all" else Either(parts)
    if name == "not":
        return Negated(_mapping(node), line)
    pairs = node.value if isinstance(node.value, dict) else {}
    tests = tuple(Compared(name, word, _values(below), line) for word, below in pairs.items())
    return tests[0] if len(tests) == 1 else Every(tests)


def _values(node: Node) -> tuple[str | int | bool, ...]:
    nodes = node.value if isinstance(node.value, list) else [node]
    return tuple(n.value for n in nodes if isinstance(n.value, str | int | bool))


def comparisons(formula: Formula | None) -> Iterator[Compared]:
    """Every comparison in it, in the order in which it is written."""
    match formula:
        case Compared():
            yield formula
        case Every(parts=parts) | Either(parts=parts):
            for part in parts:
                yield from comparisons(part)
        case Negated(part=part):
            yield from comparisons(part)
        case None:
            return


def holds(formula: Formula, given: Mapping[str, Given]) -> bool:
    """Whether it holds for these answers and facts; a name that is missing was never asked."""
    match formula:
        case Every(parts=parts):
            return all(holds(part, given) for part in parts)
        case Either(parts=parts):
            return any(holds(part, given) for part in parts)
        case Negated(part=part):
            return not holds(part, given)
        case Compared(name=name, operator=operator, values=values):
            return _compare(given.get(name, ABSENT), operator, values)


def _compare(value: Given, operator: str, wanted: tuple[str | int | bool, ...]) -> bool:
    if operator in {"answered", "skipped"}:
        if (operator == "answered") is (wanted == (True,)):
            return value is not None and value != ABSENT
        return value is None
    if value is None or value == ABSENT:
        return False
    if operator == "includes":
        return isinstance(value, tuple) and not {str(w) for w in wanted}.isdisjoint(value)
    if type(value) is int:
        return _compare_number(value, operator, [w for w in wanted if type(w) is int])
    return isinstance(value, str) and value in {str(w) for w in wanted}


def _compare_number(value: int, operator: str, wanted: list[int]) -> bool:
    if operator in {"is", "in"}:
        return value in wanted
    first = wanted[0] if wanted else 0
    tests = {
        "lt": value < first,
        "le": value <= first,
        "gt": value > first,
        "ge": value >= first,
    }
    return tests.get(operator, False)


Decide = Callable[[Compared], bool | None]
"""What is known already of a comparison; None: it may still turn out either way."""


def simplified(formula: Formula | None, decide: Decide) -> Formula | bool:
    """What remains open of it once everything known is put in; a plain bool when nothing is."""
    match formula:
        case None:
            return True
        case Compared():
            known = decide(formula)
            return formula if known is None else known
        case Negated(part=part, line=line):
            inner = simplified(part, decide)
            return (not inner) if isinstance(inner, bool) else Negated(inner, line)
        case Every(parts=parts):
            return _joined(Every, parts, decide, ending=False)
        case Either(parts=parts):
            return _joined(Either, parts, decide, ending=True)


def _joined(
    kind: type[Every] | type[Either], parts: tuple[Formula, ...], decide: Decide, *, ending: bool
) -> Formula | bool:
    """``ending``: the value of one part that settles the whole."""
    left: list[Formula] = []
    for part in parts:
        found = simplified(part, decide)
        if found is ending:
            return ending
        if not isinstance(found, bool):
            left.append(found)
    if not left:
        return not ending
    return left[0] if len(left) == 1 else kind(tuple(left))
