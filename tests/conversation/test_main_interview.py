"""The interview that ships loads, every way through it ends, and every message it needs exists."""

from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import conversation
from backend.content import read_interview
from conversation import Deleted, Interview, texts
from conversation import effects as fx
from conversation.replies import Param, Ref, Several
from i18n import phrases
from tests.conversation.talking import Person
from tests.conversation.test_properties import MOVES, SENTINEL, Move, move

FILE = Path(conversation.__file__).parent / "interviews" / "conflict-sexual-violence.yaml"


@cache
def shipped() -> Interview:
    """The main interview with every command word."""
    return read_interview(FILE)


@cache
def known() -> frozenset[str]:
    """Every message id that has a source text."""
    return frozenset(t.id for t in texts(shipped())) | {p.id for p in phrases.load()}


def needed(person: Person) -> set[str]:
    """Every message id in what was said last."""
    found: set[str] = set()

    def look(param: Param) -> None:
        if isinstance(param, Ref):
            found.add(param.id)
        if isinstance(param, Several):
            for item in param.items:
                look(item)

    for reply in person.replies:
        for part in reply.parts:
            found.add(part.id)
            for param in part.params.values():
                look(param)
        for option in (*reply.options, *reply.footer):
            look(option.label)
    return found


@given(st.lists(MOVES, max_size=80), st.sampled_from(["telegram", "signal", "matrix", "page"]))
def test_random_ways_through_the_main_interview(moves: list[Move], channel: str) -> None:
    """Every message is answered, every text exists, nothing of hers is said back."""
    person = Person(shipped(), channel=channel)
    for made in moves:
        event = move(person, made)
        assert person.replies or isinstance(event, Deleted)
        assert needed(person) <= known(), needed(person) - known()
        assert SENTINEL not in repr(person.replies)


def run(person: Person, presses: dict[str, str]) -> list[str]:
    """Press one option a question until the interview rests; returns the questions in order."""
    person.says("hello")
    seen: list[str] = []
    for _ in range(60):
        if person.state.mode == "closed":
            return seen
        seen.append(person.state.at)
        option = presses.get(person.state.at)
        if option is None:
            person.says("skip")
        elif "done" in person.footer():
            person.presses(option, "!done")
        elif option in person.options():
            person.presses(option)
        else:
            person.says(option)
    raise AssertionError(seen)


SHORT = {
    "language": "en", "safe_now": "yes", "for_whom": "me", "age_band": "18_25",
    "urgent_now": "none", "area": "a1", "when_last": "0_3_days", "needs": "psychosocial_service",
    "who_answers": "any", "ask_help": "yes", "reply_here": "any_time", "sign": "rose",
    "return_code": "kept", "more": "stop",
}  # fmt: skip


def test_the_short_version_brings_help() -> None:
    """Part 1, as short as it gets: about eleven answers, one alert, one submission."""
    person = Person(shipped())
    run(person, SHORT)
    assert len([e for e in person.everything if isinstance(e, fx.AskHelp)]) == 1
    assert fx.Submit(1) in person.everything
    assert person.everything[-1] == fx.Reduce()


def test_skipping_everything_reaches_the_signposts() -> None:
    """SKIP001: nothing has to be answered to be shown who helps."""
    person = Person(shipped())
    run(person, {"safe_now": "yes", "for_whom": "me"})
    assert not [e for e in person.everything if isinstance(e, fx.AskHelp | fx.OpenAccount)]


def test_under_18_there_is_no_account() -> None:
    """CHILD001: a young person is never asked what happened."""
    for band in ("0_11", "12_17"):
        person = Person(shipped())
        seen = run(person, {**SHORT, "age_band": band, "ask_help_child": "yes", "more": "now"})
        assert not {"keep_account", "account", "acts", "evidence_ok"} & set(seen)


def test_under_18_nobody_is_asked_to_add_when_coming_back() -> None:
    """CHILD001: neither in this chat nor, by a code, where no age is known."""
    person = Person(shipped())
    run(person, {**SHORT, "age_band": "12_17", "ask_help_child": "yes", "reply_here": "no"})
    assert "add" not in person.says("hello", "1", "1").options()
    grown = Person(shipped())
    run(grown, {**SHORT, "reply_here": "no"})
    assert "add" in grown.says("hello", "1", "1").options()
    other = Person(shipped(), code_matches=True).says("1234 5678 9012 3456")
    other.code_matches = None
    assert "add" not in other.says("1", "1").options()


def test_care_comes_before_the_account() -> None:
    """MED001 and LIM001: care windows and the limits are said before anything is told."""
    order = [step.id for step in shipped().routes["main"].steps]
    assert order.index("limits") < order.index("care_windows") < order.index("keep_account")
