"""Places by name, as people spell them, or by position."""

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from conversation.directory import Area
from conversation.folding import fold
from conversation.normalise import normalise

MOST: Final = 20
"""Places that a search returns at most."""
LONGEST: Final = 100
"""Characters of the longest name; what is longer is no name."""
FARTHEST_KM: Final = 300.0
"""A position farther than this from every centre lies in none of the areas."""

_EARTH_KM: Final = 6371.0
_BREAKS: Final = re.compile(r"[\W_]+")
_MYANMAR_MARKS: Final = re.compile("[\u102b-\u103e]")
_ARTICLES: Final = frozenset(
    (
        "al",
        "ad",
        "an",
        "ar",
        "as",
        "ash",
        "at",
        "az",
        "el",
        "ed",
        "en",
        "er",
        "es",
        "esh",
        "et",
        "ez",
    )
)
"""The Arabic article, as it is written before a name in Latin letters."""
_ARABIC_ARTICLE: Final = "ال"
_SHORT: Final = 5
"""Letters up to which one slip is forgiven; above, two."""


def search(word: str, areas: Sequence[Area], locale: str = "") -> list[str]:
    """Ids of the areas that ``word`` (normalised) may mean, the likeliest first, ``MOST`` at most.

    Whole names; if there are none, names that begin so, then names of which a word begins so; if
    there are none either, names within one or two slips. Names in ``locale`` come first.
    """
    wanted = _plain(word) if len(word) <= LONGEST else ""
    if not wanted:
        return []
    named = [(area.id, key) for area, key in _keys(areas, locale)]
    whole = [one for one, key in named if key == wanted]
    if whole:
        return _first(whole)
    begun = [one for one, key in named if key.startswith(wanted)]
    within = [one for one, key in named if f" {wanted}" in f" {key}"]
    if begun or within:
        return _first(begun + within)
    return _first(_alike(wanted, named))


def nearest(spot: tuple[float, float], areas: Sequence[Area]) -> Area | None:
    """The area whose centre is nearest to ``spot`` (latitude, longitude in degrees).

    None when no area has a centre, or the nearest is over ``FARTHEST_KM`` away.
    """
    if not all(map(math.isfinite, spot)):
        return None
    centres = [(place, area.at) for place, area in enumerate(areas) if area.at is not None]
    far = [(kilometres(spot, at), place) for place, at in centres]
    if not far:
        return None
    distance, place = min(far)
    return areas[place] if distance <= FARTHEST_KM else None


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way along a great circle (haversine)."""
    (lat, lon), (lat2, lon2) = (tuple(map(math.radians, spot)) for spot in (one, other))
    half = math.sin((lat2 - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, max(0.0, half))))


def slips(one: str, other: str, most: int) -> int:
    """Letters left out, added, changed or swapped between two words; ``most`` + 1 if it is more."""
    if abs(len(one) - len(other)) > most or len(set(one) - set(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, beside in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != beside))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == beside:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _keys(areas: Sequence[Area], locale: str) -> Iterator[tuple[Area, str]]:
    """Every name of every area, hers first."""
    for own in (True, False):
        for area in areas:
            for tongue, name in area.names.items():
                if (tongue == locale) is own:
                    yield area, _key(name)


@lru_cache(maxsize=32_768)
def _key(name: str) -> str:
    """A name of the list, ready to compare. What a person wrote must not stay in this cache."""
    return _plain(normalise(name))


def _plain(word: str) -> str:
    """Normalised ``word`` without accents, variants of letters, hyphens, apostrophes, articles."""
    words = _split(fold(word))
    kept = [word for word in words if word not in _ARTICLES] or words
    return " ".join(_bare(word) for word in kept)


def _split(folded: str) -> list[str]:
    if _MYANMAR_MARKS.search(folded):  # its vowels are no letters to a regular expression
        return folded.replace("-", " ").replace("/", " ").split()
    return _BREAKS.sub(" ", folded).split()


def _bare(word: str) -> str:
    """Without an article that is written together with the name."""
    if word.startswith(_ARABIC_ARTICLE) and len(word) > len(_ARABIC_ARTICLE) + 1:
        return word[len(_ARABIC_ARTICLE) :]
    return word


def _alike(wanted: str, named: Sequence[tuple[str, str]]) -> list[str]:
    if len(wanted) < 3:
        return []
    most = 1 if len(wanted) <= _SHORT else 2
    near: list[tuple[int, int, str]] = []
    tried = {wanted, wanted[2:]} if wanted[:2] in {"al", "el"} and len(wanted) > 5 else {wanted}
    for place, (one, key) in enumerate(named):
        words = {key} if " " in wanted else {key, *key.split()}
        least = min(slips(word, trial, most) for word in words for trial in tried)
        if least <= most:
            near.append((least, place, one))
    return [one for _, _, one in sorted(near)]


def _first(found: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found))[:MOST]
