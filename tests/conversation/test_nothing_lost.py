"""What she writes or sends is kept wherever it meets the interview; what she is told holds."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from conversation import Chose, Lexicon, Said, Sent, load_interview
from conversation import effects as fx
from tests.conversation.talking import HERE, KEYWORDS, Person, at

LEXICON = Lexicon.of(KEYWORDS, {"want to die": "self_harm", "he is here": "danger"}, {})
CARING = load_interview((HERE / "rich.yaml").read_bytes(), "rich.yaml", LEXICON)


def telling() -> Person:
    """Somebody at the open question of the account."""
    return at(Person(CARING), ["account"])


def kept(person: Person) -> list[str]:
    """Her own words that the last step recorded."""
    return [one.text for one in person.found(fx.Record) if one.text is not None]


# -- over the question --------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["0", "erase", "he is here"])
def test_words_written_over_an_open_question_are_kept(over: str) -> None:
    """Under the menu, "erase?" or an offer, her words go to the question, and that is said."""
    person = telling().says(over)
    mode = person.state.mode
    person.says("they came at night")
    assert kept(person) == ["they came at night"]
    assert person.ids()[0] == "engine/gathered_aside/text"
    assert person.state.mode == mode


@pytest.mark.parametrize("over", ["0", "erase", "he is here"])
def test_a_file_sent_over_an_open_question_is_kept(over: str) -> None:
    """So is a voice message, and what lies over the question stays there."""
    person = telling().says(over)
    mode = person.state.mode
    person.does(Sent("voice", file="f1", size=9))
    assert [one.file for one in person.found(fx.Attach)] == ["f1"]
    assert not person.found(fx.DropFile)
    assert person.state.mode == mode


def test_numbers_and_names_of_options_are_no_words_of_hers() -> None:
    """A number that is not on the list, and an option's own name, are not taken for her account."""
    person = telling().says("0", "77")
    assert not kept(person)
    assert person.ids()[0] == "engine/unclear_first/text"
    assert telling().says("erase").says("yes").found(fx.Erase)


def test_distress_over_the_menu_is_heard() -> None:
    """Words of distress under the menu are kept, and a person is offered."""
    person = telling().says("0", "I want to die")
    assert kept(person) == ["I want to die"]
    assert person.state.mode == "distress"


def test_a_closed_question_keeps_no_words_under_the_menu() -> None:
    """Where numbers are asked for, words are unclear as they are without the menu."""
    person = at(Person(CARING), ["needs"]).says("0", "hello there")
    assert not kept(person)
    assert person.state.mode == "menu"


def test_a_voice_answer_to_a_place_passes_through_the_menu() -> None:
    """A question that takes her voice takes it under the menu too, and goes on."""
    person = at(Person(CARING), ["incident_place"]).says("0")
    person.does(Sent("voice", file="f1", size=9))
    assert [one.file for one in person.found(fx.Attach)] == ["f1"]
    assert person.state.at == "who_group"


# -- a while away -------------------------------------------------------------------------------


def test_distress_after_a_while_away_is_answered_once_she_is_safe() -> None:
    """Safety first; then, over the question where she was, a person is offered."""
    person = telling().does(Said("I want to die"), minutes=31)
    assert kept(person) == ["I want to die"]
    assert person.state.at == "safe_now"
    assert person.says("1").options() == ["human", "near", "go_on"]
    assert person.presses("go_on").state.at == "account"
    assert person.state.mode == "asking"


def test_a_stale_number_after_a_while_away_is_no_answer() -> None:
    """Her edition was lost: the number she saw may mean something else, a consent even."""
    person = at(Person(CARING), ["ask_help"])
    person.state = replace(person.state, stale=True)
    person.does(Said("1"), minutes=31)
    assert not person.found(fx.Consent)
    assert not person.found(fx.AskHelp)
    person.says("1")
    assert person.state.at == "ask_help"
    assert not person.state.stale


def test_her_words_under_a_changed_edition_are_kept() -> None:
    """At an open question words are words, whatever the numbers mean."""
    person = telling()
    person.state = replace(person.state, stale=True)
    person.says("they came at night")
    assert kept(person) == ["they came at night"]
    assert person.ids()[0] == "engine/question_changed/text"


@pytest.mark.parametrize("minutes", [1, 31])
def test_words_under_the_menu_after_a_while_are_kept(minutes: int) -> None:
    """Half an hour makes no difference to what is kept; the menu's own words are not."""
    person = telling().says("0").does(Said("they came at night"), minutes=minutes)
    assert kept(person) == ["they came at night"]
    assert not kept(telling().says("0").does(Said("2"), minutes=minutes))


# -- the review ---------------------------------------------------------------------------------


def unsent() -> Person:
    """Somebody at the review who wants it kept only if she sends it."""
    return at(at(Person(CARING), ["keep_account"]).says("2"), ["review"])


def test_a_skip_at_the_review_says_first_what_it_would_do() -> None:
    """Nothing is destroyed by one careless letter."""
    person = unsent().says("s")
    assert not person.effects
    assert person.ids()[0] == "engine/review_skip/text"
    assert person.state.at == "review"
    assert person.says("1").found(fx.Submit) == [fx.Submit(2)]


def test_a_second_skip_lets_it_go_and_says_so() -> None:
    """What she did not send is erased, and she is told."""
    person = unsent().says("s", "s")
    assert fx.Discard("count") in person.effects
    assert not person.found(fx.Submit)
    assert "engine/account_gone/text" in person.ids()


def test_looking_back_begins_the_warning_anew() -> None:
    """Who changes an answer after the warning is warned again."""
    person = at(unsent().says("s", "2", "1", "7"), ["review"])
    assert person.says("s").ids()[0] == "engine/review_skip/text"


def test_kept_words_are_sent_by_a_skip() -> None:
    """Who wanted it kept whatever happens has it sent."""
    person = at(Person(CARING), ["review"]).says("s")
    assert person.found(fx.Submit) == [fx.Submit(2)]
    assert "engine/account_gone/text" not in person.ids()


# -- the sign -----------------------------------------------------------------------------------


def asked_for_the_sign() -> Person:
    """Somebody who comes back and is asked for the word she chose."""
    person = at(Person(CARING), ["more"]).presses("stop")
    person.sign_matches = False
    return person.says("hi", "1", "1")


def test_who_skips_the_sign_begins_apart() -> None:
    """One skip only says what follows; the second begins anew, without anything of the case."""
    person = asked_for_the_sign().says("s")
    assert person.ids()[0] == "engine/sign_skip/text"
    assert not person.effects
    person.says("s")
    assert person.found(fx.Apart)
    assert person.state.at == "for_whom"
    assert not person.state.kept
    assert not person.state.parts


def test_what_is_told_apart_has_a_name_of_its_own() -> None:
    """Items of one telling never take the place of another's, whichever case they land in."""
    person = asked_for_the_sign()
    assert person.state.run == ""
    first = person.says("s", "s").state.run
    assert first
    again = at(Person(CARING), ["more"]).presses("stop")
    again.sign_matches = None
    again.says("hi", "1", "1").presses("new")
    assert again.state.run


def test_signs_cannot_be_guessed() -> None:
    """After five wrong ones the right one is wrong too, for an hour."""
    person = asked_for_the_sign()
    for _ in range(5):
        person.says("thistle")
        assert person.ids() == ["engine/sign_wrong/text"]
        person.says("hi", "1", "1")
    person.sign_matches = True
    assert person.says("rose").ids() == ["engine/sign_wrong/text"]
    person.now += timedelta(hours=1)
    person.says("hi", "1", "1", "rose")
    assert "status" in person.options()


def test_beginning_apart_gives_no_more_guesses() -> None:
    """The count of wrong signs outlives the skip and the end of what follows it."""
    person = asked_for_the_sign()
    for _ in range(5):
        person.says("thistle", "hi", "1", "1")
    person.says("s", "s", "00", "hi", "1", "1")
    person.sign_matches = True
    assert person.says("rose").ids() == ["engine/sign_wrong/text"]


def test_a_right_sign_of_an_earlier_request_takes_that_up() -> None:
    """Who began apart by mistake comes back to her own request with her sign."""
    person = asked_for_the_sign().says("s", "s", "00", "hi", "1", "1")
    person.sign_matches = person.sign_of_earlier = True
    person.says("rose")
    person.sign_of_earlier = False
    assert person.found(fx.ComeBack)
    assert person.options()[0] == "status"
    assert person.does(Chose(f"{person.state.ask}:status")).ids()[0].startswith("engine/status_")
