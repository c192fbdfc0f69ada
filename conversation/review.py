"""What she chose, as coded labels; her own words are never shown again."""

from typing import TYPE_CHECKING, Any, Final

from conversation.replies import Count, Date, Name, Param, Part, Ref, Several
from conversation.wording import area_name, phrase

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.state import Value
    from conversation.turn import Turn

ACCOUNT: Final = frozenset({"account", "perpetrator", "evidence"})
"""Compartments of part 2: nothing goes there before she agreed to it."""
_OWN: Final = Ref("engine/review_own_words/text")


def reviewed(turn: "Turn") -> list["Step"]:
    """The answered steps she can look over: those of part 2 once it began, else all recorded."""
    begun = "account" in turn.parts
    found: dict[str, Step] = {}
    for step in turn.interview.routes["main"].steps:
        shown = step.compartment in ACCOUNT if begun else step.compartment not in {"", "routing"}
        if shown and turn.answers.get(step.id) is not None:
            found.setdefault(step.id, step)
    return list(found.values())


def lines(turn: "Turn") -> list[Part]:
    """One line an answer: question and label."""
    shown = [
        phrase("review_line", question=Ref(s.prompt), answer=label(turn, s, turn.answers[s.id]))
        for s in reviewed(turn)
    ]
    return shown or [phrase("review_empty")]


def label(turn: "Turn", step: "Step", value: "Value") -> Param:
    """An answer in coded labels."""
    if isinstance(value, dict):
        return _dated(value)
    if isinstance(value, list):
        return Several(tuple(_option(turn, step, one) for one in value))
    if isinstance(value, str):
        return _option(turn, step, value)
    return Count(value) if type(value) is int else _OWN


def _option(turn: "Turn", step: "Step", value: str) -> Name | Ref:
    if step.source == "areas":
        for area in turn.context.directory.areas:
            if area.id == value:
                return area_name(turn, area)
        return _OWN
    for option in step.options:
        if option.id == value:
            return option.label
    return _OWN


def _dated(value: dict[str, Any]) -> Param:
    precision = value.get("precision")
    if precision is None:
        return _OWN
    if precision == "unsure":
        return Ref("engine/unsure/text")
    known = {part: value[part] for part in Date.__struct_fields__ if part in value}
    return Date(**known, about=value.get("approximate") is True)
