"""Random conversations through every interview that ships, rendered for every messenger.

Never a crash, a dead end, a silence, a lost answer, an answer that lands at another question, or a
word of hers said back. The state is written and read again at every turn (see ``talking``).
"""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.content import Edition, load_content
from conversation import Deleted, Said, Sent, State
from conversation import effects as fx
from i18n import CAPABILITIES, languages, render
from i18n.splitting import cost
from tests.conversation.talking import START, Person
from tests.conversation.test_properties import MOVES, SENTINEL, Move, move


@cache
def editions() -> dict[str, Edition]:
    """Every interview that ships, with its texts."""
    return load_content(None).present  # type: ignore[arg-type]  # no database is touched


LOCALES = tuple(row.id for row in languages().rows() if row.offered)
ADULT = [("say", word) for word in ("hello", "1", "1", "1", "4")]


def begun(name: str, channel: str, locale: str) -> Person:
    """Somebody at the first question of an interview, in this language."""
    person = Person(editions()[name].interview, channel=channel)
    person.says("hello")
    return person.says(str(person.options().index(locale) + 1))


def check_rendering(person: Person, name: str, locale: str) -> None:
    """Everything fits its messenger and exists in the language, or in English."""
    catalogues = editions()[name].catalogues
    for reply in person.replies:
        capabilities = CAPABILITIES[person.channel]
        bubbles = render(reply, person.state.locale or locale, capabilities, catalogues, now=START)
        assert bubbles
        for bubble in bubbles:
            assert bubble.text.strip() or bubble.buttons or bubble.neutral
            assert cost(bubble.text, capabilities.unit) <= capabilities.max_text
            assert SENTINEL not in bubble.text
    assert not catalogues.gaps, catalogues.gaps


def check_place(before: State, person: Person) -> None:
    """What is recorded belongs to the question that was on the screen."""
    for effect in person.effects:
        if isinstance(effect, fx.Record | fx.Attach):
            assert effect.step == before.at, (effect.step, before.at)


def check_kept(before: State, said: str, person: Person) -> None:
    """Own words at an open question are recorded, whatever they are."""
    step = person.interview.steps.get(before.at)
    plain = said == SENTINEL and before.mode == "asking" and not before.stale
    if step is None or step.kind not in {"text", "media"} or not plain:
        return
    assert [e.text for e in person.found(fx.Record)] == [said]


@settings(deadline=None)
@given(
    st.sampled_from(sorted(editions())),
    st.sampled_from(sorted(CAPABILITIES)),
    st.sampled_from(LOCALES),
    st.booleans(),
    st.lists(MOVES, max_size=60),
)
def test_every_message_is_answered(
    name: str, channel: str, locale: str, adult: bool, moves: list[Move]
) -> None:
    """In every interview, on every channel, in every language that is offered."""
    person = begun(name, channel, locale)
    for made in (ADULT[2:] if adult else []) + moves:
        before = person.state
        event = move(person, made)
        assert person.replies or isinstance(event, Deleted), event
        shown = person.state.mode in {"asking", "menu", "human", "distress"}
        if shown and not isinstance(event, Deleted):
            assert "exit" in person.footer()
        check_rendering(person, name, locale)
        check_place(before, person)
        if isinstance(event, Said):
            check_kept(before, event.text, person)
        if isinstance(event, Sent) and event.file:
            assert person.found(fx.Attach) or person.found(fx.DropFile)
