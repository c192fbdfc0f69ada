"""What a bot says by itself, in a language its reader may know."""

from bots.core import offline_texts
from i18n import Catalogues

NOTICE = "offline/unavailable/text"


def test_the_messengers_hint_chooses_the_language() -> None:
    """One sentence, in the best language for the hint."""
    text = offline_texts(Catalogues.load())
    assert text("fr-CF", NOTICE).startswith("Je ne peux pas")
    assert "\n" not in text("fr-CF", NOTICE)


def test_without_a_hint_every_language_has_its_line() -> None:
    """Matrix says nothing of a person's language."""
    catalogues = Catalogues.load()
    lines = offline_texts(catalogues)(None, NOTICE).splitlines()
    assert lines == [catalogues.text(one, NOTICE) for one in catalogues.languages.offered]
    assert len(lines) == len(set(lines)) >= 2
