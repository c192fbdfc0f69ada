"""Parameters of messages, written as the language writes them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, dates, lists, numbers

from i18n.bidi import clean, isolate
from i18n.placeholders import MISSING, fill
from i18n.shapes import tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from i18n.catalogues import Catalogues
    from i18n.language import Language

SEASON: Final = "engine/season/options/{}"
"""Message id of a season's name."""
PART: Final = "engine/date_part/options/{}"
"""Message id of "beginning of {date}" and the like."""
ABOUT: Final = "engine/date_about/text"
"""Message id of "about {date}"."""

_NARROW: Final = "\u202f"
"""CLDR's narrow space, a box on old phones; an ordinary no-break space serves."""


@dataclass(frozen=True)
class Writer:
    """Turns parameters into text for one locale, one time zone and one moment."""

    catalogues: Catalogues
    locale: str
    zone: str = "UTC"
    now: datetime.datetime | None = None

    @cached_property
    def language(self) -> Language:
        """The row of the locale."""
        return self.catalogues.languages.of(self.locale)

    @cached_property
    def _babel(self) -> Locale:
        return Locale.parse(self.language.cldr)

    @cached_property
    def _tz(self) -> datetime.tzinfo:
        if self.zone == "UTC":
            return datetime.UTC
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return datetime.UTC

    def write(self, param: object) -> str:
        """The parameter as text. What cannot be written is ``…``, never an exception."""
        p: Any = param
        match tag_of(param):
            case "name":
                return self.name(p.text)
            case "ref":
                return self.ref(p.id)
            case "count":
                return self.count(p.n)
            case "time":
                return self.time(p.at)
            case "date":
                return self._dated(p)
            case "several":
                return self.several(p.items)
        return MISSING

    def name(self, text: str) -> str:
        """A name as it is, harmless, isolated where its direction differs."""
        return isolate(clean(text), self.language.direction) or MISSING

    def count(self, n: int) -> str:
        """A number in local digits, grouped as the language groups."""
        system = self.language.digits
        text = numbers.format_decimal(
            n, locale=self._babel, numbering_system="arab" if system == "arab" else "latn"
        )
        return self.language.localise(text.replace(_NARROW, "\u00a0"))

    def ref(self, message_id: str, values: Mapping[str, str] | None = None) -> str:
        """Another message, its own placeholders filled from ``values``."""
        return fill(self.catalogues.text(self.locale, message_id), values or {})

    def params(self, params: Mapping[str, object]) -> dict[str, str]:
        """A part's parameters; a reference may use the other ones of its part."""
        refs = {name: p for name, p in params.items() if tag_of(p) == "ref"}
        values = {name: self.write(p) for name, p in params.items() if name not in refs}
        written = {n: self.ref(str(getattr(p, "id", "")), values) for n, p in refs.items()}
        return values | written

    def several(self, items: tuple[object, ...]) -> str:
        """A list as the language joins lists."""
        if not items:
            return MISSING
        return lists.format_list([self.write(i) for i in items], "standard", self._babel)

    def time(self, at: str) -> str:
        """A local clock time; with the day when that is not today (or today is not known)."""
        try:
            moment = datetime.datetime.fromisoformat(at)
        except ValueError:
            return MISSING
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        local = moment.astimezone(self._tz)
        clock = dates.format_time(local, "short", tzinfo=self._tz, locale=self._babel)
        if self.now is None or self.now.astimezone(self._tz).date() != local.date():
            pattern = str(self._babel.datetime_formats["medium"])
            day = self._skeleton("MMMEd", local.date())
            clock = pattern.replace("'", "").replace("{1}", day).replace("{0}", clock)
        return self.language.localise(clock.replace(_NARROW, "\u00a0"))

    def _dated(self, p: Any) -> str:
        """A date and how exact it is."""
        written = self.date(p.year, p.month, p.day, p.season, p.until)
        for known in ([PART.format(p.part)] if p.part else []) + ([ABOUT] if p.about else []):
            if self.catalogues.has(known):
                written = self.ref(known, {"date": written})
        return written

    def date(
        self,
        year: int | None,
        month: int | None,
        day: int | None,
        season: str | None = None,
        until: int | None = None,
    ) -> str:
        """A date as far as it is known."""
        if season and not month:
            known = SEASON.format(season)
            name = self.ref(known) if self.catalogues.has(known) else self.name(season)
            years = f"{year}/{until}" if until else str(year)
            return f"{name} {self.language.localise(years)}" if year else name
        try:
            # 2000 was a leap year: a day without its year may be the 29th of February.
            moment = datetime.date(year or 2000, month or 1, day or 1)
        except ValueError:
            parts = "/".join(str(p) for p in (day, month, year) if p)
            return self.language.localise(parts) or MISSING
        return self.language.localise(self._known(moment, bool(year), bool(month), bool(day)))

    def _known(self, moment: datetime.date, year: bool, month: bool, day: bool) -> str:
        if not month:
            return str(moment.year) if year else MISSING
        if year and day:
            return str(dates.format_date(moment, "long", locale=self._babel))
        if year:
            return self._skeleton("yMMMM", moment)
        return self._skeleton("MMMMd" if day else "LLLL", moment)

    def _skeleton(self, skeleton: str, moment: datetime.date) -> str:
        if skeleton == "LLLL":
            return str(dates.format_date(moment, "LLLL", locale=self._babel))
        try:
            return str(dates.format_skeleton(skeleton, moment, locale=self._babel))
        except KeyError:
            return str(dates.format_date(moment, "medium", locale=self._babel))
