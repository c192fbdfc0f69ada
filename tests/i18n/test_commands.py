"""Words that are commands in every language at once."""

from pathlib import Path

import pytest

from i18n import COMMANDS, LanguagesError, is_greeting, keyword, keywords, languages, plain
from i18n.commands import collisions, key_of
from i18n.language import Languages, load


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("help", "help"),
        ("  HELP ", "help"),
        ("aide", "help"),
        ("répéter", "repeat"),
        ("repeter", "repeat"),
        ("/stop", "stop"),
        ("/language", "language"),
        ("0", "menu"),
        ("0️⃣", "menu"),
        ("00", "leave"),
        ("٠٠", "leave"),
        ("၀၀", "leave"),
        ("００", "leave"),
        ("x", "leave"),
        ("X", "leave"),
        ("❌", "leave"),
        ("✕", "leave"),
        ("❌\ufe0f", "leave"),
        ("quitter", "leave"),
        ("help me please", None),
        ("no", None),
        ("oui", None),
        ("1", None),
        ("000", None),
        ("skip" * 100, None),
        ("", None),
    ],
)
def test_words(said: str, command: str | None) -> None:
    """A word is a command only when it is the whole message, in any case, script and language."""
    assert keyword(said) == command


def test_every_command_has_a_slash_word() -> None:
    """Each command can be written with a slash."""
    assert {keywords()[f"/{command}"] for command in COMMANDS} == set(COMMANDS)


def test_words_are_stored_as_they_are_looked_up() -> None:
    """Each stored spelling that has no local digits is its own plain form."""
    assert all(plain(w) == w for w in keywords() if not any(c.isdecimal() for c in w))


@pytest.mark.parametrize("locale", [row.id for row in languages().rows() if row.offered])
def test_an_offered_language_has_every_word(locale: str) -> None:
    """A language on offer has its own word for each command that has no sign of its own."""
    wanted = set(COMMANDS) - {"next_page", "previous_page"}
    assert wanted <= set(languages()[locale].keywords)
    assert languages()[locale].greetings


def table(folder: Path, extra: str) -> Languages:
    """The English row and one more."""
    row = (
        'name = "{0}"\ncldr = "{0}"\ndirection = "ltr"\ndigits = "latn"\nfallback = []\n'
        'offered = true\ndraft_mark = "d"\n'
    )
    english = f"[en]\n{row.format('en')}[en.keywords]\nback = ['back']\n"
    path = folder / "languages.toml"
    path.write_text(f"{english}[de]\n{row.format('de')}[de.keywords]\n{extra}", encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    "extra", ["skip = ['Back']", "skip = ['0']", "leave = ['/help']", "more = ['bàck']"]
)
def test_one_word_for_two_commands_is_refused(tmp_path: Path, extra: str) -> None:
    """A word that would mean two commands is an error that names both languages."""
    languages = table(tmp_path, extra)
    with pytest.raises(LanguagesError) as caught:
        keywords(languages)
    (finding,) = caught.value.findings
    assert finding.code == "WORD002"
    assert "[de]" in finding.advice
    assert "choose another word" in finding.advice


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    """A command that does not exist is named, with those that do."""
    (finding,) = collisions(table(tmp_path, "dance = ['tanzen']"))
    assert "`dance`" in finding.advice


def test_the_same_word_for_the_same_command(tmp_path: Path) -> None:
    """Two languages may share a word for one command."""
    assert collisions(table(tmp_path, "back = ['back']")) == ()


def test_keys() -> None:
    """Where there are no buttons a command is typed by its one letter or its sign."""
    assert key_of("skip", "en") == "s"
    assert key_of("back", "fr") == "r"
    assert key_of("leave", "ar") == "٠٠"
    assert key_of("skip", "ar") == ""


@pytest.mark.parametrize(("said", "greets"), [("Hello!", True), ("salut", True), ("yes", False)])
def test_greetings(said: str, greets: bool) -> None:
    """A greeting of any language is known."""
    assert is_greeting(said) is greets
