"""Dates as people say them, as far as they know them."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from conversation.datewords import NUMBERS_ONLY, DateWords, Language, simple

__all__ = ["EARLIEST", "LONGEST", "NUMBERS_ONLY", "DateWords", "read_date"]

EARLIEST: Final = 1900
LONGEST: Final = 80
"""Characters of the longest message that may be a date; longer ones are a story."""

_ISO: Final = re.compile(r"(\d{4}) ?[-/.] ?(\d{1,2})(?: ?[-/.] ?(\d{1,2}))?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})")
_MONTH_FIRST: Final = re.compile(r"(\d{1,2})[-/. ]+(\d{4})")
_DAY_MONTH: Final = re.compile(r"(\d{1,2}) ?/ ?(\d{1,2})")
_YEAR: Final = re.compile(r"(\d{4})")
_FIGURES: Final = re.compile(r"\d+")

_BEGINS: Final = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12, "rainy": 5, "dry": 11}
"""Month in which a season begins, north of the equator."""
_LASTS: Final = {"rainy": 6, "dry": 6}
"""Months; the others last three."""

Read = dict[str, Any] | None


def read_date(word: str, today: date, words: DateWords = NUMBERS_ONLY, locale: str = "") -> Read:
    """The date that the whole of ``word`` (normalised) says, as a ``Value``; None when it is none.

    In figures: ``2026-03-12``, ``12/3/2026`` (day first), ``12/3``, ``3/2026``, ``2026``. In words:
    what the tables of ``words`` know, those of ``locale`` first. What lies in the future or does
    not exist is no date. Without a year it is the last time that there was such a day.
    """
    if len(word) > LONGEST:
        return None
    text = simple(word)
    found = _in_figures(text, today)
    if found is not None:
        return found
    slight = text.isascii() and len(text) <= 3
    for hers, language in words.in_order(locale):
        # A word of three letters means something in too many languages.
        found = None if slight and not hers else _in_words(text, today, language)
        if found is not None:
            return found
    return None


def _in_figures(text: str, today: date) -> Read:
    if found := _ISO.fullmatch(text):
        return _known(int(found[1]), int(found[2]), int(found[3]) if found[3] else None, today)
    if found := _DAY_FIRST.fullmatch(text):
        return _known(_full_year(found[3], today), int(found[2]), int(found[1]), today)
    if found := _MONTH_FIRST.fullmatch(text):
        return _known(int(found[2]), int(found[1]), None, today)
    if found := _DAY_MONTH.fullmatch(text):
        return _last_day(int(found[1]), int(found[2]), today)
    if found := _YEAR.fullmatch(text):
        return _known(int(found[1]), None, None, today)
    return None


def _in_words(text: str, today: date, language: Language, depth: int = 0) -> Read:
    if text in language.careful or depth > 2:
        return None
    days = language.names["past"].get(text)
    if days is not None:
        return _of(today - timedelta(days=days))
    for pattern in language.patterns:
        found = pattern.regex.fullmatch(text)
        if found is None:
            continue
        groups = found.groupdict()
        if pattern.kind in {"about", "same"}:
            inner = groups["date"].strip()
            read = _in_figures(inner, today) or _in_words(inner, today, language, depth + 1)
            read = _about(read) if pattern.kind == "about" else read
        else:
            read = _meant(pattern.kind, _values(groups, language), today)
        if read is not None:
            return read
    return None


def _values(groups: Mapping[str, str | None], language: Language) -> dict[str, Any]:
    """What each filled slot means: numbers as int, names by their table."""
    values: dict[str, Any] = {}
    for slot, text in groups.items():
        if text is None:
            continue
        names = language.names.get("number" if slot in {"n", "monthnumber"} else slot, {})
        figures = _FIGURES.match(text)
        values[slot] = int(figures[0]) if figures else names[text]
    if "amount" in values:
        count, _, values["unit"] = values["amount"].partition(" ")
        values["n"] = int(count)
    if "monthnumber" in values:
        values["month"] = values["monthnumber"]
    return values


def _meant(kind: str, values: Mapping[str, Any], today: date) -> Read:
    if kind == "ago":
        return _ago(values["n"], values["unit"], today)
    if "unit" in values:  # of last and this; "the last day" is not yesterday
        unit = values["unit"]
        return _ago(int(kind == "last"), unit, today) if unit != "day" else None
    if "season" in values:
        return _season(values["season"], values.get("year"), kind == "last", today)
    if "weekday" in values and "day" not in values:
        return _of(today - timedelta(days=(today.isoweekday() - values["weekday"] - 1) % 7 + 1))
    if "day" in values:
        return _day(values, today)
    if "month" in values:
        read = _month(values["month"], values.get("year"), kind == "last", today)
    else:
        read = _known(values["year"], None, None, today)
    return read | {"part": values["part"]} if read and "part" in values else read


def _ago(n: int, unit: str, today: date) -> Read:
    if unit == "day":
        return _of(today - timedelta(days=n)) if n else None
    if unit == "week":
        # Nobody means the very day, and there is no word for "in that week".
        return _about(_of(today - timedelta(weeks=n))) if n else None
    if unit == "month":
        months = today.year * 12 + today.month - 1 - n
        return _known(months // 12, months % 12 + 1, None, today)
    return _known(today.year - n, None, None, today)


def _season(season: str, year: int | None, last: bool, today: date) -> Read:
    """A winter or dry season without a year is said with both of its years."""
    value: dict[str, Any] = {"precision": "season", "season": season}
    if year is not None:
        known = EARLIEST <= year <= today.year
        return value | {"year": year} if known else None
    since = (today.month - _BEGINS[season]) % 12
    began = today.year - (today.month < _BEGINS[season])
    began -= last and since < _LASTS.get(season, 3)
    until = {"until": began + 1} if season in {"winter", "dry"} else {}
    return value | {"year": began} | until


def _month(month: int, year: int | None, last: bool, today: date) -> Read:
    if year is None:
        year = today.year - (month > today.month or (last and month == today.month))
    return _known(year, month, None, today)


def _day(values: Mapping[str, Any], today: date) -> Read:
    day, month, year = values["day"], values.get("month"), values.get("year")
    if year is not None and month is not None:
        return _known(_full_year(str(year), today), month, day, today)
    return _last_day(day, month, today)


def _last_day(day: int, month: int | None, today: date) -> Read:
    """The last such day up to today; ``month`` None: of whichever month."""
    months = today.year * 12 + today.month - 1
    for back in range(8 * 12 + 1):  # eight years: the 29th of February, around 2100
        year, place = divmod(months - back, 12)
        if month is not None and month != place + 1:
            continue
        if (year, place + 1, day) > (today.year, today.month, today.day):
            continue
        read = _known(year, place + 1, day, today)
        if read is not None:
            return read
    return None


def _full_year(year: str, today: date) -> int:
    if len(year) == 4:
        return int(year)
    short = int(year)
    return 2000 + short if short <= today.year % 100 else 1900 + short


def _about(read: Read) -> Read:
    return read | {"approximate": True} if read else None


def _of(day: date) -> dict[str, Any]:
    return {"precision": "day", "year": day.year, "month": day.month, "day": day.day}


def _known(year: int, month: int | None, day: int | None, today: date) -> Read:
    try:
        first = date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    if first > today + timedelta(days=1) or year < EARLIEST:  # it is tomorrow already in the east
        return None
    if month is None:
        return {"precision": "year", "year": year}
    if day is None:
        return {"precision": "month", "year": year, "month": month}
    return {"precision": "day", "year": year, "month": month, "day": day}
