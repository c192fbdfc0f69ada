"""Messages with their parameters filled in from what the engine knows; never from own words."""

from typing import TYPE_CHECKING, Final

from conversation import facts
from conversation.effects import AskHelp, Submit
from conversation.replies import Name, Param, Part, Ref, Several, Time

if TYPE_CHECKING:
    from conversation.directory import Area
    from conversation.document import Step
    from conversation.turn import Turn

_STATUS: Final = frozenset({"nothing", "received", "taken", "answered", "closed"})


def phrase(key: str, **params: Param) -> Part:
    """One of the engine's own texts."""
    return Part(f"engine/{key}/text", params)


def worded(turn: "Turn", step: "Step") -> Part:
    """The step's text, in the wording that fits this path."""
    part = fitting(turn, step) if step.by else step.part
    return filled(turn, part, step.placeholders) if step.placeholders else part


def fitting(turn: "Turn", step: "Step") -> Part:
    """A question's own wording for a fact (`by:`), else its text."""
    if step.kind != "say":
        for fact, values in step.by.items():
            found = values.get(facts.FACTS[fact].read(turn))
            if found is not None:
                return found
    return step.part


def filled(turn: "Turn", part: Part, names: tuple[str, ...]) -> Part:
    """``part`` with these placeholders."""
    return Part(part.id, {name: _PARAMS[name](turn) for name in names if name in _PARAMS})


def area_name(turn: "Turn", area: "Area") -> Name:
    """A place in her language, as far as the directory knows it."""
    names, locale = area.names, turn.spoken
    found = names.get(locale) or names.get(locale.split("-", 1)[0]) or names.get("")
    return Name(found or names.get("en") or next(iter(names.values()), area.id))


def organisation_name(turn: "Turn", organisation: str) -> Name:
    """An organisation by its id."""
    for one in turn.context.directory.organisations:
        if one.id == organisation:
            return Name(one.name)
    return Name(organisation)


def status(turn: "Turn") -> Part:
    """What has become of her request: always true, never a promise."""
    case = turn.context.status
    kind = case.kind
    if facts.unproved(turn):  # what became of it is hers alone; that it was passed on is true
        return phrase("status_received")
    if kind == "nothing" and any(isinstance(e, AskHelp | Submit) for e in turn.effects):
        kind = "received"
    if kind in _STATUS:
        return phrase(f"status_{kind}")
    if case.next_try is None:
        return phrase("status_nobody_yet_no_time")
    return phrase("status_nobody_yet", time=Time(case.next_try.isoformat(timespec="seconds")))


def _status_ref(turn: "Turn") -> Param:
    part = status(turn)
    return Ref("engine/status_nobody_yet_no_time/text" if part.params else part.id)


def _organisations(turn: "Turn") -> Param:
    named = facts.organisations(turn)
    if not named:
        return Name(turn.context.operator)
    return Several(tuple(organisation_name(turn, one) for one in named))


def _area(turn: "Turn") -> Param:
    wanted = facts.area(turn)
    for area in turn.context.directory.areas:
        if area.id == wanted:
            return area_name(turn, area)
    return Ref("engine/somewhere/text")


def _needs(turn: "Turn") -> Param:
    return Several(tuple(Ref(f"engine/need/options/{need}") for need in facts.needs(turn)))


_PARAMS: Final = {
    "organisations": _organisations,
    "area": _area,
    "needs": _needs,
    "operator": lambda turn: Name(turn.context.operator),
    "status": _status_ref,
}
