"""A frozen snapshot of who helps where, and the pure matching over it.

The backend loads it from its tables (only what is verified in time) and passes it in.
"""

from __future__ import annotations

import msgspec


class Area(msgspec.Struct, frozen=True):
    """``id`` is an ISO 3166-2 code or the pilot's own; names by locale, "" for any."""

    id: str
    names: dict[str, str]
    at: tuple[float, float] | None = None
    """Its centre: latitude and longitude in degrees."""


class Organisation(msgspec.Struct, frozen=True):
    """``restricted``: the directory's own mark; the matching does not read it."""

    id: str
    name: str
    restricted: bool = False


class Service(msgspec.Struct, frozen=True):
    """One service of the directory, verified in time and allowed in chat."""

    id: str
    organisation: str
    kind: str
    """GBVIMS service_type."""
    areas: tuple[str, ...]
    """Empty: everywhere in the pilot."""
    name: str
    contact: str
    """What may be told in chat: hours, a telephone, how to get there; the operator's words."""
    languages: tuple[str, ...] = ()
    children: bool = False
    offers: tuple[str, ...] = ()
    """Care it has been verified to give: hiv_pep, emergency_contraception, sti, hepatitis_b,
    tetanus, pregnancy_test, forensic."""
    verified_on: str = ""


class Member(msgspec.Struct, frozen=True):
    """Someone who can be alerted."""

    id: str
    sex: str = ""
    """female, male or empty."""
    organisation: str = ""
    """Its id; needed for coordinators, whom no team places."""


class Team(msgspec.Struct, frozen=True):
    """Who answers for an organisation. No areas: everywhere; no languages: any."""

    id: str
    organisation: str
    services: tuple[str, ...]
    areas: tuple[str, ...]
    languages: tuple[str, ...]
    priority: int
    """Lower is alerted first."""
    on_call: tuple[Member, ...]
    """Enrolled members on call now, with a key in the roster and a linked messenger."""
    children: bool = False


class Directory(msgspec.Struct, frozen=True):
    """Everything verified of one pilot, at one moment."""

    areas: tuple[Area, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    services: tuple[Service, ...] = ()
    teams: tuple[Team, ...] = ()
    coordinators: tuple[Member, ...] = ()
    """On call coordinators of this pilot."""
    coordinator_organisations: tuple[str, ...] = ()


class Wish(msgspec.Struct, frozen=True):
    """What is asked for: exactly the routing facts."""

    needs: tuple[str, ...] = ()
    area: str = ""
    locale: str = ""
    sex: str = "any"
    excluded: tuple[str, ...] = ()
    child: bool = False
    restricted: bool = False


class Reason(msgspec.Struct, frozen=True):
    """Why a tier is as it is.

    no_service, no_area, no_language, no_sex, nobody_on_call, excluded, not_for_children,
    coordinator.
    """

    code: str
    team: str = ""


class Tier(msgspec.Struct, frozen=True):
    """Everybody who is alerted at the same time."""

    members: tuple[str, ...]
    organisations: tuple[str, ...]
    teams: tuple[str, ...] = ()
    coordinators: bool = False


class Match(msgspec.Struct, frozen=True):
    """Tiers in the order in which they are alerted; empty when nobody at all is on call."""

    tiers: tuple[Tier, ...]
    reasons: tuple[Reason, ...]

    @property
    def organisations(self) -> tuple[str, ...]:
        """Every organisation that could be alerted, in order, once."""
        return tuple(dict.fromkeys(o for tier in self.tiers for o in tier.organisations))
