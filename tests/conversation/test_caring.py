"""Distress in her words: a warm offer, never an alert without a yes, never a closed path."""

from dataclasses import replace as copied

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation import Lexicon, load_interview
from conversation import effects as fx
from conversation.lexicon import find
from tests.conversation.talking import HERE, KEYWORDS, Person, at

LEXICON = Lexicon.of(
    KEYWORDS,
    {"want to die": "self_harm", "he is here": "danger", "je saigne": "medical"},
    {"journalist": "journalist", "i did it": "did_it"},
)
CARING = load_interview((HERE / "rich.yaml").read_bytes(), "rich.yaml", LEXICON)


def person() -> Person:
    """Somebody whose words are listened to."""
    return Person(CARING)


def test_a_distress_word_offers_a_person() -> None:
    """DIST001: the words are kept, the offer has three ways, nobody is told."""
    her = at(person(), ["account"]).says("I want to die, SENTINEL")
    assert her.found(fx.Record)
    assert her.options() == ["human", "near", "go_on"]
    assert not her.found(fx.AskHelp)


def test_go_on_is_the_same_question_and_the_class_is_silent() -> None:
    """She is not asked twice about the same, and her words are there."""
    her = at(person(), ["account"]).says("I want to die").presses("go_on")
    assert her.state.at == "account"
    assert her.state.mode == "asking"
    assert her.says("I still want to die").state.mode == "asking"
    assert her.says("done").state.at == "stats_ok"


def test_self_harm_is_asked_once_more_at_the_close() -> None:
    """Before the goodbye a person is offered once more; then it ends as it would have."""
    her = at(person(), ["account"]).says("I want to die").presses("go_on", "!done")
    at(her, ["review"]).says("1")
    assert her.options() == ["human", "near", "go_on"]
    her.presses("go_on")
    assert her.state.mode == "closed"
    assert [e for e in her.everything if isinstance(e, fx.Submit)] == [fx.Submit(1), fx.Submit(2)]


def test_distress_is_heard_at_a_closed_question_too() -> None:
    """What is typed in the place of a number is not only unclear."""
    her = at(person(), ["needs"]).says("he is here")
    assert her.options() == ["human", "near", "go_on"]
    her.presses("near")
    assert her.state.at == "needs"
    assert her.state.mode == "asking"


def test_distress_while_dating_keeps_the_answer_and_goes_on() -> None:
    """Own words at a date are kept; after the offer the next question comes."""
    her = at(person(), ["incident_date"]).says("the night when he is here")
    assert her.found(fx.Record)[0].text
    assert her.state.mode == "distress"
    assert her.presses("go_on").state.at == "incident_place"


def test_a_remark_is_answered_and_the_question_stays() -> None:
    """Somebody else than a survivor gets a plain answer; nothing is recorded."""
    her = at(person(), ["needs"]).says("I am a journalist")
    assert her.ids()[0] == "engine/remark_journalist/text"
    assert her.state.at == "needs"
    assert her.effects == ()


def test_who_says_that_he_did_it_is_shown_help_for_the_hurt() -> None:
    """No record; where health care is, if the directory knows."""
    him = at(person(), ["needs"]).says("I did it")
    assert him.ids()[:2] == ["engine/remark_did_it/text", "engine/service_line/text"]
    assert him.effects == ()


def test_remarks_are_never_looked_for_in_an_account() -> None:
    """At an open question every word is hers."""
    her = at(person(), ["account"]).says("they said I did it")
    assert her.found(fx.Record)
    assert her.ids() == ["engine/gathered/text"]


@pytest.mark.parametrize("text", ["", "die", "I wanted to diet", "wantto die"])
def test_only_whole_words_count(text: str) -> None:
    """Half a word means nothing."""
    assert find(LEXICON.distress, text) == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_phrase_is_found_anywhere(before: str, after: str) -> None:
    """Whatever stands around it."""
    assert find({"want to die": "self_harm"}, f"{before} want to die {after}") == "self_harm"


def test_the_lexicon_is_a_value() -> None:
    """Equal words, equal lexicons."""
    assert copied(LEXICON) == LEXICON
