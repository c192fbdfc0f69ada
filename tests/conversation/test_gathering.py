"""Open questions gather words, files and voice until Done; everywhere else a file is refused."""

import pytest

from conversation import Count, Sent
from conversation import effects as fx
from tests.conversation.talking import Person, at

PHOTO = Sent("photo", file="f1", size=9)


def account() -> Person:
    """At the open question of part 2."""
    return at(Person(), ["account"])


def test_words_come_in_several_messages() -> None:
    """Each message is an item of its own; the next question waits until she is done."""
    person = account().says("SENTINEL one")
    assert person.state.at == "account"
    person.says("SENTINEL two")
    items = [e.item for e in person.everything if isinstance(e, fx.Record) and e.step == "account"]
    assert items == [1, 2]
    assert person.replies[-1].parts[-1].params == {"count": Count(2)}
    assert person.says("done").state.at == "stats_ok"
    assert person.state.answers["account"] == {"items": [1, 2], "files": []}


def test_a_burst_of_files_is_kept_whole() -> None:
    """Ten photos in a row: ten items, no question answered by them."""
    person = account()
    for number in range(10):
        person.does(Sent("photo", file=f"f{number}", size=9))
    attached = [e.file for e in person.everything if isinstance(e, fx.Attach)]
    assert attached == [f"f{number}" for number in range(10)]
    assert person.state.at == "account"


def test_a_caption_is_her_own_words() -> None:
    """What she writes under a photo is kept beside it."""
    person = account().does(Sent("photo", file="f1", text="SENTINEL below"))
    assert [e.text for e in person.found(fx.Record)] == ["SENTINEL below"]
    assert person.found(fx.Attach)[0].item != person.found(fx.Record)[0].item


def test_the_last_one_can_be_taken_back() -> None:
    """A file goes by Detach, words by Discard; with nothing left the question can be skipped."""
    person = account().says("SENTINEL").does(PHOTO).presses("!remove")
    assert person.found(fx.Detach) == [fx.Detach("account", 2)]
    person.presses("!remove")
    assert person.found(fx.Discard) == [fx.Discard("account", 1)]
    assert "account" not in person.state.answers
    assert "skip" in person.footer()


def test_skipping_throws_away_what_was_sent() -> None:
    """A skip is no answer: nothing gathered stays."""
    person = account().says("SENTINEL").does(PHOTO).says("skip")
    assert fx.Discard("account", 1) in person.effects
    assert fx.Detach("account", 2) in person.effects
    assert person.state.answers["account"] is None


@pytest.mark.parametrize("step", ["language", "safe_now", "area", "needs", "count", "stats_ok"])
def test_no_file_is_taken_at_a_closed_question(step: str) -> None:
    """It goes at once, she is told so, and the question stands."""
    person = at(Person(), [step]).does(PHOTO)
    assert person.found(fx.DropFile) == [fx.DropFile("f1")]
    assert not person.found(fx.Attach)
    assert "engine/not_accepted/text" in person.ids()
    assert person.state.at == step


@pytest.mark.parametrize(
    ("refused", "said"),
    [("too_large", "too_large"), ("gone", "file_lost"), ("unreadable", "file_lost")],
)
def test_a_refused_file_is_explained(refused: str, said: str) -> None:
    """She learns why nothing was kept, and can go on."""
    person = account().does(Sent("video", refused=refused))
    assert f"engine/{said}/text" in person.ids()
    assert not person.effects


def test_voice_answers_a_question_that_takes_own_words() -> None:
    """Where a place may be written it may be spoken."""
    person = at(Person(), ["incident_place"]).does(Sent("voice", file="v1"))
    assert [e.step for e in person.found(fx.Attach)] == ["incident_place"]
    assert person.state.at == "who_group"


def test_a_spoken_answer_can_be_changed() -> None:
    """Typing instead of what was spoken throws the recording away."""
    person = at(Person(), ["incident_place"]).does(Sent("voice", file="v1")).says("back", "2")
    assert person.found(fx.Detach) == [fx.Detach("incident_place", 1)]
    assert [e.value for e in person.found(fx.Record)] == ["a2"]


def test_a_file_after_a_while_is_kept_and_safety_comes_first() -> None:
    """After half an hour: the file is kept, and she is asked whether she is safe."""
    person = account()
    person.does(PHOTO, minutes=40)
    assert person.found(fx.Attach)
    assert person.ids() == ["rich/safe_now/text"]
    person.says("1")
    assert person.state.at == "account"
    assert "engine/gathered/text" in person.ids()


def test_a_place_pin_is_never_kept_at_the_area() -> None:
    """No exact place: without centres of the areas the list is shown again."""
    person = at(Person(), ["area"]).does(Sent("location", spot=(4.36, 18.55)))
    assert person.ids()[0] == "engine/spot_not_kept/text"
    assert person.effects == ()
    assert "4.36" not in repr(person.state)


def test_words_that_came_with_a_place_are_kept() -> None:
    """At an open question both stay: what was written beside the pin, and where it points."""
    person = account()
    person.does(Sent("location", spot=(4.36, 18.55), text="the blue house"))
    words = [one.text for one in person.found(fx.Record)]
    assert words == ["the blue house", "4.36000, 18.55000"]
