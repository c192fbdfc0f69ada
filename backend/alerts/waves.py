"""Whom to alert next: one pure function over the match and what happened so far in this round."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversation import Match, Tier


@dataclass(frozen=True, slots=True)
class Wave:
    """Members to alert now, each with whether as a coordinator; ``skipped`` holds the reasons."""

    members: Mapping[str, bool]
    skipped: tuple[str, ...]
    first: bool
    """Nobody was alerted in this round before."""


def next_wave(
    match: Match,
    *,
    alerted: Collection[str],
    barred: Collection[str],
    keyholders: Collection[str],
) -> Wave:
    """The first tier of which nobody was alerted yet, and who joined the earlier ones since.

    Nobody is alerted twice in a round, nobody who is barred, and nobody who could not open the
    case afterwards (coordinators are told all the same: they can get a grant). Empty ``members``:
    everyone who can be asked was asked.
    """
    skipped = [f"{reason.code}:{reason.team}" for reason in match.reasons]
    joined: dict[str, bool] = {}
    for tier in match.tiers:
        allowed = [one for one in tier.members if one not in barred]
        able = [one for one in allowed if _able(tier, one, keyholders)]
        skipped += [f"no_key:{tier_name(tier)}"] * (len(able) < len(allowed))
        fresh = {one: tier.coordinators for one in able if one not in alerted and one not in joined}
        joined |= fresh
        if fresh and not any(one in alerted for one in allowed):
            break
        if not able:
            skipped.append(f"nobody:{tier_name(tier)}")
    return Wave(joined, tuple(dict.fromkeys(skipped)), first=not alerted)


def _able(tier: Tier, member: str, keyholders: Collection[str]) -> bool:
    return tier.coordinators or not keyholders or member in keyholders


def tier_name(tier: Tier) -> str:
    """For the case's history."""
    return "coordinators" if tier.coordinators else "+".join(tier.teams)
