"""Regions of a country from ISO 3166-2, until an operator loads a list of areas with P-codes."""

from functools import cache

import pycountry

from conversation.directory import Area


@cache
def iso_regions(country: str) -> tuple[Area, ...]:
    """The top-level subdivisions of ``country`` (ISO 3166-1 alpha-2 or alpha-3), by name.

    Ids are ISO 3166-2 codes; each has its ISO name, for any locale, and no centre. Raises
    ``LookupError`` when there is no such country. Empty when ISO knows no part of it.
    """
    code = country.strip().upper()
    found = pycountry.countries.get(alpha_2=code) or pycountry.countries.get(alpha_3=code)
    if found is None:
        raise LookupError(f"ISO 3166-1 knows no country {code!r}")
    parts = [one for one in pycountry.subdivisions if one.country_code == found.alpha_2]
    top = [part for part in parts if part.parent_code is None]
    return tuple(Area(part.code, {"": part.name}) for part in sorted(top, key=lambda one: one.name))
