"""The circumstances in which an interview is walked: helpers or none, places or none, and so on."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from conversation.context import Context
from conversation.directory import Area, Directory, Member, Organisation, Service, Team
from conversation.formula import comparisons

if TYPE_CHECKING:
    from conversation.document import Interview
    from conversation.paths.answers import Uses

CHANNELS: Final = ("signal", "telegram", "matrix", "page")
_SERVICES: Final = (
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
    "other_service",
)
_CARE: Final = (
    "hiv_pep",
    "emergency_contraception",
    "sti",
    "hepatitis_b",
    "tetanus",
    "pregnancy_test",
    "forensic",
)
_AREAS: Final = (Area("area-1", {"": "North"}), Area("area-2", {"": "South"}))
_BOTH: Final = (Member("m1", "female"), Member("m2", "male"))
_EVERYBODY: Final = Directory(
    areas=_AREAS,
    organisations=(Organisation("org-1", "Lantern"), Organisation("org-2", "Harbour")),
    services=(
        *(
            Service(f"s-{kind}", "org-1", kind, (), "Place", "Ask there.", children=True)
            for kind in _SERVICES[1:]
        ),
        Service("s-care", "org-2", _SERVICES[0], (), "Place", "Ask there.", (), True, _CARE),
    ),
    teams=(
        Team("t1", "org-1", _SERVICES, (), (), 1, _BOTH, children=True),
        Team("t2", "org-2", _SERVICES, (), (), 2, _BOTH, children=True),
    ),
    coordinators=(Member("c1", "female", "org-1"), Member("c2", "male", "org-2")),
    coordinator_organisations=("org-1", "org-2"),
)
"""Somebody for every need, place and wish: only whom she leaves out decides who is there."""
_NOBODY: Final = Directory(areas=_AREAS, organisations=_EVERYBODY.organisations)


def contexts_for(interview: "Interview", uses: "Uses") -> dict[str, Context]:
    """Every circumstance that this document's conditions can tell apart, by a name in words.

    The first is the fullest one. Messengers and the police are varied only where a condition asks.
    """
    base = Context(
        now=datetime(2026, 11, 24, 12, tzinfo=UTC),
        nonce=bytes(range(32)),
        channel=CHANNELS[0],
        buttons=False,
        locale_hint=interview.source or "en",
        locales=(interview.source or "en", "xx"),
        directory=_EVERYBODY,
        operator="Operator",
        police_allowed=True,
    )
    found = {
        "helpers": base,
        "no helpers": replace(base, directory=_NOBODY),
        "nothing near": replace(base, directory=Directory()),
    }
    if _police_matters(interview):
        found["no police"] = replace(base, police_allowed=False)
    if "channel" in uses:
        found |= {name: replace(base, channel=name) for name in CHANNELS[1:]}
    return found


def _police_matters(interview: "Interview") -> bool:
    """An option that is only there where the police are allowed changes no way; a step may."""
    return any(
        one.name == "police"
        for step in interview.steps.values()
        for one in comparisons(step.when_source)
    )
