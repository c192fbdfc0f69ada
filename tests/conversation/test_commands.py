"""Commands work in every state; leaving needs no confirmation."""

import pytest

from conversation import Chose, Deleted, Edited, Sent, Started
from conversation import effects as fx
from tests.conversation.talking import Person, at

PLACES = ["language", "safe_now", "for_whom", "needs", "reply_here", "sign", "return_code",
          "count", "incident_place", "account", "review"]  # fmt: skip


@pytest.mark.parametrize("word", ["00", "x", "X", "❌", "✕", "٠٠", "leave", "exit", "/leave"])
@pytest.mark.parametrize("place", PLACES)
def test_leaving_is_immediate_everywhere(place: str, word: str) -> None:
    """One word, no question: a neutral line, and the next message gets only the greeting."""
    person = at(Person(), [place]).says(word)
    assert person.ids() == ["engine/goodbye/text"]
    assert person.replies[0].neutral
    assert person.found(fx.Leave)
    assert person.says("hi").ids() == ["engine/greeting/text"]


@pytest.mark.parametrize("over", ["0", "erase", "pause", "language", "human"])
def test_leaving_works_over_whatever_lies_over_the_question(over: str) -> None:
    """Menus, confirmations and pauses do not hold her."""
    person = at(Person(), ["needs"]).says(over, "00")
    assert person.ids() == ["engine/goodbye/text"]


def test_a_stale_exit_button_still_leaves() -> None:
    """✕ works on every bubble that is still on the screen."""
    person = at(Person(), ["needs"]).does(Chose("0000000000000000:!exit"))
    assert person.found(fx.Leave)


def test_the_menu_is_numbered_and_every_line_works() -> None:
    """0 opens the menu; its numbers are the commands."""
    person = at(Person(), ["needs"]).says("0")
    assert person.options() == (
        [
            "help",
            "repeat",
            "back",
            "skip",
            "pause",
            "language",
            "voice",
            "pictures",
            "status",
            "human",
            "erase",
            "leave",
        ]
    )
    assert "engine/help/text" in person.says("1").ids()
    assert person.says("0", "3").state.at == "when_last"
    assert person.says("0", "12").ids() == ["engine/goodbye/text"]


def test_language_can_change_anywhere_and_redraws() -> None:
    """The picker lies over the question, which is then drawn again."""
    person = at(Person(), ["needs"]).says("language")
    assert person.replies[-1].picker
    person.says("2")
    assert person.state.locale == "fr"
    assert person.state.at == "needs"
    assert person.ids()[0] == "engine/language_changed/text"


def test_erase_asks_once_and_ends_in_one_line() -> None:
    """No goes back to the question; yes erases and starts over."""
    person = at(Person(), ["needs"]).says("erase", "2")
    assert person.state.at == "needs"
    person.says("erase", "1")
    assert person.found(fx.Erase)
    assert person.ids() == ["engine/erased/text"]
    assert person.state.answers == {}
    assert person.says("hi").ids() == ["engine/greeting/text"]


def test_what_was_sent_is_erased_after_a_second_yes() -> None:
    """No at either question goes back to where she was."""
    person = at(Person(sent=True), ["needs"]).says("erase", "1")
    assert person.ids() == ["engine/erase_sent_now/text"]
    assert person.options() == ["now", "no"]
    assert person.says("no").state.at == "needs"
    assert not person.found(fx.Erase)
    assert person.says("erase", "1", "1").found(fx.Erase) == [fx.Erase()]


def test_whoever_has_a_code_may_erase_later() -> None:
    """The answer is the same one line."""
    person = at(Person(sent=True, code_kept=True), ["needs"]).says("erase", "1")
    assert person.options() == ["now", "later", "no"]
    assert person.says("2").found(fx.Erase) == [fx.Erase(later=True)]
    assert person.ids() == ["engine/erased/text"]


def test_pause_and_going_on() -> None:
    """After a pause the next message is taken as an answer if it is one."""
    person = at(Person(), ["needs"]).says("pause")
    assert person.ids() == ["engine/paused/text"]
    assert "engine/resumed/text" in person.says("what").ids()
    assert person.says("pause", "2").state.at == "who_answers"


def test_skip_is_taken_everywhere_and_never_asked_again() -> None:
    """An all-skip run on the path me passes the signposts and ends."""
    person = at(Person(), ["age_band"])
    seen: list[str] = []
    for _ in range(20):
        if person.state.mode == "closed":
            break
        seen.append(person.state.at)
        person.says("skip")
    assert person.state.mode == "closed"
    assert len(seen) == len(set(seen))
    assert person.everything[-1] == fx.Reduce()
    assert not [e for e in person.everything if isinstance(e, fx.AskHelp | fx.Record)]


def test_edits_media_and_deletions_get_a_kind_answer_and_lose_nothing() -> None:
    """What is no answer changes nothing that was told."""
    person = at(Person(), ["needs"])
    before = dict(person.state.answers)
    assert "engine/edited_ignored/text" in person.does(Edited("my words")).ids()
    assert "engine/not_accepted/text" in person.does(Sent("photo")).ids()
    assert "engine/deleted_seen/text" in person.does(Deleted()).ids()
    assert "rich/needs/text" in person.does(Started("")).ids()
    assert person.state.answers == before


def test_an_edit_that_says_leave_leaves() -> None:
    """She may change her last message into the exit word."""
    assert at(Person(), ["needs"]).does(Edited("00")).found(fx.Leave)


def test_a_person_can_be_asked_for_from_anywhere() -> None:
    """Area, who answers, the consent: then back to the question she was at."""
    person = at(Person(), ["for_whom"]).says("human")
    assert person.state.at == "area"
    person.says("1", "3")
    assert person.state.at == "ask_help"
    person.says("1")
    asked = person.found(fx.AskHelp)[0]
    assert (asked.needs, asked.urgency, asked.area) == (("unsure",), "normal", "a1")
    person.says("3", "1")
    assert person.state.at == "for_whom"
    assert "engine/human_already/text" in person.says("human").ids()


def test_back_stops_at_a_consent() -> None:
    """What was agreed to is not undone by going back."""
    person = at(Person(), ["reply_here"]).says("back")
    assert person.ids()[0] == "engine/back_stops/text"
    assert "back" not in person.footer()


def test_back_keeps_what_still_applies_and_discards_the_rest() -> None:
    """Changing an answer discards only the later answers that it made irrelevant."""
    person = at(Person(), ["incident_date"])
    assert person.state.answers["many_people"] == "yes"
    person.says("back", "back")
    assert person.state.at == "count"
    person.says("3")
    assert person.found(fx.Discard) == [fx.Discard("many_people")]
    assert person.found(fx.Correct)[0].value == 3
    assert person.state.at == "incident_date"


def test_an_answer_can_be_changed_at_the_review() -> None:
    """`Change` names the answers by their questions; her own words are never shown."""
    person = at(Person(), ["review"])
    assert "engine/review_line/text" in person.ids()
    person.presses("correct")
    assert person.options()[0] == "count"
    person.presses("account").says("SENTINEL again")
    added = person.found(fx.Record)[0]
    assert (added.step, added.text, added.item) == ("account", "SENTINEL again", 2)
    assert person.says("done").state.at == "review"
