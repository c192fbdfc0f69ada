"""The coded record: GBVIMS codes of the answers, the derived type of incident and its contexts.

Pure and in one place, so that a statistic can be traced to the answers it comes from. Sources:
the Incident Recorder's columns as Primero exports them; derivation rules of domain.md section 2.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conversation.document import Interview, Step
    from conversation.state import Value

TYPES: Final = (
    "rape",
    "sexual_assault",
    "physical_assault",
    "forced_marriage",
    "denial_of_resources_opportunities_or_services",
    "psychological_emotional_abuse",
    "non-gbv",
)
"""gbv_type: the first that applies, and only that one."""
TYPE: Final = "gbvims.gbv_type"
CONTEXTS: Final = "relais.contexts"
_SEXUAL: Final = frozenset({"rape", "sexual_assault"})
_CHILD: Final = frozenset({"0_11", "12_17"})
_SINGLE: Final = frozenset(
    {"gbvims.gbv_previous_incidents", "gbvims.perpetrator_count", "gbvims.abduction"}
)

Coded = dict[str, str | int | list[str]]


def coded(
    interview: "Interview", answers: Mapping[str, "Value"], path: str = "me"
) -> dict[str, Coded]:
    """Compartment -> code -> value (a list where several hold). Skipped answers have no code.

    ``gbvims.gbv_type`` and ``relais.contexts`` are derived and stand with the account.
    """
    found: dict[str, Coded] = {}
    for step in interview.steps.values():
        value = answers.get(step.id)
        if value is None or step.compartment in {"", "routing"}:
            continue
        for code, one in _codes(step, value):
            _put(found.setdefault(step.compartment, {}), code, one)
    everything: Coded = {}
    for codes in found.values():
        everything |= codes
    account = found.get("account", {})
    if account:
        account["gbvims.reported_by_survivor"] = "true" if path == "me" else "false"
    kind = _type(account)
    if kind:
        account[TYPE] = kind
        everything[TYPE] = kind
    contexts = _contexts(everything)
    if contexts and account:
        account[CONTEXTS] = contexts
    return found


def _codes(step: "Step", value: "Value") -> list[tuple[str, str | int]]:
    chosen = value if isinstance(value, list) else [value]
    found: list[tuple[str, str | int]] = []
    if step.code:
        coded_date = _date(value)
        if coded_date:
            found.append((step.code, coded_date))
        found += [
            (step.code, one)
            for one in chosen
            if isinstance(one, str | int) and one is not True and not _uncoded(step, one)
        ]
    for option in step.options:
        if option.id in chosen:
            found += list(option.codes.items())
    return found


def _uncoded(step: "Step", value: str | int) -> bool:
    """Options with codes of their own, and those that say nothing, are not coded by their id."""
    return any(option.id == value and option.codes for option in step.options) or (
        value
        in {
            "unsure",
            "none",
            "just_tell",
            "elsewhere",
        }
        and step.code != "gbvims.abduction"
    )


def _date(value: "Value") -> str:
    if not isinstance(value, dict) or "year" not in value:
        return ""
    day = None if value.get("approximate") or value.get("until") else value.get("day")
    parts: list[Any] = [value["year"], value.get("month"), day]
    known = [parts[0], *(part for part in parts[1:] if isinstance(part, int))]
    return "-".join(f"{part:02d}" for part in known)


def _put(codes: Coded, code: str, value: str | int) -> None:
    before = codes.get(code)
    if before is None or code in _SINGLE:
        codes[code] = value
    elif before != value:
        many = before if isinstance(before, list) else [str(before)]
        codes[code] = [*many, str(value)] if str(value) not in many else many


def _many(value: object) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [str(value)]


def _type(account: Coded) -> str:
    said = _many(account.get(TYPE))
    return next((kind for kind in TYPES if kind in said), "")


def _contexts(codes: Coded) -> list[str]:
    """Never asked, only derived; for analysts, who look again."""
    kind = str(codes.get(TYPE, ""))
    child = not _CHILD.isdisjoint(_many(codes.get("gbvims.age_group")))
    partner = "intimate_partner_former_partner" in _many(
        codes.get("gbvims.perpetrator_relationship")
    )
    goods = "true" in _many(codes.get("gbvims.goods_money_exchanged"))
    held = _many(codes.get("gbvims.abduction"))
    tests = {
        "intimate_partner_violence": partner,
        "child_sexual_abuse": child and kind in _SEXUAL,
        "early_marriage": child and kind == "forced_marriage",
        "possible_sexual_exploitation": goods and kind in _SEXUAL,
        "possible_sexual_slavery": bool(held) and held != ["none"] and kind in _SEXUAL,
        "harmful_traditional_practice": bool(codes.get("gbvims.harmful_traditional_practice")),
    }
    return [name for name, holds in tests.items() if holds]
