"""`when:` compiled once into closures: typed, and false wherever a skipped answer is compared."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conversation.document import Condition
from conversation.facts import FACTS
from conversation.findings import Findings
from conversation.yaml_source import Node

if TYPE_CHECKING:
    from conversation.turn import Turn

_COMPARED: Final = {
    "choice": ("is", "in"),
    "consent": ("is", "in"),
    "contact": ("is", "in"),
    "review": ("is", "in"),
    "place": ("is", "in"),
    "fact": ("is", "in"),
    "number": ("is", "in", "lt", "le", "gt", "ge"),
    "many": ("includes",),
}
_ASKED: Final = ("answered", "skipped")
OPERATORS: Final = ("is", "in", "lt", "le", "gt", "ge", "includes", *_ASKED)

Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Operand:
    """What a condition may name: a step or a fact."""

    kind: str
    values: frozenset[str] | None = None
    """Closed set of its values; None: open."""

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that fit its type."""
        compared = _COMPARED.get(self.kind, ())
        return compared if self.kind == "fact" else (*compared, *_ASKED)


@dataclass(slots=True)
class Compiler:
    """Compiles the conditions of one step."""

    operands: Mapping[str, Operand]
    later: Collection[str]
    """Steps that come after this one: they exist, and cannot be known yet."""
    findings: Findings

    def compile(self, node: Node) -> Condition:
        """A mapping of conditions, all of which must hold."""
        if not isinstance(node.value, dict) or not node.value:
            self.findings.add(node.line, "WHEN006", "write `when: {step: {is: option}}`")
            return _always
        lines = node.keys or {}
        parts = [self._one(name, lines[name], inner) for name, inner in node.value.items()]
        return parts[0] if len(parts) == 1 else _all(tuple(parts))

    def _one(self, name: str, line: int, node: Node) -> Condition:
        if name in {"all", "any"}:
            if not isinstance(node.value, list) or not node.value:
                self.findings.add(line, "WHEN006", f"`{name}` takes a list of conditions")
                return _always
            parts = tuple(self.compile(item) for item in node.value)
            return _all(parts) if name == "all" else _any(parts)
        if name == "not":
            return _not(self.compile(node))
        return self._compare(name, line, node)

    def _compare(self, name: str, line: int, node: Node) -> Condition:
        operand = self.operands.get(name)
        if operand is None:
            self._unknown(name, line)
            return _always
        if not isinstance(node.value, dict) or not node.value:
            advice = f"write an operator, for example `{name}: {{{operand.operators[0]}: …}}`"
            self.findings.add(line, "WHEN006", advice)
            return _always
        tests = [
            self._test(operand, word, (node.keys or {})[word], inner)
            for word, inner in node.value.items()
        ]
        if operand.kind == "fact":
            return _all(tuple(_of_fact(name, test) for test in tests))
        return _all(tuple(_of_answer(name, test) for test in tests))

    def _unknown(self, name: str, line: int) -> None:
        if name in self.later:
            advice = f"`{name}` is asked later, so it cannot be known here; move it up or drop it"
            self.findings.add(line, "WHEN002", advice)
        else:
            advice = f"there is no step and no fact `{name}`; facts are {', '.join(FACTS)}"
            self.findings.add(line, "WHEN001", advice)

    def _test(self, operand: Operand, word: str, line: int, node: Node) -> Test:
        if word not in OPERATORS:
            advice = f"`{word}` is no operator; use one of {', '.join(operand.operators)}"
            self.findings.add(line, "WHEN004", advice)
            return _never
        if word not in operand.operators:
            fit = ", ".join(operand.operators)
            advice = f"`{word}` does not fit a {operand.kind}; use one of {fit}"
            self.findings.add(line, "WHEN003", advice)
            return _never
        if word in _ASKED:
            return self._asked(word, line, node)
        if operand.kind == "number":
            return self._number(word, line, node)
        wanted = self._ids(operand, word, line, node)
        if word == "includes":
            return _includes(wanted)
        return _one_of(wanted) if len(wanted) != 1 else _equals(next(iter(wanted)))

    def _asked(self, word: str, line: int, node: Node) -> Test:
        if not isinstance(node.value, bool):
            self.findings.add(line, "WHEN006", f"`{word}` takes true or false")
            return _never
        return _answered if (word == "answered") is node.value else _skipped

    def _number(self, word: str, line: int, node: Node) -> Test:
        values = node.value if isinstance(node.value, list) else [node]
        numbers = [n.value for n in values if type(n.value) is int]
        if len(numbers) != len(values) or (isinstance(node.value, list) is not (word == "in")):
            self.findings.add(line, "WHEN006", f"`{word}` takes a number (`in`: a list of them)")
            return _never
        return _NUMBERS[word](numbers)

    def _ids(self, operand: Operand, word: str, line: int, node: Node) -> frozenset[str]:
        many = isinstance(node.value, list)
        if (many and word == "is") or (not many and word == "in"):
            takes = "a list" if word == "in" else "one value"
            self.findings.add(line, "WHEN006", f"`{word}` takes {takes}")
        nodes = node.value if isinstance(node.value, list) else [node]
        wanted: set[str] = set()
        for item in nodes:
            if type(item.value) is int:
                wanted.add(str(item.value))
            elif isinstance(item.value, str):
                wanted.add(item.value)
            else:
                advice = 'an option id is a word; quote it, for example "true"'
                self.findings.add(item.line, "WHEN006", advice)
        for extra in sorted(wanted - operand.values if operand.values is not None else ()):
            known = ", ".join(sorted(operand.values or ()))
            self.findings.add(line, "WHEN005", f"`{extra}` is none of its values: {known}")
        return frozenset(wanted)


# A value that is absent (the step was not asked) or None (skipped) makes every comparison false.


def _answered(value: object) -> bool:
    return value is not None and value is not ABSENT


def _skipped(value: object) -> bool:
    return value is None


def _equals(wanted: str) -> Test:
    return lambda value: value == wanted


def _one_of(wanted: frozenset[str]) -> Test:
    return lambda value: isinstance(value, str) and value in wanted


def _includes(wanted: frozenset[str]) -> Test:
    return lambda value: isinstance(value, list) and not wanted.isdisjoint(value)


_NUMBERS: Final[Mapping[str, Callable[[list[Any]], Test]]] = {
    "is": lambda n: lambda value: value == n[0] and type(value) is int,
    "in": lambda n: lambda value: type(value) is int and value in n,
    "lt": lambda n: lambda value: type(value) is int and value < n[0],
    "le": lambda n: lambda value: type(value) is int and value <= n[0],
    "gt": lambda n: lambda value: type(value) is int and value > n[0],
    "ge": lambda n: lambda value: type(value) is int and value >= n[0],
}

ABSENT: Final = object()
"""Stands for an answer that was never asked for."""


def _never(_value: object) -> bool:
    return False


def _always(_turn: "Turn") -> bool:
    return True


def _of_fact(name: str, test: Test) -> Condition:
    fact = FACTS[name].read
    return lambda turn: test(fact(turn))


def _of_answer(name: str, test: Test) -> Condition:
    return lambda turn: test(turn.answers.get(name, ABSENT))


def _all(parts: tuple[Condition, ...]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda turn: first(turn) and second(turn)
    return lambda turn: all(part(turn) for part in parts)


def _any(parts: tuple[Condition, ...]) -> Condition:
    return lambda turn: any(part(turn) for part in parts)


def _not(part: Condition) -> Condition:
    return lambda turn: not part(turn)
