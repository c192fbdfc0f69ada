"""Transcripts are the specification of conversations: what is typed and said, word for word.

`make transcripts` writes them anew; read the diff. The state is written as JSON and read back at
every turn.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from backend.content import load_content
from conversation import (
    Area,
    CaseStatus,
    Context,
    Directory,
    Member,
    Organisation,
    Said,
    Service,
    Team,
    advance,
    begin,
    dump_state,
    load_state,
)
from i18n import CAPABILITIES, render

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
NORTH = Area("north", {"en": "North", "fr": "Nord"})
RIVER = Area("river", {"en": "River", "fr": "Fleuve"})
TOWN = Directory(
    areas=(
        Area("north", {"en": "North", "fr": "Nord"}),
        Area("river", {"en": "River", "fr": "Fleuve"}),
    ),
    organisations=(Organisation("lantern", "Lantern (demo)"),),
    services=(
        Service(
            "clinic",
            "lantern",
            "health_medical_service",
            (),
            "Clinic (demo)",
            "Ask at the desk.",
            offers=("hiv_pep", "emergency_contraception"),
            children=True,
        ),
    ),
    teams=(
        Team(
            "first",
            "lantern",
            ("health_medical_service", "child_protection_service"),
            (),
            ("en", "fr"),
            1,
            (Member("ada"),),
            children=True,
        ),
    ),
)
NOBODY = Directory(areas=TOWN.areas, organisations=TOWN.organisations)
PART_1 = "1 1 4 5 2 1 1 3 1 1|%s|1 3"
CASES = {
    "me-part-1.en": ("en", TOWN, "hello|1|" + PART_1 % "blue kite"),
    "me-part-1.fr": ("fr", TOWN, "bonjour|2|" + PART_1 % "cerf bleu"),
    "info.en": ("en", TOWN, "hello|1 1 2|1 2|2 3"),
    "danger.en": ("en", TOWN, "hello|1 3 2 1 1"),
    "child.en": ("en", TOWN, "hello|1 1 1 1 5 1 3 1 1 5 3"),
    "nobody-near.en": ("en", NOBODY, "hello|1 1 1 4 5 1 1 1 3"),
    "not-now.en": ("en", TOWN, "hello|1 2|hello"),
    "menu-and-exit.en": ("en", TOWN, "hello|1 0 1|status|back|x|hello"),
    "unclear.en": ("en", TOWN, "hello|1|what?|what?|what?|2"),
}
"""Locale, directory, and what is typed: `|` parts messages, and digits alone are one each."""


def messages(typed: str) -> list[str]:
    """`1 2` between bars is two answers, except for the one list that is ticked at once."""
    found: list[str] = []
    for part in typed.split("|"):
        single = part != "1 2" and all(word.isdecimal() for word in part.split())
        found += part.split() if single else [part]
    return found


def run(locale: str, directory: Directory, typed: str) -> list[dict[str, object]]:
    """Every message with what it brought, as Signal (numbered, no buttons) shows it."""
    edition = load_content(None).current  # type: ignore[arg-type]  # no database is touched
    state = begin(edition.interview, edition.hash)
    turns: list[dict[str, object]] = []
    status = CaseStatus()
    for number, text in enumerate(messages(typed)):
        context = Context(
            now=NOW,
            nonce=number.to_bytes(32, "big"),
            channel="signal",
            buttons=False,
            locale_hint=locale,
            locales=("en", "fr"),
            directory=directory,
            operator="Relais (demo)",
            status=status,
        )
        step = advance(edition.interview, load_state(dump_state(state)), Said(text), context)
        state = step.state
        said = [
            bubble.text
            for reply in step.replies
            for bubble in render(
                reply, state.locale or locale, CAPABILITIES["signal"], edition.catalogues, now=NOW
            )
        ]
        effects = [type(effect).__name__ for effect in step.effects]
        if "AskHelp" in effects:
            status = CaseStatus("received")
        turns.append({"she": text, "bot": said, "effects": effects})
    return turns


@pytest.mark.parametrize("name", CASES)
def test_the_conversation_is_as_written(name: str, write_transcripts: bool) -> None:
    """Nothing that is said changes without somebody reading the change."""
    path = HERE / f"conflict-sexual-violence.{name}.yaml"
    turns = run(*CASES[name])
    if write_transcripts:
        path.write_text(yaml.safe_dump(turns, allow_unicode=True, sort_keys=False, width=96))
    assert turns == yaml.safe_load(path.read_text()), "read the diff of `make transcripts`"
