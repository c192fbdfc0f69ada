"""What holds for every interview that ships, on every path: help, children, danger, length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation import Directory
from conversation import effects as fx
from conversation.review import ACCOUNT
from tests.conversation.interviewing import (
    ASKED,
    CRIMES,
    HELPING,
    INFO,
    MAIN,
    NAMES,
    OF_PART_2,
    SHIPPED,
    TOLD,
    TOWN,
    UNCOUNTED,
    WAY,
    WITNESS,
    answer,
    recorded,
    run,
    shipped,
)
from tests.conversation.talking import Person


def test_four_interviews_ship() -> None:
    """Each loads, and nothing else ships."""
    assert set(NAMES) == SHIPPED
    assert [shipped(name).id for name in NAMES] == list(NAMES)


@pytest.mark.parametrize("directory", [TOWN, Directory()], ids=["town", "nobody"])
@pytest.mark.parametrize("path", [{}, HELPING, WITNESS, INFO], ids=["me", "helping", "saw", "info"])
@pytest.mark.parametrize("name", NAMES)
def test_every_path_ends_with_words(name: str, path: dict[str, str], directory: Directory) -> None:
    """Answered or skipped, with helpers or without: the end says something, in under 40 bubbles."""
    for answers in ({**TOLD, **path}, {"safe_now": "yes", **path, "for_whom": "me", **path}):
        person, asked, bubbles = run(name, answers, directory=directory)
        assert person.state.mode == "closed", asked
        assert any("closing/farewell" in one for one in person.ids()), person.ids()
        assert bubbles < 40, bubbles
        assert len(asked) == len(set(asked)), asked


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_the_language_comes_before_safety(name: str) -> None:
    """SAFE001, in the document and on the screen."""
    assert run(name, TOLD)[1][:2] == ["language", "safe_now"]
    assert [step.id for step in shipped(name).routes["main"].steps[:2]] == ["language", "safe_now"]


@pytest.mark.parametrize("name", NAMES)
def test_the_short_version_is_short(name: str) -> None:
    """At most 12 answers to one request for help."""
    person, asked, _ = run(name, ASKED)
    assert len([one for one in asked if one not in UNCOUNTED]) <= 12, asked
    assert len([e for e in person.everything if isinstance(e, fx.AskHelp)]) == 1
    assert fx.Submit(1) in person.everything
    assert asked[-1] == "more"
    assert not recorded(person, ACCOUNT)


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_is_below_thirty_answers(name: str) -> None:
    """Part 1 and part 2 together, nothing skipped."""
    person, asked, _ = run(name, TOLD)
    assert len([one for one in asked if one not in UNCOUNTED]) < 30, asked
    assert [e.part for e in person.everything if isinstance(e, fx.Submit)] == [1, 2]


@pytest.mark.parametrize("name", NAMES)
def test_care_and_the_limits_come_before_the_account(name: str) -> None:
    """MED001 and LIM001, in the order of the document."""
    order = [step.id for step in shipped(name).routes["main"].steps]
    assert max(order.index("limits"), order.index("care_first"), order.index("care_windows")) < (
        order.index("keep_account")
    )


@pytest.mark.parametrize("needs", [{}, {"needs": "health_medical_service"}], ids=["talk", "health"])
@pytest.mark.parametrize("name", NAMES)
def test_care_that_depends_on_time_is_shown_where_care_is_wanted(
    name: str, needs: dict[str, str]
) -> None:
    """Who asks for health care is asked when it was, and sees what is still possible."""
    asked = run(name, {**ASKED, **needs})[1]
    assert ("when_last" in asked) is (bool(needs) or name == MAIN)


@pytest.mark.parametrize("path", [{}, HELPING, WITNESS], ids=["me", "helping", "saw"])
@pytest.mark.parametrize("band", ["0_11", "12_17"])
@pytest.mark.parametrize("name", NAMES)
def test_a_child_is_never_asked_what_happened(name: str, band: str, path: dict[str, str]) -> None:
    """CHILD001: no account, no files, no evidence, no justice; a request for help all the same."""
    person, asked, _ = run(name, {**TOLD, **path, "age_band": band, "their_age": band})
    assert not OF_PART_2 & set(asked)
    assert not recorded(person, ACCOUNT)
    assert not [e for e in person.everything if isinstance(e, fx.OpenAccount)]
    helped = [e for e in person.everything if isinstance(e, fx.AskHelp)]
    assert [(e.child, e.needs[0]) for e in helped] == [(True, "child_protection_service")]
    assert "return_code" in asked
    assert "closing/farewell_child/text" in person.ids()


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["me", "helping", "saw", "info"]),
    st.sampled_from(["0_11", "12_17", "18_25"]),
    st.lists(st.integers(-1, 14), min_size=70, max_size=70),
)
def test_whatever_is_chosen_a_child_tells_nothing(
    name: str, path: str, band: str, choices: list[int]
) -> None:
    """Any option or a skip at any question: it ends, asks nothing twice, and CHILD001 holds."""
    person = Person(shipped(name), directory=TOWN).says("hello")
    fixed = {"safe_now": "yes", "for_whom": path, "age_band": band, "their_age": band}
    asked: list[str] = []
    for choice in choices:
        if person.state.mode != "asking":
            break
        asked.append(person.state.at)
        options = person.options()
        picked = options[choice % len(options)] if options and choice >= 0 else None
        answer(person, fixed.get(person.state.at, picked))
    assert person.state.mode in {"closed", "left"}, asked
    under_18 = band != "18_25" and {"age_band", "their_age"} & set(asked)
    assert not under_18 or not (OF_PART_2 & set(asked) or recorded(person, ACCOUNT))


@pytest.mark.parametrize("said", ["not_now", None])
@pytest.mark.parametrize("name", NAMES)
def test_unsafe_keeps_nothing(name: str, said: str | None) -> None:
    """Not now, and no answer, at the first question: one neutral line, and nothing stays."""
    person, asked, _ = run(name, {"safe_now": said} if said else {})
    assert asked == ["language", "safe_now"]
    assert person.everything == [fx.Forget()]


@pytest.mark.parametrize("name", NAMES)
def test_danger_asks_at_once_and_ends(name: str) -> None:
    """In danger: where, who, one consent, contact; no path is chosen, no account begun."""
    answers = {**TOLD, "safe_now": "danger", "urgent_ask": "yes"}
    person, asked, _ = run(name, answers)
    assert asked[2:] == ["area", "who_answers", "urgent_ask", "reply_here", "sign"]
    assert [e.urgency for e in person.everything if isinstance(e, fx.AskHelp)] == ["urgent"]


@pytest.mark.parametrize("name", NAMES)
def test_helping_without_agreement_keeps_nothing_about_the_survivor(name: str) -> None:
    """Asked and refused, not asked, or skipped: words for the helper, and no record at all."""
    for agreed in ("no", "cannot_ask", None):
        answers = {"safe_now": "yes", "for_whom": "helping", "helper_end": "done"}
        person, asked, _ = run(name, answers | ({"agreed": agreed} if agreed else {}))
        assert asked[-2:] == ["agreed", "helper_end"]
        assert not [e for e in person.everything if not isinstance(e, fx.Forget | fx.Reduce)]


@pytest.mark.parametrize("name", NAMES)
def test_who_can_write_is_asked_and_not_the_helper(name: str) -> None:
    """Handed the phone, the survivor gives one age, and is asked nothing meant for a helper."""
    asked = run(name, {**TOLD, **HELPING, "can_write": "yes"})[1]
    assert "age_band" in asked
    assert not {"their_age", "helper_role", "acts_of_other"} & set(asked)


@pytest.mark.parametrize("name", NAMES)
def test_a_witness_can_ask_for_help_without_telling(name: str) -> None:
    """Own needs come after a no to the account as well; one code to come back with."""
    person, asked, _ = run(name, {**TOLD, **WITNESS, "keep_account": "no"})
    assert asked.index("keep_account") < asked.index("own_needs") < asked.index("ask_help")
    assert [e for e in person.everything if isinstance(e, fx.AskHelp)]
    told, asked, _ = run(name, {**TOLD, **WITNESS})
    assert recorded(told, ACCOUNT)
    assert len([e for e in told.everything if isinstance(e, fx.ReturnCode)]) == 1, asked


@pytest.mark.parametrize("name", [MAIN, WAY, CRIMES])
def test_leaving_out_everybody_undoes_nothing_that_was_told(name: str) -> None:
    """A witness who left out both organisations, one at each question, keeps the account."""
    left_out = {"who_group": "ngo_staff", "exclude_again": "o1", "ask_help": "not_these"}
    person, asked, _ = run(name, {**TOLD, **WITNESS, **left_out, "exclude": "o2"})
    assert asked.count("keep_account") == asked.count("who_group") == 1
    assert not [e for e in person.everything if isinstance(e, fx.Discard)]


@pytest.mark.parametrize("name", NAMES)
def test_who_is_elsewhere_is_not_asked_to_tell(name: str) -> None:
    """The service is not open there: information and a farewell, and nothing is kept."""
    person, asked, _ = run(
        name, {**TOLD, "area": "elsewhere", "topic": "care", "info_next": "tell"}
    )
    assert "info_next" not in asked
    assert person.state.mode == "closed"
    assert not {e for e in person.everything if isinstance(e, fx.AskHelp | fx.OpenAccount)}
