"""The words of dates that ship, and what is said when a file is wrong."""

from pathlib import Path

import pytest
from babel import Locale

from conversation.datewords import KINDS, PARTS, SEASONS, UNITS, DateWords
from i18n import languages
from i18n.datewords import PACKAGED, date_words
from i18n.errors import DateWordsError

LOCALES = sorted(date_words())
CLDR = {"en": ["en"], "fr": ["fr"], "ar": ["ar", "ar_SY", "ar_DZ"], "ckb": ["ckb"], "kmr": ["ku"],
        "my": ["my"], "sg": ["sg"]}  # fmt: skip


def test_every_language_has_its_words() -> None:
    """Each row of the languages table has a file, and no file is of no language."""
    assert set(LOCALES) == {row.id for row in languages().rows()}


@pytest.mark.parametrize("locale", LOCALES)
def test_months_and_weekdays_are_those_of_cldr(locale: str) -> None:
    """Every name CLDR knows stands under its own number (no days of the week in Sango)."""
    names = DateWords.of(date_words()).languages[locale].names
    for cldr in CLDR[locale]:
        known = Locale.parse(cldr)
        for number in range(1, 13):
            assert _meaning(names["month"], known.months["format"]["wide"][number]) == number
        for day in range(7) if locale != "sg" else ():
            assert _meaning(names["weekday"], known.days["format"]["wide"][day]) == day + 1


def _meaning(names: object, word: str) -> object:
    from conversation.datewords import simple
    from conversation.normalise import normalise

    assert isinstance(names, dict)
    return names.get(simple(normalise(word)))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_pattern_can_be_compiled(locale: str) -> None:
    """Each pattern is of a known kind and makes a regular expression."""
    table = date_words()[locale]
    patterns = DateWords.of(date_words()).languages[locale].patterns
    assert len(patterns) == sum(map(len, table["patterns"].values()))
    assert set(table["patterns"]) <= set(KINDS)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "part", ["months", "weekdays", "seasons", "parts", "units", "numbers", "days"]
)
def test_no_word_means_two_things(locale: str, part: str) -> None:
    """Folded as they are compared, no word of a table stands under two meanings."""
    from conversation.datewords import simple
    from conversation.normalise import normalise

    seen: dict[str, str] = {}
    for meaning, words in date_words()[locale][part].items():
        for word in words:
            assert seen.setdefault(simple(normalise(word)), meaning) == meaning, word


def test_engine_and_files_agree() -> None:
    """The names that a file may use are those that the engine knows."""
    table = date_words()["en"]
    assert set(table["seasons"]) == set(SEASONS)
    assert set(table["parts"]) == set(PARTS)
    assert set(table["units"]) == set(UNITS)
    assert set(table["patterns"]) == set(KINDS)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('spaces = "needed"', 'spaces = "some"', "DATE003"),
        ('spaces = "needed"', 'spaces = "needed', "DATE001"),
        ("careful =", "carefull =", "DATE002"),
        ('5 = ["may"]', '13 = ["may"]', "DATE004"),
        ('5 = ["may"]', '5 = "may"', "DATE003"),
        ('5 = ["may"]', '5 = ["june"]', "DATE005"),
        ('"2 week" =', '"2 weeks" =', "DATE004"),
        ('year = ["[in ][the ]year {year}"', 'jear = ["[in ][the ]year {year}"', "DATE004"),
        ('"in {year}"', '"in {yaer}"', "DATE006"),
        ('"in {year}"', '"in {year"', "DATE006"),
        ('"in {year}"', '"in[ {year}]"', "DATE006"),
        ('"in {year}"', '"[in [the ]]{year}"', "DATE006"),
        ('"in {year}"', '"{year} {year}"', "DATE006"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, old: str, new: str, code: str) -> None:
    """Each fault of a translator's is found, with the file and a code."""
    source = (PACKAGED / "en.toml").read_text("utf-8")
    assert old in source
    tmp_path.joinpath("en.toml").write_text(source.replace(old, new, 1), "utf-8")
    with pytest.raises(DateWordsError) as caught:
        date_words(tmp_path)
    assert code in {finding.code for finding in caught.value.findings}
    assert {finding.file for finding in caught.value.findings} == {"en.toml"}
