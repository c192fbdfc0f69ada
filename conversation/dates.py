"""Dates as people type them, as far as they know them."""

import re
from datetime import date, timedelta
from typing import Any, Final

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})")
_MONTH_FIRST: Final = re.compile(r"(\d{1,2})[-/. ]+(\d{4})")
_YEAR: Final = re.compile(r"(\d{4})")
EARLIEST: Final = 1900


def read_date(word: str, today: date) -> dict[str, Any] | None:
    """Read ``2026-03-12``, ``12/3/2026`` (day first), ``3/2026`` or ``2026``.

    None when it is no date, does not exist, or lies in the future.
    """
    word = word.strip(" .")
    if found := _ISO.fullmatch(word):
        return _known(int(found[1]), int(found[2]), int(found[3]) if found[3] else None, today)
    if found := _DAY_FIRST.fullmatch(word):
        return _known(_full_year(found[3], today), int(found[2]), int(found[1]), today)
    if found := _MONTH_FIRST.fullmatch(word):
        return _known(int(found[2]), int(found[1]), None, today)
    if found := _YEAR.fullmatch(word):
        return _known(int(found[1]), None, None, today)
    return None


def _full_year(year: str, today: date) -> int:
    if len(year) == 4:
        return int(year)
    short = int(year)
    return 2000 + short if short <= today.year % 100 else 1900 + short


def _known(year: int, month: int | None, day: int | None, today: date) -> dict[str, Any] | None:
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if first > today + timedelta(days=1) or year < EARLIEST:  # it is tomorrow already in the east
        return None
    if month is None:
        return {"precision": "year", "year": year}
    if day is None:
        return {"precision": "month", "year": year, "month": month}
    return {"precision": "day", "year": year, "month": month, "day": day}
