"""A town that does not exist, for transcripts and the simulator: two places and one helper."""

from typing import Final

from conversation import Area, Directory, Member, Organisation, Service, Team

OPERATOR: Final = "Relais (demo)"
_AREAS: Final = (
    Area("north", {"en": "North", "fr": "Nord"}),
    Area("river", {"en": "River", "fr": "Fleuve"}),
)
TOWN: Final = Directory(
    areas=_AREAS,
    organisations=(Organisation("lantern", "Lantern (demo)"),),
    services=(
        Service(
            "clinic",
            "lantern",
            "health_medical_service",
            (),
            "Clinic (demo)",
            "Ask at the desk.",
            offers=("hiv_pep", "emergency_contraception"),
            children=True,
        ),
    ),
    teams=(
        Team(
            "first",
            "lantern",
            ("health_medical_service", "child_protection_service"),
            (),
            ("en", "fr"),
            1,
            (Member("ada"),),
            children=True,
        ),
    ),
)
NOBODY: Final = Directory(areas=_AREAS, organisations=TOWN.organisations)
"""The same town with nobody on call and no place checked."""
