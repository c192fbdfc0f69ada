"""Another version under a running conversation: each outcome is defined, and nothing crashes."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from conversation import Interview, Lexicon, State, adopt, load_interview
from tests.conversation.talking import HERE, KEYWORDS, Person, at, rich
from tests.conversation.test_properties import MOVES, Move, move

SOURCE = (HERE / "rich.yaml").read_text()


def version(*changes: tuple[str, str]) -> Interview:
    """The same document with some lines changed."""
    source = SOURCE
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return load_interview(source.encode(), "rich.yaml", Lexicon.of(KEYWORDS))


def under(person: Person, interview: Interview) -> Person:
    """She goes on under this version."""
    person.interview = interview
    person.state = adopt(person.state, interview, "other")
    return person


WITHOUT_WHEN = version(
    (SOURCE[SOURCE.index("  - id: when_last") : SOURCE.index("  - id: care_windows")], "")
)
RENAMED = (
    version(('18_25: "C"', '19_25: "C"'))
    if '18_25: "C"' in SOURCE
    else version(('"18_25": "C"', '"19_25": "C"'))
)
SHUFFLED = version(
    ("{female: \"A woman\", male: \"A man\", any: \"Either\"}",
     "{any: \"Either\", male: \"A man\", female: \"A woman\"}")
)  # fmt: skip


def test_a_removed_question_gives_way_to_the_one_before() -> None:
    """The step on the screen is gone: the last question before it that still is, asked again."""
    person = under(at(Person(), ["when_last"]), WITHOUT_WHEN)
    assert person.state.at == "area"
    assert person.says("1").ids()[0] == "engine/question_changed/text"
    assert person.says("1").state.at == "needs"


def test_a_removed_answer_is_forgotten() -> None:
    """What was answered to a removed step no longer counts."""
    person = under(at(Person(), ["needs"]), WITHOUT_WHEN)
    assert "when_last" not in person.state.answers
    assert person.state.at == "needs"


def test_a_removed_option_is_no_answer_any_more() -> None:
    """The others stay."""
    person = under(at(Person(), ["needs"]), RENAMED)
    assert "age_band" not in person.state.answers
    assert person.state.answers["area"] == "a1"


def test_numbers_that_moved_are_never_taken() -> None:
    """The question is shown again before a number counts; an old button is stale."""
    person = at(Person(), ["who_answers"])
    token = person.replies[-1].options[0].token
    under(person, SHUFFLED)
    assert person.says("1").state.at == "who_answers"
    assert person.state.answers.get("who_answers") is None
    assert person.ids()[0] == "engine/question_changed/text"
    assert person.says("1").state.answers["who_answers"] == "any"
    again = under(at(Person(), ["who_answers"]), SHUFFLED)
    from conversation import Chose

    again.does(Chose(token))
    assert again.state.at == "who_answers"


def test_a_conversation_that_rests_keeps_what_it_needs() -> None:
    """Coming back works under a new version."""
    person = under(at(Person(), ["more"]).presses("stop"), WITHOUT_WHEN)
    assert person.state.mode == "closed"
    assert "help" in person.state.parts
    person.says("hello", "1", "1")
    assert person.state.at == "returning"


@given(st.lists(MOVES, max_size=30), st.lists(MOVES, max_size=20), st.integers(0, 2))
def test_any_conversation_goes_on_under_any_version(
    before: list[Move], after: list[Move], which: int
) -> None:
    """Whatever she did before, every later message is answered."""
    person = Person(rich())
    for made in before:
        move(person, made)
    under(person, (WITHOUT_WHEN, RENAMED, SHUFFLED)[which])
    twice = adopt(person.state, person.interview, "other")
    assert msgspec.structs.replace(twice, barrier=0) == msgspec.structs.replace(
        person.state, barrier=0
    )
    for made in after:
        move(person, made)
    assert isinstance(person.state, State)
