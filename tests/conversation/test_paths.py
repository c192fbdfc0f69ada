"""The ways through an interview: help, danger, silence, coming back."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from conversation import Directory, Part, Silence
from conversation import effects as fx
from tests.conversation.talking import DIRECTORY, Person, at


def test_help_is_asked_with_exactly_the_routing_facts() -> None:
    """needs, urgency, area, language, sex; a yes names the organisations that were shown."""
    person = at(Person(), ["ask_help"])
    shown = person.replies[-1].parts[-1].params
    assert set(shown) == {"organisations", "area", "needs"}
    person.says("yes")
    assert person.found(fx.Consent)[0].organisations == ("o1", "o2")
    assert person.found(fx.AskHelp) == [
        fx.AskHelp(("psychosocial_service",), "high", "a1", "en", "any", (), child=False)
    ]


@pytest.mark.parametrize("answer", ["no", "skip"])
def test_no_and_skip_tell_nobody(answer: str) -> None:
    """A consent that is refused or skipped is a no."""
    person = at(Person(), ["ask_help"]).says(answer)
    assert person.found(fx.Consent)[0].answer == "no"
    assert not person.found(fx.AskHelp)


def test_not_these_asks_only_the_others() -> None:
    """Nobody is told before she said whom to leave out."""
    person = at(Person(), ["ask_help"]).presses("not_these")
    assert not person.found(fx.AskHelp)
    assert person.state.at == "exclude"
    person.presses("o1", "!done")
    assert person.found(fx.AskHelp)[0].excluded == ("o1",)
    assert person.found(fx.Consent)[0].organisations == ("o2",)
    assert person.found(fx.Record)[0].compartment == "routing"


def test_leaving_out_nobody_or_everybody_tells_nobody() -> None:
    """Skipping the exclusion, and excluding all, both end in a no."""
    skipped = at(Person(), ["ask_help"]).presses("not_these").says("skip")
    assert [e.answer for e in skipped.found(fx.Consent)] == ["no"]
    everyone = at(Person(), ["ask_help"]).presses("not_these").says("1 2")
    assert [e.answer for e in everyone.found(fx.Consent)] == ["no"]
    assert "engine/nobody_near/text" in everyone.ids()


def test_nobody_to_ask_is_said_instead_of_asked() -> None:
    """Without a helper the consent is not asked."""
    person = Person(directory=with_fields(DIRECTORY, teams=()))
    at(person, ["who_answers"]).says("3")
    assert "engine/nobody_near/text" in person.ids()
    assert person.found(fx.Consent)[0].answer == "no"
    assert not person.found(fx.AskHelp)


def test_a_childs_own_service_comes_first() -> None:
    """Under 18 the child protection service leads the needs, and the urgency is high."""
    person = at(Person(), ["age_band"]).says("1")
    at(person, ["ask_help"]).says("1")
    asked = person.found(fx.AskHelp)[0]
    assert asked.needs[0] == "child_protection_service"
    assert (asked.child, asked.urgency) == (True, "high")


def test_danger_runs_the_urgent_block_and_ends() -> None:
    """In danger: area, help, one consent; no account, and then the end."""
    person = at(Person(), ["safe_now"]).says("3")
    assert person.state.route == "urgent"
    person.says("1", "3", "1")
    asked = person.found(fx.AskHelp)[0]
    assert (asked.urgency, asked.needs) == ("urgent", ("safehouse_service",))
    person.says("3")
    assert person.state.mode == "closed"
    assert person.found(fx.Submit) == [fx.Submit(1)]


def test_something_urgent_is_seen_to_and_the_path_goes_on() -> None:
    """After the block the next question of the path comes; nothing answered is asked again."""
    person = at(Person(), ["urgent_now"]).says("1")
    assert person.state.route == "urgent"
    person.says("1", "3", "no")
    assert (person.state.route, person.state.at) == ("main", "when_last")


def test_back_crosses_the_edge_of_a_block_and_not_its_end() -> None:
    """From the block's first question back leads out of it; after the block it stops."""
    person = at(Person(), ["urgent_now"]).says("1", "back")
    assert (person.state.route, person.state.at) == ("main", "urgent_now")
    assert person.says("3").state.at == "area"
    person = at(Person(), ["urgent_now"]).says("1", "1", "3", "no", "back")
    assert person.ids()[0] == "engine/back_stops/text"


def test_unsafe_before_anything_keeps_nothing() -> None:
    """Not now, at the first question: forgotten, and a greeting next."""
    for answer in ("2", "skip"):
        person = at(Person(), ["safe_now"]).says(answer)
        assert person.effects == (fx.Forget(),)
        assert person.ids() == ["engine/goodbye/text"]
        assert person.says("1").ids() == ["engine/greeting/text"]


def test_the_account_opens_before_its_answers() -> None:
    """Part 2 begins with its consent; nothing goes to its compartments before."""
    person = at(Person(), ["review"]).says("1")
    kinds = [type(effect) for effect in person.everything]
    opened = kinds.index(fx.OpenAccount)
    places = [
        n
        for n, e in enumerate(person.everything)
        if isinstance(e, fx.Record) and e.compartment in {"account", "perpetrator"}
    ]
    assert min(places) > opened
    assert [e.part for e in person.everything if isinstance(e, fx.Submit)] == [1, 2]
    assert person.state.mode == "closed"
    assert person.state.answers == {}


def test_silence_keeps_or_drops_as_she_chose() -> None:
    """After `keep` silence sends; after `drop` it destroys; it never says a word."""
    kept = at(Person(), ["account"]).does(Silence(72))
    assert [e for e in kept.effects if not isinstance(e, fx.Code)] == [fx.Submit(2), fx.Reduce()]
    dropped = at(Person(), ["keep_account"]).says("2", "5")
    dropped.does(Silence(72))
    assert fx.Discard("count") in dropped.effects
    assert not dropped.found(fx.Submit)
    assert kept.replies == dropped.replies == ()


def test_silence_in_part_1() -> None:
    """A short silence is nothing; a long one rests a request, and forgets where there is none."""
    person = at(Person(), ["needs"])
    assert person.does(Silence(24)).effects == ()
    assert person.state.at == "needs"
    assert person.does(Silence(72)).effects == (fx.Forget(),)
    asked = at(Person(), ["reply_here"]).does(Silence(72))
    assert [e for e in asked.effects if not isinstance(e, fx.Code)] == [fx.Submit(1), fx.Reduce()]
    assert asked.state.mode == "closed"


def rested() -> Person:
    """Someone who asked for help, stopped there, and writes again."""
    person = at(Person(), ["more"]).presses("stop")
    assert person.state.mode == "closed"
    person.sign_matches = False
    return person


def test_coming_back_asks_for_safety_and_the_sign_first() -> None:
    """Greeting, safe_now, sign; then the menu of those who come back."""
    person = rested().says("hi")
    assert person.ids() == ["engine/greeting/text"]
    assert person.says("1").state.at == "safe_now"
    assert person.says("1").ids() == ["engine/sign_ask/text"]
    person.sign_matches = True
    options = ["status", "add", "contact", "consents", "human", "new", "erase"]
    assert person.says("rose").options() == options
    assert person.says("1").ids()[0].startswith("engine/status_")
    assert person.presses("new").state.at == "for_whom"


def test_a_wrong_sign_looks_as_if_there_were_nothing() -> None:
    """No messages, and the next message begins with the greeting."""
    person = rested().says("hi", "1", "1", "thistle")
    assert person.ids() == ["engine/sign_wrong/text"]
    assert person.says("hi").ids() == ["engine/greeting/text"]


@pytest.mark.parametrize("word", ["status", "human", "back", "0"])
def test_no_news_before_the_sign(word: str) -> None:
    """Whoever holds the phone learns nothing before the sign."""
    person = rested().says("hi", "1", "1", word)
    assert not [one for one in person.ids() if "status" in one or "human" in one]


def test_a_return_code_at_the_opening_brings_her_back() -> None:
    """On another phone, the right code joins this chat to her request."""
    person = Person(code_matches=True).says("1234 5678 9012 3456")
    assert [type(one) for one in person.effects] == [fx.ComeBack]
    assert person.ids() == ["engine/greeting/text"]
    person.code_matches = None
    assert person.says("1", "1").options() == ["status", "contact", "human", "new", "erase"]
    wrong = at(Person(), ["safe_now"])
    wrong.code_matches = False
    assert wrong.says("1234 5678 9012 3456").ids()[0] == "engine/code_wrong/text"


def test_after_half_an_hour_safety_comes_first() -> None:
    """Her answer is taken, and the next question waits until she says that she is safe."""
    person = at(Person(), ["account"])
    person.now = replace(person).now  # the clock of this person alone
    from conversation import Said

    person.does(Said("SENTINEL"), minutes=31)
    assert person.found(fx.Record)[0].text == "SENTINEL"
    assert person.ids() == ["rich/safe_now/text"]
    assert person.says("1").state.at == "account"
    assert person.says("done").state.at == "stats_ok"
    person.does(Said("nonsense"), minutes=31)
    assert person.ids() == ["rich/safe_now/text"]
    assert person.says("2").found(fx.Leave)


def test_leaving_in_the_middle_loses_nothing() -> None:
    """After a quick exit she comes back to her question."""
    person = at(Person(), ["needs"]).says("00", "hi", "1", "1")
    assert person.state.at == "needs"
    assert person.state.answers["when_last"] == "0_3_days"
    assert person.says("00", "hi", "00", "hi", "1", "1").state.at == "needs"


def test_information_leaves_no_case() -> None:
    """The information path counts its topics and keeps nothing else."""
    person = at(Person(), ["for_whom"]).says("2", "1 2")
    assert person.found(fx.CountTopic) == [fx.CountTopic("care"), fx.CountTopic("places")]
    at(person, ["info_next"]).says("2")
    assert person.state.mode == "closed"
    assert not [e for e in person.everything if isinstance(e, fx.Record | fx.AskHelp | fx.Submit)]
    assert person.says("hi", "1", "1").state.at == "for_whom"


def test_information_can_become_telling_without_asking_twice() -> None:
    """`become` goes on with what was not answered yet."""
    person = at(Person(), ["for_whom"]).says("2", "1", "1")
    assert person.state.path == "me"
    assert person.state.at == "age_band"


def test_care_names_only_open_windows_that_someone_near_offers() -> None:
    """HIV medicine within three days, never after; the rest as long as it helps."""
    early = at(Person(), ["when_last"]).says("1")
    assert "rich/care_windows/lines/hiv_pep" in early.ids()
    late = at(Person(), ["when_last"]).says("3")
    assert [i.rsplit("/", 1)[1] for i in late.ids() if "lines" in i] == ["sti", "later"]
    nobody = Person(directory=with_fields(DIRECTORY, services=()))
    assert "rich/care_windows/lines/ask" in at(nobody, ["when_last"]).says("1").ids()


def test_a_safe_house_is_never_named() -> None:
    """Asking for a place to stay shows no safe house, whatever the directory holds."""
    person = at(Person(), ["needs"]).says("3")
    assert "SECRET" not in str(person.replies)


def test_the_code_has_four_groups_and_is_kept_nowhere() -> None:
    """It is drawn from the nonce, and the state never holds it."""
    person = at(Person(), ["return_code"])
    code = person.found(fx.ReturnCode)[0].code
    assert len(code) == 16
    part = next(p for p in person.replies[-1].parts if p.id == "engine/code_line/text")
    assert isinstance(part, Part)
    assert "".join(str(part.params["code"]).split("'")[1].split()) == code
    assert code not in str(person.state)


def test_an_empty_directory_stops_nobody() -> None:
    """With nothing in the directory the interview still reaches its end."""
    person = at(Person(directory=Directory()), ["more"]).presses("stop")
    assert person.state.mode == "closed"


def test_a_worker_of_an_organisation_restricts_and_asks_again_whom_to_leave_out() -> None:
    """The flag renews the routing facts; she may take readers out again."""
    person = at(Person(), ["who_group"]).says("2")
    assert person.found(fx.AskHelp)[0].restricted
    assert person.state.at == "exclude_again"
    assert person.options() == ["o1", "o2"]
    person.presses("o2", "!done")
    assert person.found(fx.Record)[0].value == ["o2"]


def test_taking_another_path_discards_what_belongs_to_the_first() -> None:
    """Answers of the path she left go; the same path again keeps everything."""
    person = at(Person(), ["urgent_now"]).says("back", "back")
    assert person.state.at == "for_whom"
    assert person.says("1").state.at == "urgent_now"
    assert not person.effects
    person.says("back", "back", "2")
    assert person.effects == (fx.Discard("age_band"),)
    assert person.state.at == "topic"
