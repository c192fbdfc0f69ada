"""Words of dates, one file a language in ``dates/``: what people call months, days and seasons.

This module reads and checks them; it does not know how a date is read from them.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from i18n.errors import DateWordsError, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGED: Final = Path(__file__).with_name("dates")

_LISTS: Final = ("daytimes", "ordinals", "careful")
_NUMBERED: Final = {"months": 12, "weekdays": 7, "numbers": 999, "days": 31, "days_ago": 9}
_NAMED: Final = {
    "seasons": ("spring", "summer", "autumn", "winter", "rainy", "dry"),
    "parts": ("beginning", "middle", "end"),
    "units": ("day", "week", "month", "year"),
}
_PATTERNS: Final = {
    "about": {"date"},
    "same": {"date", "daytime"},
    "ago": {"amount", "n", "unit"},
    "last": {"unit", "weekday", "month", "season"},
    "this": {"unit", "season"},
    "weekday": {"weekday"},
    "day": {"weekday", "day", "month", "monthnumber", "year"},
    "month": {"month", "monthnumber", "year"},
    "part": {"part", "month", "monthnumber", "year"},
    "season": {"season", "year"},
    "year": {"year"},
}
"""Kind of pattern -> slots that it may use."""
_NEEDED: Final = {
    "about": [{"date"}],
    "same": [{"date"}],
    "ago": [{"amount"}, {"n", "unit"}],
    "last": [{"unit"}, {"weekday"}, {"month"}, {"season"}],
    "this": [{"unit"}, {"season"}],
    "part": [{"part", "month"}, {"part", "monthnumber"}, {"part", "year"}],
    "month": [{"month"}, {"monthnumber"}],
}
"""Kind of pattern -> slots of which it needs one set; of others, the slot of its own name."""
_AMOUNT: Final = re.compile(r"[1-9]\d{0,2} (day|week|month|year)")
_SLOT: Final = re.compile(r"\{(\w*)\}")


@cache
def date_words(root: Path = PACKAGED) -> Mapping[str, Mapping[str, Any]]:
    """Locale -> its file as it is; raises :class:`DateWordsError` with every finding."""
    tables: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    for path in sorted(root.glob("*.toml")):
        try:
            tables[path.stem] = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            findings.append(Finding(path.name, 0, "DATE001", f"cannot be read: {error}"))
            continue
        findings += [
            Finding(path.name, 0, code, advice) for code, advice in _faults(tables[path.stem])
        ]
    if findings:
        raise DateWordsError(tuple(findings))
    return tables


def _faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    wanted = {"spaces", *_LISTS, *_NUMBERED, *_NAMED, "amounts", "patterns"}
    for name in sorted(wanted - table.keys()):
        yield "DATE002", f"`{name}` is missing; it may be empty"
    for name in sorted(table.keys() - wanted):
        yield "DATE002", f"`{name}` is none of {', '.join(sorted(wanted))}"
    if table.get("spaces") not in ("needed", "optional"):
        yield "DATE003", '`spaces` is "needed" or "optional"'
    for name in _LISTS:
        if not _words(table.get(name, [])):
            yield "DATE003", f"`{name}` is a list of words"
    for name in (*_NUMBERED, *_NAMED, "amounts"):
        yield from _table(name, table.get(name, {}))
    yield from _patterns(table.get("patterns", {}))


def _words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(w, str) and w.strip() for w in value)


def _table(name: str, rows: object) -> Iterator[tuple[str, str]]:
    if not isinstance(rows, dict):
        yield "DATE003", f"[{name}] is a table"
        return
    seen: dict[str, str] = {}
    for key, words in rows.items():
        if not _key(name, key):
            yield "DATE004", f"[{name}] knows no `{key}`; see the top of en.toml"
        if not _words(words):
            yield "DATE003", f"[{name}] `{key}` is a list of words"
            continue
        for word in words:
            if seen.setdefault(word, key) != key:
                yield "DATE005", f"[{name}] `{word}` means both `{seen[word]}` and `{key}`"


def _key(name: str, key: str) -> bool:
    if name in _NAMED:
        return key in _NAMED[name]
    if name == "amounts":
        return _AMOUNT.fullmatch(key) is not None
    first = 0 if name == "days_ago" else 1
    return key.isdecimal() and first <= int(key) <= _NUMBERED[name]


def _patterns(patterns: object) -> Iterator[tuple[str, str]]:
    if not isinstance(patterns, dict):
        yield "DATE003", "[patterns] is a table"
        return
    for kind, written in patterns.items():
        if kind not in _PATTERNS:
            yield "DATE004", f"[patterns] knows no `{kind}`; see the top of en.toml"
        elif not _words(written):
            yield "DATE003", f"[patterns] `{kind}` is a list of patterns"
        else:
            for pattern in written:
                yield from _pattern(kind, pattern)


def _pattern(kind: str, pattern: str) -> Iterator[tuple[str, str]]:
    slots = _SLOT.findall(pattern)
    bare = re.sub(r"\[[^\[\]]*\]", "", pattern)
    plain = _SLOT.sub("", pattern)
    if "{" in plain or "}" in plain or "[" in bare or "]" in bare:
        yield "DATE006", f"`{pattern}`: each brace and bracket is closed, none is inside another"
    for slot in sorted(set(slots) - _PATTERNS[kind]):
        yield "DATE006", f"`{pattern}`: `{kind}` has no slot {{{slot}}}"
    if len(slots) != len(set(slots)):
        yield "DATE006", f"`{pattern}` has a slot twice"
    needed = _NEEDED.get(kind, [{kind}])
    if not any(one <= set(_SLOT.findall(bare)) for one in needed):
        advice = " or ".join("+".join(f"{{{slot}}}" for slot in sorted(one)) for one in needed)
        yield "DATE006", f"`{pattern}`: `{kind}` needs {advice}, outside of brackets"
