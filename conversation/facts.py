"""What the engine knows besides the answers, and the routing facts that it draws from them.

The ids of the steps read here (`area`, `needs`, `who_answers`, `age_band`, `when_last`,
`urgent_now`, `exclude…`) are those of interview-content.md; a document without one of them simply
leaves that fact unknown.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conversation.directory import Match, Wish
from conversation.matching import match

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversation.turn import Turn

CHILD_BANDS: Final = ("0_11", "12_17")
_RECENT: Final = ("0_3_days", "4_5_days")
RESTRICTED: Final = ("foreign_force", "un_staff", "ngo_staff")
_URGENT_NEEDS: Final = {
    "hurt": "health_medical_service",
    "child_hurt": "health_medical_service",
    "danger": "safehouse_service",
    "self_harm": "psychosocial_service",
    "strangled": "health_medical_service",
    "weapon": "safehouse_service",
    "threat_to_kill": "safehouse_service",
}
UNPROVED: Final = "unproved"
"""Of ``State.parts``: a sign is kept and was not shown since the greeting."""
_LIVING: Final = frozenset({"received", "taken", "answered", "nobody_yet"})
PURPOSES_THAT_NAME: Final = frozenset({"services", "urgent", "account"})
"""Consents that are not asked when there is nobody to name."""


def child(turn: "Turn") -> str:
    """Age band of the person it is about: 0_11, 12_17, or no (also when it is not known)."""
    answers = turn.answers
    band = answers.get("age_band") or answers.get("their_age") or turn.kept.get("child")
    return band if isinstance(band, str) and band in CHILD_BANDS else "no"


def chosen(turn: "Turn", step: str) -> tuple[str, ...]:
    """The options chosen at a `many`, or none."""
    value = turn.answers.get(step)
    return tuple(value) if isinstance(value, list) else ()


def excluded(turn: "Turn") -> tuple[str, ...]:
    """Every organisation that she left out, wherever she was asked, now or in her request."""
    left_out = [*turn.context.excluded]
    for step in turn.interview.steps.values():
        if step.source == "organisations":
            left_out += chosen(turn, step.id)
    return tuple(dict.fromkeys(left_out))


def needs(turn: "Turn") -> tuple[str, ...]:
    """What is asked for; a child's own service first; ``unsure`` when nothing is known."""
    found = list(chosen(turn, "needs"))
    if not found:
        told = (*chosen(turn, "urgent_now"), *chosen(turn, "risk"))
        found = [_URGENT_NEEDS[one] for one in told if one in _URGENT_NEEDS]
        held = turn.answers.get("moving") == "held"
        if not found and (held or turn.answers.get("safe_now") == "danger"):
            found = [_URGENT_NEEDS["danger"]]
    if child(turn) != "no":
        found.insert(0, "child_protection_service")
    return tuple(dict.fromkeys(found)) or ("unsure",)


def urgency(turn: "Turn") -> str:
    """urgent: danger, or anything true now; high: the last five days, or a child; else normal."""
    if any(_leads_to_urgent(turn, name) for name in turn.answers):
        return "urgent"
    if turn.answers.get("when_last") in _RECENT or child(turn) != "no":
        return "high"
    return "normal"


def _leads_to_urgent(turn: "Turn", name: str) -> bool:
    """An answer that stands runs the urgent block."""
    step = turn.interview.steps.get(name)
    value = turn.answers[name]
    if step is None or not step.then or value is None:
        return False
    answers = value if isinstance(value, list) else [value]
    return any(
        isinstance(one, str) and one in step.then and step.then[one].verb == "urgent"
        for one in answers
    )


def living(turn: "Turn") -> bool:
    """Somebody was asked for help in the request that this chat has, and it is not over."""
    asked = not {"help", "urgent"}.isdisjoint(turn.parts)
    asked = asked or not {"yes:services", "yes:urgent"}.isdisjoint(turn.kept)
    return asked and turn.context.status.kind in _LIVING


def reaches(turn: "Turn") -> bool:
    """Somebody would hear of what she asks.

    An urgent call in a living request reaches whoever has that and coordination, also when nobody
    else could be asked now.
    """
    return bool(organisations(turn)) or (turn.route == "urgent" and living(turn))


def unproved(turn: "Turn") -> bool:
    """Whoever writes was greeted anew and has not shown the sign that is kept."""
    return UNPROVED in turn.parts


def shared_phone(turn: "Turn") -> bool:
    """She said that others hold this phone too."""
    return turn.answers.get("phone_holder") == "shared" or turn.kept.get("phone") == "shared"


def area(turn: "Turn") -> str:
    """Area id, or empty."""
    value = turn.answers.get("area")
    return value if isinstance(value, str) and value != "elsewhere" else ""


def given(turn: "Turn") -> tuple[str, ...]:
    """Purposes of the consents that stand."""
    return tuple(key.removeprefix("yes:") for key in turn.kept if key.startswith("yes:"))


def sex(turn: "Turn") -> str:
    """Who should answer: female, male or any."""
    value = turn.answers.get("who_answers")
    return value if isinstance(value, str) else "any"


def restricted(turn: "Turn") -> bool:
    """Someone of an organisation or a foreign force did it: coordinators only."""
    return turn.context.restricted or turn.answers.get("who_group") in RESTRICTED


def wish(turn: "Turn") -> Wish:
    """The routing facts as the matching takes them."""
    return Wish(
        needs=needs(turn),
        area=area(turn),
        locale=turn.spoken,
        sex=sex(turn),
        excluded=excluded(turn),
        child=child(turn) != "no",
        restricted=restricted(turn),
    )


def matched(turn: "Turn") -> Match:
    """Who could be asked now; worked out once for the same wish."""
    wanted = wish(turn)
    if turn.matched is None or turn.matched[0] != wanted:
        turn.matched = (wanted, match(turn.context.directory, wanted))
    return turn.matched[1]


def organisations(turn: "Turn") -> tuple[str, ...]:
    """Ids of the organisations that would be asked."""
    return matched(turn).organisations


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a condition may ask: how it is read, and its values (None: open)."""

    read: "Callable[[Turn], str]"
    values: frozenset[str] | None


def _yes(value: object) -> str:
    return "yes" if value else "no"


FACTS: Final = {
    "path": Fact(lambda turn: turn.path, frozenset({"me", "helping", "saw", "info"})),
    "channel": Fact(lambda turn: turn.context.channel, None),
    "child": Fact(child, frozenset({*CHILD_BANDS, "no"})),
    "helpers": Fact(lambda turn: "some" if reaches(turn) else "none", frozenset({"some", "none"})),
    "help": Fact(
        lambda turn: _yes("help" in turn.parts or "urgent" in turn.parts),
        frozenset({"yes", "no"}),
    ),
    "returning": Fact(lambda turn: _yes(turn.returning), frozenset({"yes", "no"})),
    "police": Fact(lambda turn: _yes(turn.context.police_allowed), frozenset({"yes", "no"})),
}
