"""Routes and steps that the engine brings itself: opening, coming back, a person, correcting.

return         greeting, safe_now, her sign, the menu of those who come back
resume         safe_now again, after a pause of half an hour
person         what an alert needs, wherever "talk to a person" was asked
pick           the language picker over any question
review_change  which answer to change
consents       which yes to take back
contact        when a helper may write, and her sign, anew
add            more words and files to what she told before
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conversation import facts
from conversation.document import Choice, Condition, Route, Step
from conversation.replies import Part, Ref

if TYPE_CHECKING:
    from conversation.turn import Turn

TRACKED: Final = frozenset({"main", "urgent", "person", "add"})
"""Routes whose questions `back` can walk."""

LANGUAGE: Final = Step(
    "language", "locale", "engine/greeting/text", Part("engine/greeting/text"), source="locales"
)
_PICK: Final = Step(
    "pick_language",
    "locale",
    "engine/pick_language/text",
    Part("engine/pick_language/text"),
    source="locales",
)
_PROOF: Final = Step(
    "sign_ask",
    "proof",
    "engine/sign_ask/text",
    Part("engine/sign_ask/text"),
    when=lambda turn: turn.context.sign_matches is not None,
)


def _has_case(turn: "Turn") -> bool:
    return not {"help", "urgent", "account"}.isdisjoint(turn.parts) or "case" in turn.kept


def _may_add(turn: "Turn") -> bool:
    """Adults who told something here. By a code alone, or from information, no age is known."""
    known = turn.kept.get("path") in {"me", "helping", "saw"}
    return _has_case(turn) and known and facts.child(turn) == "no"


def _has_code_to_give(turn: "Turn") -> bool:
    return not _has_case(turn)


def _has_given(turn: "Turn") -> bool:
    return bool(facts.given(turn))


_MENU: Final[tuple[tuple[str, Condition | None], ...]] = (
    ("status", None),
    ("add", _may_add),
    ("contact", _has_case),
    ("consents", _has_given),
    ("code", _has_code_to_give),
    ("human", None),
    ("new", None),
    ("erase", None),
)
_RETURNING: Final = Step(
    "returning",
    "returning",
    "engine/returning/text",
    Part("engine/returning/text"),
    options=tuple(
        Choice(name, Ref(f"engine/returning/options/{name}"), when) for name, when in _MENU
    ),
    plain=False,
    when=lambda turn: not turn.resume,
)
_CONSENTS: Final = Step(
    "consents", "consents", "engine/take_back/text", Part("engine/take_back/text")
)
_CHANGE: Final = Step(
    "change", "change", "engine/review_change/text", Part("engine/review_change/text")
)


def own_routes(steps: Mapping[str, Step], routes: Mapping[str, Route]) -> dict[str, Route]:
    """The engine's routes for this document, and its main route with the language asked first."""
    main = routes["main"].steps
    picker = next((step for step in main if step.kind == "locale"), LANGUAGE)
    safe = (steps["safe_now"],) if "safe_now" in steps else ()
    return {
        "main": Route.of(main if picker in main else (picker, *main)),
        "return": Route.of((picker, *safe, _PROOF, _RETURNING)),
        "resume": Route.of(safe),
        "person": Route.of((*safe, *_person(steps, main))),
        "pick": Route.of((_PICK,)),
        "review_change": Route.of((_CHANGE,)),
        "consents": Route.of((_CONSENTS,)),
        "contact": Route.of(_contact(main)),
        "add": Route.of(_add(main, routes["details"].steps if "details" in routes else ())),
    }


def _contact(main: tuple[Step, ...]) -> tuple[Step, ...]:
    """When a helper may write, and her sign, asked anew."""
    return tuple(
        replace(step, when=None) if step.kind == "contact" else step
        for step in main
        if step.kind in {"contact", "sign"}
    )


def _not_begun(turn: "Turn") -> bool:
    return "account" not in turn.parts and _adult(turn)


def _adult(turn: "Turn") -> bool:
    return facts.child(turn) == "no"


def _keeps_files(turn: "Turn") -> bool:
    return _adult(turn) and "evidence" in facts.given(turn)


def _adds_details(turn: "Turn") -> bool:
    return _adult(turn) and turn.kept.get("path", "me") == "me"


def _add(main: tuple[Step, ...], details: tuple[Step, ...]) -> tuple[Step, ...]:
    """More words, files and details to what she told; first the consent, if she told nothing."""
    consents = [replace(s, when=_not_begun) for s in main if s.purpose == "account"]
    words = [s for s in main if s.kind == "text" and s.compartment == "account"]
    files = [s for s in main if s.kind == "media"]
    more = [replace(step, when=_adult, then={}) for step in words[:1]]
    more += [replace(step, when=_keeps_files, then={}) for step in files[:1]]
    more += [replace(step, when=_adds_details) for step in details]
    return (*consents[:1], *more)


def _person(steps: Mapping[str, Step], main: tuple[Step, ...]) -> tuple[Step, ...]:
    """Who reads and its limits, area, who answers, the consent; then contact, sign and code."""
    said = [s for s in _opening(main) if s.kind == "say" and s.when is None]
    asked = [replace(steps[i], when=None) for i in ("area", "who_answers") if i in steps]
    consents = [s for s in main if s.purpose == "services"]
    fitted = [
        replace(step, when=_for_child(len(consents) > 1 and place > 0, only=len(consents) == 1))
        for place, step in enumerate(consents)
    ]
    left_out = [
        replace(s, when=pending) for s in main if s.source == "organisations" and s.id == "exclude"
    ]
    after = [s for s in main if s.kind in {"contact", "sign", "code"}]
    return (*said, *asked, *fitted, *left_out, *after)


def _opening(main: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps before anyone chose a path."""
    for place, step in enumerate(main):
        if any(then.verb == "become" for then in step.then.values()):
            return main[:place]
    return main


def _for_child(young: bool, *, only: bool) -> Condition:
    return lambda turn: only or (facts.child(turn) != "no") is young


def pending(turn: "Turn") -> bool:
    """A consent was answered "not these", and which ones was not said yet."""
    return pending_consent(turn) is not None


def pending_consent(turn: "Turn") -> Step | None:
    """The consent that waits for the organisations to leave out."""
    for name, value in turn.answers.items():
        if value == "not_these" and f"settled:{name}" not in turn.parts:
            step = turn.interview.steps.get(name)
            if step is not None and step.kind == "consent":
                return step
    return None
