"""Who is asked, in which order, and why: one pure function over the directory's snapshot."""

from typing import Final

from conversation.directory import Directory, Match, Member, Reason, Team, Tier, Wish

_UNSPECIFIC: Final = frozenset({"unsure", "just_tell"})
"""Needs that name no service: any team may answer."""


def match(directory: Directory, wish: Wish) -> Match:
    """Tiers by the teams' priority, coordinators last; a reason for every team left out.

    A team must give one of the needs, cover the area, speak the language, have someone on call of
    the wished sex and, for a child, be trained for children; what is not stated filters nothing.
    An excluded organisation stands in no tier. A restricted wish, and one without an area, goes to
    coordinators only (without an area: as long as there is one on call).
    """
    reasons: list[Reason] = []
    coordinators = _coordinators(directory, wish)
    tiers: list[Tier] = []
    if not wish.restricted and (wish.area or coordinators is None):
        tiers = _team_tiers(directory, wish, reasons)
    if coordinators is not None:
        reasons.append(Reason("coordinator"))
        tiers.append(coordinators)
    elif not tiers:
        reasons.append(Reason("nobody_on_call"))
    return Match(tuple(tiers), tuple(reasons))


def _team_tiers(directory: Directory, wish: Wish, reasons: list[Reason]) -> list[Tier]:
    ranks: dict[int, list[tuple[Team, tuple[Member, ...]]]] = {}
    for team in directory.teams:
        members = tuple(m for m in team.on_call if _wanted(m, wish))
        code = _refusal(team, members, wish)
        if code:
            reasons.append(Reason(code, team.id))
        else:
            ranks.setdefault(team.priority, []).append((team, members))
    return [_tier(ranks[priority]) for priority in sorted(ranks)]


def _tier(row: list[tuple[Team, tuple[Member, ...]]]) -> Tier:
    return Tier(
        members=tuple(dict.fromkeys(m.id for _, members in row for m in members)),
        organisations=tuple(dict.fromkeys(team.organisation for team, _ in row)),
        teams=tuple(team.id for team, _ in row),
    )


def _refusal(team: Team, members: tuple[Member, ...], wish: Wish) -> str:
    """Why this team is not asked; empty when it is."""
    if team.organisation in wish.excluded:
        return "excluded"
    if wish.child and not team.children:
        return "not_for_children"
    specific = [need for need in wish.needs if need not in _UNSPECIFIC]
    if specific and not any(need in team.services for need in specific):
        return "no_service"
    if wish.area and team.areas and wish.area not in team.areas:
        return "no_area"
    if not _speaks(team.languages, wish.locale):
        return "no_language"
    if not team.on_call:
        return "nobody_on_call"
    return "" if members else "no_sex"


def _speaks(languages: tuple[str, ...], locale: str) -> bool:
    if not locale or not languages:
        return True
    return any(_base(language) == _base(locale) for language in languages)


def _base(locale: str) -> str:
    return locale.replace("_", "-").split("-", 1)[0].casefold()


def _wanted(member: Member, wish: Wish) -> bool:
    if member.organisation and member.organisation in wish.excluded:
        return False
    return wish.sex in {"", "any"} or member.sex == wish.sex


def _coordinators(directory: Directory, wish: Wish) -> Tier | None:
    """Coordinators on call who belong to no excluded organisation; None when there is none.

    One whose organisation is not known counts as excluded as soon as any coordinating organisation
    is.
    """
    left_out = set(wish.excluded)
    doubtful = not left_out.isdisjoint(directory.coordinator_organisations)
    members = tuple(
        m.id
        for m in directory.coordinators
        if (m.organisation not in left_out if m.organisation else not doubtful)
    )
    if not members:
        return None
    known = {m.organisation for m in directory.coordinators if m.id in members and m.organisation}
    organisations = tuple(
        o
        for o in directory.coordinator_organisations
        if o not in left_out and (not known or o in known)
    )
    return Tier(members=members, organisations=organisations, coordinators=True)
