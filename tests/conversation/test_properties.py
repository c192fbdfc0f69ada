"""Random conversations over an interview with every kind of step."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conversation import (
    Chose,
    Deleted,
    Edited,
    Event,
    Said,
    Sent,
    Silence,
    Started,
    State,
    dump_state,
    load_state,
    normalise,
)
from conversation import effects as fx
from tests.conversation.talking import DIRECTORY, KEYWORDS, Person

SENTINEL = "Zqxj7 told"
"""Typed again and again; must never be said."""

Move = tuple[str, Any]

WORDS = st.sampled_from(
    [*KEYWORDS, "0", "1", "2", "3", "4", "1 2", "3 1", "12/3/2026", "2025", "+", "-", "yes", "no",
     "north", "ri", SENTINEL, f"  {SENTINEL}\u200b", "", "\u200b", "🙂", "x", "00"]
)  # fmt: skip
OTHERS: dict[str, Event] = {
    "stale": Chose("ffffffffffffffff:yes"),
    "media": Sent("photo"),
    "file": Sent("photo", file="f1", size=3, text=SENTINEL),
    "voice": Sent("voice", file="f2", size=3),
    "large": Sent("video", refused="too_large"),
    "spot": Sent("location", spot=(4.4, 18.6)),
    "edit": Edited(SENTINEL),
    "delete": Deleted(),
    "start": Started("x"),
    "exit": Chose("0:!exit"),
}
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.tuples(st.just("press"), st.integers(0, 30)),
    st.tuples(st.just("press"), st.integers(0, 30)),
    st.tuples(st.just("say"), WORDS.filter(lambda w: w not in {"x", "00", "exit", "leave"})),
    st.tuples(st.just("any"), st.sampled_from(list(OTHERS))),
    st.tuples(st.just("say"), st.text(max_size=12)),
    st.tuples(st.just("wait"), st.sampled_from([31, 72 * 60])),
)


def move(person: Person, made: Move) -> Event:
    """Carry out one random move; returns the event it was."""
    kind, what = made
    event: Event = Said(str(what))
    minutes = 1
    if kind == "press" and person.replies:
        # The questions' own options are likelier than the footer's.
        reply = person.replies[-1]
        buttons = [o.token for o in (*reply.options * 4, *reply.footer)]
        event = Chose(buttons[what % len(buttons)]) if buttons else Said("1")
    elif kind == "any":
        event = OTHERS[what]
    elif kind == "wait":
        minutes = what
    person.does(event, minutes=minutes)
    return event


@given(st.lists(MOVES, max_size=60), st.sampled_from(["telegram", "signal"]), st.booleans())
def test_every_conversation_is_answered_and_echoes_nothing(
    moves: list[Move], channel: str, signed: bool
) -> None:
    """Never a crash, a dead end, a silence, or a word of hers said back."""
    person = Person(channel=channel, sign_matches=signed or None)
    for made in moves:
        event = move(person, made)
        if not isinstance(event, Deleted):
            assert person.replies, event
        assert SENTINEL not in repr(person.replies)
        assert SENTINEL not in repr(person.state)
        shown = person.state.mode in {"asking", "menu", "human", "confirm_erase", "distress"}
        if shown and not isinstance(event, Deleted):
            assert person.replies[-1].parts
            assert "exit" in person.footer()
        if isinstance(event, Sent) and event.file:
            kept = [e.file for e in person.found(fx.Attach)]
            dropped = [e.file for e in person.found(fx.DropFile)]
            assert [event.file] in (kept, dropped)


@given(st.lists(MOVES, max_size=40))
def test_leaving_works_in_every_state(moves: list[Move]) -> None:
    """Wherever she is: one word, one neutral line, and only a greeting next."""
    person = Person()
    for made in moves:
        move(person, made)
    person.says("00")
    assert person.ids() == ["engine/goodbye/text"]
    assert person.found(fx.Leave)
    assert person.says("hello").ids() == ["engine/greeting/text"]


@given(st.lists(MOVES, max_size=60))
def test_effects_keep_their_promises(moves: list[Move]) -> None:
    """One item number an item; nothing of part 2 before its consent; help only after a yes."""
    person = Person()
    items: list[int] = []
    opened = False
    for made in moves:
        move(person, made)
        for effect in person.effects:
            if isinstance(effect, fx.Erase | fx.Forget):
                items, opened = [], False
            if isinstance(effect, fx.OpenAccount):
                opened = True
            if isinstance(effect, fx.Record):
                assert opened or effect.compartment in {"brief", "medical", "routing"}
                assert (effect.text is None) == (effect.item is None)
                assert effect.text is None or effect.value is None
                items += [effect.item] if effect.item is not None else []
            if isinstance(effect, fx.AskHelp):
                consents = [e.answer for e in person.everything if isinstance(e, fx.Consent)]
                assert "yes" in consents
        assert len(items) == len(set(items))


def essence(state: State) -> State:
    """All of a state but its button nonce and the time."""
    return load_state(dump_state(replace_fields(state)))


def replace_fields(state: State) -> State:
    """The same state with a fixed nonce, time, number of misses and page."""
    import msgspec

    return msgspec.structs.replace(state, ask="", seen="", misses=0, page=0, items=0)


@given(st.lists(st.integers(0, 30), max_size=25), st.integers(1, 4))
def test_back_then_forward_is_as_if_never_back(presses: list[int], steps: int) -> None:
    """Going back and answering the same leads to the same state, and records nothing anew."""
    person = Person().says("hello")
    answered: list[tuple[str, str, str]] = []
    for press in presses:
        options = person.options()
        if not options or person.state.mode != "asking":
            break
        choice = options[press % len(options)]
        here = (person.state.route, person.state.at, choice)
        done = "!done" in {o.token.partition(":")[2] for o in person.replies[-1].footer}
        person.presses(choice)
        if done:
            person.presses("!done")
        answered.append(here)
    if person.state.mode != "asking":
        return
    before = person.state
    gone = 0
    while gone < steps and "back" in person.footer():
        person.presses("!back")
        gone += 1
    choices = {(route, at): choice for route, at, choice in answered}
    everything = len(person.everything)
    for _ in range(12):
        if person.state.at == before.at and person.state.route == before.route:
            break
        choice = choices[person.state.route, person.state.at]
        if "done" in person.footer():
            person.presses("!done")
        else:
            person.presses(choice)
    assert essence(person.state) == essence(before)
    assert not [e for e in person.everything[everything:] if isinstance(e, fx.Record | fx.Discard)]


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    """The comparable form is stable."""
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(MOVES, max_size=30))
def test_a_long_silence_says_nothing_and_settles(moves: list[Move]) -> None:
    """After silence there is either nothing or a rested request; no draft is left."""
    person = Person()
    for made in moves:
        move(person, made)
    person.does(Silence(72))
    assert person.replies == ()
    assert person.state.answers == {}
    assert person.state.mode in {"new", "closed"}


def test_the_same_arguments_give_the_same_result() -> None:
    """The engine is a function of its arguments."""
    first = Person().says("hello", "1", "1")
    second = Person(directory=replace_directory()).says("hello", "1", "1")
    assert first.state == second.state
    assert first.replies == second.replies
    assert replace(first).state == first.state or first.state.mode != "new"


def replace_directory() -> Any:
    """An equal, other directory object."""
    import msgspec

    return msgspec.structs.replace(DIRECTORY)
