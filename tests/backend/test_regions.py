"""Regions of the pilot countries from ISO 3166-2."""

import pytest

from backend.directory.regions import iso_regions
from conversation import normalise
from conversation.places import search


@pytest.mark.parametrize(
    ("country", "count", "one", "name"),
    [
        ("CF", 17, "CF-BGF", "Bangui"),
        ("LY", 22, "LY-BA", "Banghāzī"),
        ("SY", 14, "SY-DI", "Dimashq"),
        ("IQ", 16, "IQ-NI", "Nīnawá"),
        ("MM", 15, "MM-16", "Rakhine"),
    ],
)
def test_the_five_pilots(country: str, count: int, one: str, name: str) -> None:
    """Each pilot has its top-level regions, by code, with the ISO name for any language."""
    areas = iso_regions(country)
    assert len(areas) == count
    assert len({area.id for area in areas}) == count
    assert {area.id: area.names for area in areas}[one] == {"": name}
    assert all(area.id.startswith(f"{country}-") and area.at is None for area in areas)


def test_governorates_of_a_region_are_left_out() -> None:
    """Only the top level: Erbil, Duhok and Sulaymaniyah are in the Region of Kurdistan."""
    ids = {area.id for area in iso_regions("IQ")}
    assert "IQ-KR" in ids
    assert not {"IQ-AR", "IQ-DA", "IQ-SU"} & ids


@pytest.mark.parametrize(
    ("typed", "two"), [("CAF", "CF"), ("LBY", "LY"), ("mmr", "MM"), (" iq ", "IQ")]
)
def test_three_letters_do_as_well(typed: str, two: str) -> None:
    """The code of a country in three letters, or in small ones, is the same country."""
    assert iso_regions(typed) == iso_regions(two)


def test_no_such_country() -> None:
    """A code of no country is an error that names it; a country without parts has none."""
    with pytest.raises(LookupError, match="'ZZ'"):
        iso_regions("zz")
    assert iso_regions("VA") == ()


@pytest.mark.parametrize(
    ("country", "typed", "one"),
    [("CF", "bangi", "CF-BGF"), ("SY", "homs", "SY-HI"), ("LY", "benghazi", "LY-BA"),
     ("IQ", "basra", "IQ-BA"), ("MM", "rakhin", "MM-16"), ("SY", "alhasakah", "SY-HA")],
)  # fmt: skip
def test_a_region_is_found_as_people_write_it(country: str, typed: str, one: str) -> None:
    """ISO's spelling, with its dots and lines, is found by the everyday one."""
    assert search(normalise(typed), iso_regions(country)) == [one]
