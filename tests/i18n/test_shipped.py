"""The catalogues that ship."""

import pytest

from i18n import Catalogues, checking, languages, phrases
from i18n.extract import Source


@pytest.fixture(scope="module")
def shipped() -> Catalogues:
    """What is packaged, with the phrases and without interviews."""
    return Catalogues.load()


@pytest.mark.parametrize("locale", languages().offered)
def test_an_offered_language_has_every_phrase(shipped: Catalogues, locale: str) -> None:
    """Whatever the engine, the bots or a responder's phone say exists in each language on offer."""
    assert shipped.missing(locale) == ()


def test_english_phrases_have_no_faults() -> None:
    """The sources keep to the voice: no error of words, direction or length."""
    sources = [Source(*phrase) for phrase in phrases.load()]
    found = checking.check_sources(sources, languages()["en"])
    assert [str(f) for f in found if f.level == "error"] == []


def test_no_word_means_two_commands() -> None:
    """The shipped languages share their command words without a collision."""
    assert checking.check_keywords(languages()) == ()
