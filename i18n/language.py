"""The languages Relais speaks: one row of ``languages.toml`` each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from i18n.errors import Finding, LanguagesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOURCE: Final = "en"
"""The language the sources are written in."""

PACKAGED: Final = Path(__file__).with_name("languages.toml")

Direction = Literal["ltr", "rtl"]

_ZEROS: Final = {"latn": 0x30, "arab": 0x660, "arabext": 0x6F0, "mymr": 0x1040, "rohg": 0x10D30}


@dataclass(frozen=True, slots=True)
class Language:
    """One language. ``draft_mark`` is empty until its catalogue exists."""

    id: str
    name: str
    cldr: str
    direction: Direction
    digits: str
    fallback: tuple[str, ...] = ()
    offered: bool = False
    reviewers: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    """Other tags that mean this language."""
    draft_mark: str = ""
    greetings: tuple[str, ...] = ()
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def localise(self, text: str) -> str:
        """``text`` with its ASCII digits in this language's digits."""
        zero = _ZEROS[self.digits]
        if zero == 0x30:
            return text
        return text.translate({0x30 + n: zero + n for n in range(10)})


class Languages:
    """Every known language by its id, in the order of the file."""

    def __init__(self, rows: Iterable[Language]) -> None:
        self._rows = {row.id: row for row in rows}

    def __getitem__(self, locale: str) -> Language:
        return self._rows[locale]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __contains__(self, locale: object) -> bool:
        return locale in self._rows

    def rows(self) -> tuple[Language, ...]:
        """Every language, in the order of the file."""
        return tuple(self._rows.values())

    @property
    def offered(self) -> tuple[str, ...]:
        """Ids of the languages people may choose."""
        return tuple(row.id for row in self._rows.values() if row.offered)

    def chain(self, locale: str) -> tuple[str, ...]:
        """``locale`` and what is tried after it; always ends in the source language."""
        row = self._rows.get(locale)
        after = row.fallback if row else ()
        return tuple(dict.fromkeys((locale, *after, SOURCE)))

    def of(self, locale: str) -> Language:
        """The language of a locale; an unknown one reads as the source language."""
        return self._rows.get(locale) or self._rows[SOURCE]


def _row(locale: str, table: dict[str, Any]) -> Language:
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in table.items()
    }
    words = {command: tuple(ws) for command, ws in table.get("keywords", {}).items()}
    return Language(**{"id": locale, **values, "keywords": words})


def _faults(row: Language, known: set[str]) -> Iterator[str]:
    if row.direction not in ("ltr", "rtl"):
        yield "`direction` is `ltr` or `rtl`"
    if row.digits not in _ZEROS:
        yield f"`digits` is one of {', '.join(sorted(_ZEROS))}"
    for other in row.fallback:
        if other not in known:
            yield f"`fallback` names `{other}`, which has no row: add the row or take it out"
    if row.offered and not row.draft_mark:
        yield "an offered language needs a `draft_mark`, in that language"


def load(path: Path = PACKAGED) -> Languages:
    """Read a languages file; raises :class:`LanguagesError` naming the row and what to do."""
    findings: list[Finding] = []
    rows: list[Language] = []
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LanguagesError(
            (Finding(path.name, 0, "LANG001", f"cannot be read: {error}"),)
        ) from None
    for locale, table in document.items():
        try:
            rows.append(_row(locale, table))
        except (TypeError, AttributeError) as error:
            advice = f"[{locale}] has a missing or unknown field ({error}); see the top of the file"
            findings.append(Finding(path.name, 0, "LANG002", advice))
    known = {row.id for row in rows}
    if not findings and SOURCE not in known:
        findings.append(Finding(path.name, 0, "LANG003", f"add a row for the source, [{SOURCE}]"))
    for row in rows:
        findings += [
            Finding(path.name, 0, "LANG004", f"[{row.id}] {f}") for f in _faults(row, known)
        ]
    if findings:
        raise LanguagesError(tuple(findings))
    return Languages(rows)


@cache
def packaged() -> Languages:
    """The languages that ship."""
    return load()


def negotiate(hint: str, offered: Iterable[str], languages: Languages | None = None) -> str:
    """The best of ``offered`` for a channel's hint (``fr-CF``, ``ku_Arab``, ``de,fr;q=0.8``).

    Falls back to the source language, or the first on offer; ``offered`` must not be empty.
    """
    table = languages or packaged()
    choices = tuple(offered)
    if not choices:
        raise ValueError("no language is on offer")
    for tag in _tags(hint):
        for candidate in _candidates(tag, table):
            if candidate in choices:
                return candidate
    return SOURCE if SOURCE in choices else choices[0]


def _tags(hint: str) -> list[str]:
    """The tags of an Accept-Language like list, the most wanted first."""
    weighed: list[tuple[float, int, str]] = []
    for position, entry in enumerate(hint[:200].split(",")):
        tag, _, quality = entry.partition(";")
        _, _, number = quality.partition("=")
        try:
            weight = float(number) if number else 1.0
        except ValueError:
            weight = 0.0
        weighed.append((-weight, position, tag.strip().replace("_", "-").lower()))
    return [tag for _, _, tag in sorted(weighed) if tag]


def _candidates(tag: str, table: Languages) -> Iterator[str]:
    base, *rest = tag.split("-")
    if base == "ku" and ("arab" in rest or "iq" in rest or "ir" in rest):
        base = "ckb"
    for wanted in dict.fromkeys((tag, base)):
        for row in table.rows():
            if wanted == row.id or wanted in row.hints:
                yield row.id
                yield from row.fallback
