"""Conditions and targets in plain words, for people who read the drawing and not the file."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from conversation.formula import Compared, Either, Every, Formula, Negated

if TYPE_CHECKING:
    from conversation.document import Interview, Step, Then

TextOf = Callable[[str], str]
"""Message id -> text."""

_FACTS: Final[Mapping[str, str]] = {
    "path": "the path",
    "channel": "the messenger",
    "child": "the age band of a child",
    "helpers": "helpers to ask",
    "help": "a helper was asked",
    "returning": "she is coming back",
    "police": "the police are allowed here",
}
_PATHS: Final[Mapping[str, str]] = {
    "me": "it happened to her",
    "helping": "she helps someone",
    "saw": "she saw it",
    "info": "she only wants information",
}
_NUMBERS: Final = {"lt": "below", "le": "at most", "gt": "above", "ge": "at least"}
_LONGEST: Final = 34
"""Characters of an answer that are quoted."""


class PlainWords:
    """Says conditions of one interview in plain words; answers are quoted as they are shown."""

    def __init__(self, interview: "Interview", text_of: TextOf) -> None:
        self._steps = interview.steps
        self._text_of = text_of

    def condition(self, formula: Formula | None) -> str:
        """``only if …``; empty when there is no condition."""
        return f"only if {self._formula(formula)}" if formula is not None else ""

    def _formula(self, formula: Formula, *, inner: bool = False) -> str:
        match formula:
            case Compared():
                said = self._compared(formula)
                return f"({said})" if inner and " or " in said else said
            case Negated(part=part):
                return f"not ({self._formula(part)})"
            case Every(parts=parts) | Either(parts=parts):
                word = " and " if isinstance(formula, Every) else " or "
                joined = word.join(self._formula(part, inner=True) for part in parts)
                return f"({joined})" if inner else joined

    def _compared(self, one: Compared) -> str:
        if one.name in _FACTS and one.name not in self._steps:
            return self._fact(one)
        step = self._steps.get(one.name)
        name = f"[{one.name}]"
        if one.operator in {"answered", "skipped"}:
            skipped = (one.operator == "skipped") is (one.values == (True,))
            return f"{name} was {'skipped' if skipped else 'answered'}"
        values = " or ".join(self._answer(step, value) for value in one.values)
        if one.operator in _NUMBERS:
            return f"{name} is {_NUMBERS[one.operator]} {values}"
        return f"{name} {'includes' if one.operator == 'includes' else 'is'} {values}"

    def _fact(self, one: Compared) -> str:
        values = [str(value) for value in one.values]
        if one.name == "path":
            return " or ".join(_PATHS.get(value, value) for value in values)
        if one.name == "helpers":
            return "there is somebody to ask" if values == ["some"] else "there is nobody to ask"
        if one.name == "child":
            return " or ".join(
                "she is 18 or older, or age not known"
                if v == "no"
                else f"age {v.replace('_', '–')}"
                for v in values
            )
        if one.name == "channel":
            return f"{_FACTS['channel']} is {' or '.join(values)}"
        said = _FACTS[one.name]
        return said if values == ["yes"] else f"not: {said}"

    def _answer(self, step: "Step | None", value: object) -> str:
        for option in step.options if step is not None else ():
            if option.id == str(value):
                return f"“{shortened(self._text_of(option.label.id), _LONGEST)}”"
        return str(value)

    def target(self, then: "Then") -> str:
        """Where an answer leads."""
        match then.verb:
            case "goto":
                return f"go on at [{then.target}]"
            case "become":
                return f"go on as: {_PATHS.get(then.target, then.target)}"
            case "urgent":
                return "urgent help, then the end" if then.end else "urgent help, then go on here"
            case "leave_safely":
                return "stop at once; before anything was told, nothing is kept"
            case "outside":
                return "not open there: only information"
            case _:
                return "the end"

    def answer(self, step: "Step", answer: str) -> str:
        """An answer as a person would name it."""
        named = {"skip": "skipped", "answered": "any answer", "elsewhere": "somewhere else"}
        return named.get(answer) or self._answer(step, answer)


def shortened(text: str, longest: int) -> str:
    """The beginning of a text, with dots when there is more."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
