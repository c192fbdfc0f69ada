"""The languages table and the choice among languages."""

from pathlib import Path

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from conversation import normalise
from i18n import Language, LanguagesError, languages, negotiate
from i18n.language import load

ALL = ("en", "fr", "ar", "ckb", "kmr", "my", "sg")


@pytest.mark.parametrize(
    ("hint", "chosen"),
    [
        ("fr", "fr"),
        ("fr-CF", "fr"),
        ("FR_fr", "fr"),
        ("ku", "kmr"),
        ("ku-Arab", "ckb"),
        ("ku_IQ", "ckb"),
        ("ar-SD", "ar"),
        ("de-DE,fr;q=0.8,en;q=0.5", "fr"),
        ("de;q=x,", "en"),
        ("", "en"),
        ("xx", "en"),
    ],
)
def test_a_hint_finds_its_language(hint: str, chosen: str) -> None:
    """Tags with regions and scripts, and lists with weights, find the language that is meant."""
    assert negotiate(hint, ALL) == chosen


def test_a_language_not_on_offer_falls_back() -> None:
    """A language that is known but not on offer gives the next of its chain."""
    assert negotiate("sg", ("en", "fr")) == "fr"
    assert negotiate("my", ("fr", "ar")) == "fr"


def test_nothing_on_offer_is_an_error() -> None:
    """Somebody must offer something."""
    with pytest.raises(ValueError, match="no language"):
        negotiate("en", ())


@given(st.text())
def test_any_hint_gives_an_offer(hint: str) -> None:
    """Whatever a channel sends as a hint, an offered language comes back."""
    assert negotiate(hint, ALL) in ALL


@pytest.mark.parametrize(
    ("digits", "written"),
    [
        ("latn", "2026"),
        ("arab", "٢٠٢٦"),
        ("arabext", "۲۰۲۶"),
        ("mymr", "၂၀၂၆"),
        ("rohg", "\U00010d32\U00010d30\U00010d32\U00010d36"),
    ],
)
def test_digits_go_out_and_come_back(digits: str, written: str) -> None:
    """A number in a language's own digits is that number when it is typed."""
    language = Language("xx", "Xx", "en", "ltr", digits)
    assert language.localise("2026") == written
    assert normalise(written) == "2026"


def test_every_row_is_known_to_cldr() -> None:
    """Each language has dates and lists in CLDR, and its direction agrees."""
    for row in languages().rows():
        locale = Locale.parse(row.cldr)
        assert locale.text_direction == row.direction
        assert row.localise("0123456789").isdecimal()


def test_the_seven_languages_of_this_project() -> None:
    """The table knows all languages that will ship; those with a catalogue are on offer."""
    assert set(ALL) == {row.id for row in languages().rows()}
    assert {"en", "fr"} <= set(languages().offered)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[en", "LANG001"),
        ("[en]\nname = 'x'\n", "LANG002"),
        ("[en]\nname='x'\ncldr='en'\ndirection='ltr'\ndigits='latn'\ncolour='red'\n", "LANG002"),
        ("[fr]\nname='x'\ncldr='fr'\ndirection='ltr'\ndigits='latn'\n", "LANG003"),
        ("[en]\nname='x'\ncldr='en'\ndirection='up'\ndigits='latn'\n", "LANG004"),
        ("[en]\nname='x'\ncldr='en'\ndirection='ltr'\ndigits='roman'\n", "LANG004"),
        ("[en]\nname='x'\ncldr='en'\ndirection='ltr'\ndigits='latn'\nfallback=['q']\n", "LANG004"),
        ("[en]\nname='x'\ncldr='en'\ndirection='ltr'\ndigits='latn'\noffered=true\n", "LANG004"),
    ],
)
def test_a_wrong_table_says_what_to_do(tmp_path: Path, text: str, code: str) -> None:
    """A fault of the table names its kind and the remedy."""
    path = tmp_path / "languages.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LanguagesError) as caught:
        load(path)
    assert caught.value.findings[0].code == code
