"""What responders are told: message ids of ``i18n/phrases/responder.yaml`` and parameters.

Of a case only its code, need, urgency, area and times; of a restricted one only its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.ambient import HOUR, iso
from conversation import Option, Part, Reply
from conversation.replies import Count, Name, Ref, Several, Time
from i18n import languages

if TYPE_CHECKING:
    from backend.alerts.facts import Facts
    from conversation import Directory
    from conversation.replies import Param

_NEEDS: Final = frozenset(
    {
        "health_medical_service",
        "psychosocial_service",
        "safehouse_service",
        "child_protection_service",
        "food_service",
        "nfi_clothes_shoes_service",
        "cash_assistance",
        "legal_assistance_service",
        "police_other_service",
        "livelihoods_service",
        "education_service",
        "water_sanitation_service",
        "registration_service",
        "personal_goal",
        "other_service",
        "just_tell",
        "unsure",
    }
)


def say(key: str, **params: Param) -> Reply:
    """One sentence without options."""
    return Reply(parts=(part(key, **params),))


def part(key: str, **params: Param) -> Part:
    """The message ``responder/<key>/text``."""
    return Part(f"responder/{key}/text", dict(params))


def label(key: str, option: str) -> Ref:
    """The message ``responder/<key>/options/<option>``."""
    return Ref(f"responder/{key}/options/{option}")


def at(ms: int) -> Time:
    """A moment as a parameter."""
    return Time(iso(ms))


def token(verb: str, code: str) -> str:
    """What a button sends back: ``a:take:K7Q4``."""
    return f"a:{verb}:{code}"


def take_or_pass(code: str) -> tuple[Option, ...]:
    """The two buttons of an alert; 1 and 2 where there are none."""
    return tuple(Option(token(verb, code), label("alert", verb)) for verb in ("take", "pass"))


def case_params(facts: Facts, directory: Directory, locale: str) -> dict[str, Param]:
    """``code``, ``need``, ``urgency`` and ``area`` of a case that is not restricted."""
    routing = facts.routing
    needs = tuple(label("need", one if one in _NEEDS else "other_service") for one in routing.needs)
    return {
        "code": Name(facts.code),
        "need": Several(needs or (label("need", "unsure"),)),
        "urgency": label("urgency", routing.urgency),
        "area": _area(directory, routing.area, locale),
    }


def _area(directory: Directory, area_id: str, locale: str) -> Param:
    for area in directory.areas:
        if area.id == area_id:
            base = locale.split("-", 1)[0]
            names = area.names
            return Name(
                names.get(locale) or names.get(base) or names.get("") or _any(names) or area.id
            )
    return Ref("responder/area_unknown/text")


def _any(names: dict[str, str]) -> str:
    return next(iter(names.values()), "")


def restricted(facts: Facts) -> Reply:
    """For coordinators, when a worker of an organisation did it: the code and nothing else."""
    return say("restricted", code=Name(facts.code))


def alert(
    facts: Facts, directory: Directory, locale: str, answer_by: int, *, again: bool = False
) -> Reply:
    """To a member of a team: code, need, urgency, area, deadline; take or pass."""
    if facts.routing.restricted:
        return restricted(facts)
    key = "alert_again" if again else "alert_urgent" if facts.urgency == "urgent" else "alert"
    params = case_params(facts, directory, locale)
    return Reply(parts=(part(key, **params, time=at(answer_by)),), options=take_or_pass(facts.code))


def alert_coordinator(facts: Facts, directory: Directory, locale: str, *, gap: bool) -> Reply:
    """To a coordinator: no team could be asked (``gap``), or none took it by the deadline."""
    if facts.routing.restricted:
        return restricted(facts)
    params = case_params(facts, directory, locale)
    del params["urgency"]
    if gap:
        sentence = part("gap", **params, language=_language(facts.routing.locale))
    else:
        sentence = part("escalation", **params, time=at(facts.deadline_at or facts.created_at))
    return Reply(parts=(sentence,), options=take_or_pass(facts.code))


def asked_again(facts: Facts, directory: Directory, locale: str, *, taker: bool) -> Reply:
    """To the taker (with the time for a step, where one runs), and to coordinators if urgent."""
    if facts.routing.restricted:
        return say("asked_again_only", code=Name(facts.code))
    params = case_params(facts, directory, locale)
    if taker and facts.working and facts.deadline_at is not None:
        return say("asked_again_step", **params, time=at(facts.deadline_at))
    return say("asked_again", **params)


def _language(locale: str) -> Param:
    if not locale:
        return Ref("responder/language_unknown/text")
    return Name(languages().of(locale).name)


def still_open(facts: Facts, directory: Directory, locale: str, hours: int) -> Reply:
    """To every coordinator, each hour."""
    if facts.routing.restricted:
        return restricted(facts)
    params = case_params(facts, directory, locale)
    del params["urgency"]
    return Reply(
        parts=(part("open_since", **params, n=Count(hours)),), options=take_or_pass(facts.code)
    )


def hours_open(facts: Facts, now: int) -> int:
    """Whole hours since the case was made."""
    return (now - facts.created_at) // HOUR


def yours(code: str, first_step_by: int) -> Reply:
    """To the taker, with what can be done next."""
    return Reply(
        parts=(part("taken_yours", code=Name(code), time=at(first_step_by)),),
        options=tuple(
            Option(token(verb, code), label("taken_yours", verb))
            for verb in ("open", "pass", "conflict")
        ),
    )


def test_alarm() -> Reply:
    """A drill that every linked messenger gets."""
    return Reply(
        parts=(part("test_alarm"),), options=(Option("a:heard:", label("test_alarm", "heard")),)
    )
