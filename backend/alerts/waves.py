"""Whom to alert next: one pure function over the match and what happened so far in this round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conversation import Match, Tier

_TOLD: Final = frozenset({"nobody_on_call", "no_language"})
"""Reasons that the case's history may show. Never ``excluded``: it would name whom she fears."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Members to alert now, each with whether as a coordinator; ``skipped`` holds the reasons."""

    members: Mapping[str, bool]
    skipped: tuple[str, ...]
    first: bool
    """Nobody was alerted in this round before."""
    coordinators: tuple[str, ...]
    """All on call, alerted before or not; whom it can still be told that the case is open."""


def next_wave(
    match: Match,
    *,
    alerted: Collection[str],
    before: Collection[str] = (),
    barred: Collection[str],
    keyholders: Collection[str],
) -> Wave:
    """The first tier of which nobody was alerted yet, and who joined the earlier ones since.

    ``before``: whom an earlier round reached that this one goes on with. A tier of theirs counts
    as alerted, but they are alerted in this round like everybody else.

    Nobody is alerted twice in a round, nobody who is barred, and nobody who could not open the
    case afterwards (coordinators are told all the same: they can see to a grant). Empty
    ``members``: everyone who can be asked was asked.
    """
    skipped = [f"{r.code}:{r.team}".rstrip(":") for r in match.reasons if r.code in _TOLD]
    wave: dict[str, bool] = {}
    for tier in match.tiers:
        allowed = [one for one in tier.members if one not in barred]
        able = [one for one in allowed if _able(tier, one, keyholders)]
        if len(able) < len(allowed):
            skipped.append(f"no_key:{'+'.join(tier.teams)}")
        fresh = [one for one in able if one not in alerted and one not in wave]
        wave |= dict.fromkeys(fresh, tier.coordinators)
        if fresh and not any(one in alerted or one in before for one in allowed):
            break
    return Wave(wave, tuple(dict.fromkeys(skipped)), not alerted, _coordinators(match, barred))


def _coordinators(match: Match, barred: Collection[str]) -> tuple[str, ...]:
    members = [one for tier in match.tiers if tier.coordinators for one in tier.members]
    return tuple(one for one in members if one not in barred)


def _able(tier: Tier, member: str, keyholders: Collection[str]) -> bool:
    return tier.coordinators or not keyholders or member in keyholders
