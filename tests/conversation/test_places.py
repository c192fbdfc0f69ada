"""Places by name and by position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.directory import Area
from conversation.folding import fold
from conversation.normalise import normalise
from conversation.places import MOST, kilometres, nearest, search, slips

AREAS = (
    Area("hasakah", {"en": "Al-Hasakah", "ar": "الحسكة", "ckb": "حەسەکە"}, (36.5, 40.75)),
    Area("aleppo", {"en": "Aleppo", "ar": "حلب", "": "Ḩalab"}, (36.2, 37.16)),
    Area("deir", {"en": "Deir ez-Zor", "ar": "دير الزور"}, (35.33, 40.14)),
    Area("idlib", {"en": "Idlib", "ar": "إدلب"}),
    Area("qamishli", {"en": "Qamishli", "ar": "القامشلي", "kmr": "Qamişlo"}),
    Area("suwayda", {"en": "As-Suwayda'", "ar": "السويداء"}),
    Area("rif", {"en": "Rural Damascus", "ar": "ريف دمشق"}),
    Area("damascus", {"en": "Damascus", "ar": "دمشق"}),
    Area("yangon", {"en": "Yangon", "my": "ရန်ကုန်"}),
    Area("kemo", {"fr": "Kémo"}),
    Area("mon", {"en": "Mon"}),
)


def found(typed: str, locale: str = "en") -> list[str]:
    """Ids found for a message."""
    return search(normalise(typed), AREAS, locale)


@pytest.mark.parametrize(
    ("typed", "area"),
    [
        ("Aleppo", "aleppo"), ("halab", "aleppo"), ("ḤALAB", "aleppo"), ("حلب", "aleppo"),
        ("alepo", "aleppo"), ("aelppo", "aleppo"), ("Alepppo", "aleppo"),
        ("Hasakah", "hasakah"), ("al hasakah", "hasakah"), ("alhasakah", "hasakah"),
        ("hasaka", "hasakah"), ("el-Hassakeh", "hasakah"), ("الحسكه", "hasakah"),
        ("حسكة", "hasakah"),
        ("حسکه", "hasakah"), ("deir ez zor", "deir"), ("deirezzor", "deir"),
        ("دير الزور", "deir"),
        ("دیر الزور", "deir"), ("ادلب", "idlib"), ("أدلب", "idlib"), ("qamislo", "qamishli"),
        ("Qamishly", "qamishli"), ("القامشلى", "qamishli"), ("suwayda", "suwayda"),
        ("السويدا", "suwayda"),
        ("kemo", "kemo"), ("ရန်ကုန်", "yangon"), ("ရန္ကုန္", "yangon"), ("yang", "yangon"),
    ],
)  # fmt: skip
def test_a_place_is_found_however_it_is_spelled(typed: str, area: str) -> None:
    """Any language, accents, variants of Arabic letters, articles, a slip or two: one place."""
    assert found(typed) == [area]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("حماة", "حماه"), ("إدلب", "ادلب"), ("آمد", "امد"), ("أربيل", "اربيل"),
        ("القامشلى", "القامشلي"), ("کرکوک", "كركوك"), ("هەولێر", "هەولیر"), ("سُوريا", "سوريا"),
        ("حـلب", "حلب"), ("لیبیا", "ليبيا"),
        ("kémo", "kemo"), ("qamişlo", "qamislo"), ("şırnak", "sirnak"), ("dar'a", "dara"),
        ("dar\u02bfa", "dara"), ("œuvre", "oeuvre"),
    ],
)  # fmt: skip
def test_spellings_fold_into_one(one: str, other: str) -> None:
    """What people leave out or write differently is the same word, and folding twice is as once."""
    assert fold(one) == fold(other) == fold(fold(one))


def test_burmese_vowels_are_not_folded() -> None:
    """A sign less makes another word in Burmese, so nothing of it is dropped."""
    assert fold("ရန်ကုန်") == "ရန်ကုန်"
    assert fold("ပဲခူး") != fold("ပခူး")


def test_the_whole_name_wins() -> None:
    """A whole name is that place alone; a word of a name finds every place that has it."""
    assert found("damascus") == ["damascus"]
    assert found("damas") == ["damascus", "rif"]
    assert found("rural") == ["rif"]


@pytest.mark.parametrize("typed", ["", " ", "-", "xyz", "q w", "paris", "a" * 500, "xx"])
def test_what_is_no_place_finds_none(typed: str) -> None:
    """What is like no name finds nothing, and does not guess."""
    assert found(typed) == []


def test_two_letters_forgive_no_slip() -> None:
    """Short words are not guessed at: `id` begins a name, `ad` does not stand for it."""
    assert found("id") == ["idlib"]
    assert found("on") == []
    assert found("men") == ["mon"]


def test_her_language_comes_first() -> None:
    """Of names that begin alike, those of her language stand first; at most twenty come back."""
    areas = (Area("one", {"fr": "Bandoro"}), Area("two", {"en": "Bandaka"}))
    assert search("band", areas, "fr") == ["one", "two"]
    assert search("band", areas, "en") == ["two", "one"]
    many = tuple(Area(f"a{n}", {"": f"Bando {n}"}) for n in range(50))
    assert search("bando", many) == [f"a{n}" for n in range(MOST)]


NAMES = sorted({name for area in AREAS for name in area.names.values()})


@given(st.one_of(st.text(), st.sampled_from(NAMES), st.text("abdhilmopز ا-'", max_size=12)))
def test_any_text_is_searched(typed: str) -> None:
    """Whatever is typed never fails and gives ids of the list, each once."""
    ids = found(typed)
    assert len(ids) == len(set(ids)) <= MOST
    assert set(ids) <= {area.id for area in AREAS}


@given(st.sampled_from(AREAS), st.data())
def test_every_name_finds_its_place(area: Area, data: st.DataObject) -> None:
    """Each name finds its own place first, and so does its name without its last letter."""
    name = data.draw(st.sampled_from(sorted(area.names.values())))
    assert found(name)[0] == area.id
    assert area.id in found(name[:-1])


WORD = st.text("abcd", max_size=7)


def whole_distance(one: str, other: str) -> int:
    """The textbook's full table (optimal string alignment)."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            costs = [table[i - 1, j] + 1, table[i, j - 1] + 1]
            costs.append(table[i - 1, j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                costs.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(costs)
    return table[len(one), len(other)]


@given(WORD, WORD, st.integers(0, 3))
def test_slips_are_counted_up_to_a_bound(one: str, other: str, most: int) -> None:
    """The bounded count is the textbook's distance, or one more than the bound."""
    assert slips(one, other, most) == min(whole_distance(one, other), most + 1)


def test_two_letters_swapped_are_one_slip() -> None:
    """The commonest slip of all counts once."""
    assert slips("bangui", "bagnui", 2) == 1
    assert slips("bangui", "abngiu", 2) == 2
    assert slips("bangui", "xyz", 2) == 3


def test_the_nearest_centre() -> None:
    """A position belongs to the nearest centre, or to none when that is far or nobody knows one."""
    near = nearest((36.4, 40.9), AREAS)
    assert near is not None
    assert near.id == "hasakah"
    assert nearest((33.5, 36.3), AREAS) is None
    assert nearest((36.4, 40.9), AREAS[3:]) is None
    assert nearest((float("nan"), 40.9), AREAS) is None
    assert nearest((36.4, float("inf")), AREAS) is None


def test_kilometres_along_a_great_circle() -> None:
    """Paris to London is 344 km, over the date line is as short as anywhere."""
    assert kilometres((48.8566, 2.3522), (51.5074, -0.1278)) == pytest.approx(343.6, abs=1)
    assert kilometres((0, 179.9), (0, -179.9)) == pytest.approx(22.2, abs=0.1)
    assert kilometres((0, 0), (0, 180)) == pytest.approx(20015, abs=1)


@given(st.floats(), st.floats())
def test_any_position_is_looked_up(latitude: float, longitude: float) -> None:
    """No position fails, sensible or not."""
    near = nearest((latitude, longitude), AREAS)
    assert near is None or near.at is not None
