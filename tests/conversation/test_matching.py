"""Matching: hard filters, tiers by priority, coordinators last, a reason for everyone left out."""

from hypothesis import given
from hypothesis import strategies as st

from conversation import Directory, Member, Organisation, Team, Wish, match

KINDS = [
    "health_medical_service",
    "psychosocial_service",
    "food_service",
    "child_protection_service",
]
ORGS = ["o1", "o2", "o3"]
AREAS = ["a1", "a2"]
LOCALES = ["en", "fr", "sg"]

members = st.builds(
    Member,
    id=st.sampled_from([f"m{n}" for n in range(8)]),
    sex=st.sampled_from(["female", "male", ""]),
    organisation=st.sampled_from(["", *ORGS]),
)
teams = st.builds(
    Team,
    id=st.uuids().map(str),
    organisation=st.sampled_from(ORGS),
    services=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).map(tuple),
    areas=st.lists(st.sampled_from(AREAS), max_size=2).map(tuple),
    languages=st.lists(st.sampled_from(LOCALES), max_size=2).map(tuple),
    priority=st.integers(1, 3),
    on_call=st.lists(members, max_size=3).map(tuple),
    children=st.booleans(),
)
directories = st.builds(
    Directory,
    organisations=st.just(tuple(Organisation(o, o.upper()) for o in ORGS)),
    teams=st.lists(teams, max_size=6).map(tuple),
    coordinators=st.lists(members, max_size=2).map(tuple),
    coordinator_organisations=st.lists(st.sampled_from(ORGS), max_size=2, unique=True).map(tuple),
)
wishes = st.builds(
    Wish,
    needs=st.lists(st.sampled_from([*KINDS, "unsure", "just_tell"]), max_size=3).map(tuple),
    area=st.sampled_from(["", *AREAS]),
    locale=st.sampled_from(["", *LOCALES]),
    sex=st.sampled_from(["any", "female", "male"]),
    excluded=st.lists(st.sampled_from(ORGS), max_size=2).map(tuple),
    child=st.booleans(),
    restricted=st.booleans(),
)


@given(directories, wishes)
def test_an_excluded_organisation_stands_in_no_tier(directory: Directory, wish: Wish) -> None:
    """Neither as a name nor through one of its people."""
    for tier in match(directory, wish).tiers:
        assert not set(tier.organisations) & set(wish.excluded)
        known = directory.coordinators if tier.coordinators else ()
        for member in known:
            if member.id in tier.members and not [
                m for m in known if m.id == member.id and m.organisation != member.organisation
            ]:
                assert member.organisation not in set(wish.excluded)


@given(directories, wishes)
def test_every_team_in_a_tier_fits_and_every_other_has_a_reason(
    directory: Directory, wish: Wish
) -> None:
    """What was stated is met; what was left out says why."""
    found = match(directory, wish)
    inside = {team for tier in found.tiers for team in tier.teams}
    reasons = {reason.team for reason in found.reasons}
    specific = [need for need in wish.needs if need in KINDS]
    for team in directory.teams:
        if team.id in inside:
            assert not wish.area or not team.areas or wish.area in team.areas
            assert not specific or set(specific) & set(team.services)
            assert not wish.locale or not team.languages or wish.locale in team.languages
            assert team.children or not wish.child
            assert not wish.restricted
        elif not wish.restricted and wish.area:
            assert team.id in reasons


@given(directories, wishes)
def test_tiers_are_ordered_and_never_empty(directory: Directory, wish: Wish) -> None:
    """By priority, coordinators last and once; nobody to ask gives no tier, and says so."""
    found = match(directory, wish)
    priorities = {team.id: team.priority for team in directory.teams}
    order = [priorities[tier.teams[0]] for tier in found.tiers if tier.teams]
    assert order == sorted(order)
    assert all(tier.members for tier in found.tiers)
    assert [tier.coordinators for tier in found.tiers[:-1]] == [False] * len(found.tiers[:-1])
    assert found.tiers or "nobody_on_call" in {reason.code for reason in found.reasons}


def test_without_an_area_a_coordinator_decides() -> None:
    """No area: coordinators; and only without one on call, the teams themselves."""
    team = Team("t", "o1", ("food_service",), ("a1",), (), 1, (Member("m"),))
    wish = Wish(needs=("food_service",))
    alone = Directory(teams=(team,))
    assert match(alone, wish).tiers[0].teams == ("t",)
    led = Directory(teams=(team,), coordinators=(Member("c", organisation="o2"),),
                    coordinator_organisations=("o2",))  # fmt: skip
    assert [tier.members for tier in match(led, wish).tiers] == [("c",)]
