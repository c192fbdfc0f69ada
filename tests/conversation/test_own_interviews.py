"""What each interview has of its own: device, risk, the route, the event; and its codes."""

import pytest

from conversation import effects as fx
from conversation.coding import CONTEXTS, TYPE
from tests.conversation.interviewing import (
    ASKED,
    CRIMES,
    HOME,
    MAIN,
    TOLD,
    TOWN,
    WAY,
    answer,
    codes,
    run,
    shipped,
)
from tests.conversation.talking import Person


@pytest.mark.parametrize(
    ("name", "answers", "kind", "contexts"),
    [
        (MAIN, {"acts": "penetration beaten"}, "rape", []),
        (HOME, {}, "physical_assault", ["intimate_partner_violence"]),
        (HOME, {"acts": "denied", "who_did": "primary_caregiver"},
         "denial_of_resources_opportunities_or_services", []),
        (WAY, {"acts": "sexual_contact", "goods": "passage food", "held": "trafficked"},
         "sexual_assault", ["possible_sexual_exploitation", "possible_sexual_slavery"]),
        (CRIMES, {}, "non-gbv", []),
        (CRIMES, {"event": "torture sexual", "acts": "penetration"}, "rape", []),
        (CRIMES, {"event": "killing sexual", "relation": "family", "acts_of_other": "penetration"},
         "rape", []),
    ],
)  # fmt: skip
def test_a_whole_account_is_coded(
    name: str, answers: dict[str, str], kind: str, contexts: list[str]
) -> None:
    """One derived type, contexts only from what defines them, each code in its compartment."""
    person, asked, _ = run(name, {**TOLD, **answers})
    found = codes(person)
    assert found["account"][TYPE] == kind, asked
    assert found["account"].get(CONTEXTS, []) == contexts
    assert found["account"]["gbvims.reported_by_survivor"] == "true"
    assert found["brief"]["gbvims.age_group"] == "26_40"
    assert [code for code in found["perpetrator"] if "perpetrator" in code]
    assert not [code for code in found["account"] if "perpetrator" in code]


def test_a_checked_phone_is_warned_of() -> None:
    """Somebody who says that the phone is checked is told so before a path is chosen."""
    person = Person(shipped(HOME), directory=TOWN).says("hello", "1").presses("yes")
    assert person.state.at == "device"
    assert person.presses("checked").state.at == "for_whom"
    assert "domestic-violence/device_checked/text" in person.ids()
    assert person.effects == ()


@pytest.mark.parametrize("sign", ["strangled", "weapon", "threat_to_kill", "strangled pregnant"])
def test_what_may_kill_asks_for_a_helper_at_once(sign: str) -> None:
    """The urgent block runs, the alert is urgent, and the path goes on."""
    person, asked, _ = run(HOME, {**ASKED, "risk": sign, "urgent_ask": "yes"})
    at_once = asked.index("urgent_ask")
    assert asked.index("risk") < at_once < asked.index("needs")
    assert [e.urgency for e in person.everything if isinstance(e, fx.AskHelp)] == ["urgent"]
    medical = codes(person)["medical"]["relais.risk"]
    assert set(sign.split()) == set(medical if isinstance(medical, list) else [str(medical)])
    assert "urgent_ask" not in run(HOME, {**ASKED, "risk": "worse_lately pregnant"})[1]


def test_a_pressed_neck_is_for_a_doctor() -> None:
    """Said before the consent to an alert, and so whatever she decides."""
    person = Person(shipped(HOME), directory=TOWN).says("hello", "1")
    person.presses("yes", "only_me", "me", "18_25", "none", "!done", "a1", "strangled", "!done")
    assert "care/neck/text" in person.ids()


@pytest.mark.parametrize("name", [HOME, WAY])
def test_where_others_look_no_stands_first(name: str) -> None:
    """A helper who writes can be seen: "No" is the first choice, and the code stays hers."""
    first = shipped(name).steps["reply_here"].options[0].id
    assert first == "no"
    person, asked, _ = run(name, {**ASKED, "reply_here": "no"})
    assert fx.Contact("no") in person.everything
    assert "return_code" in asked
    assert "sign" not in asked


def test_a_phone_in_the_hand_of_a_guard_stops_everything() -> None:
    """It ends with one neutral line, nothing is kept, and it begins anew."""
    person, asked, _ = run(WAY, {**TOLD, "phone_holder": "guard_or_smuggler"})
    assert asked == ["language", "safe_now", "phone_holder"]
    assert person.everything == [fx.Forget()]
    assert person.ids() == ["engine/goodbye/text"]
    assert person.says("hello").ids() == ["engine/greeting/text"]
    assert person.says("1").state.at == "safe_now"


def test_whoever_is_held_is_in_danger() -> None:
    """Held on the way runs the urgent block; moving on does not."""
    person, asked, _ = run(WAY, {**ASKED, "moving": "held", "urgent_ask": "yes"})
    assert asked.index("moving") + 1 == asked.index("who_answers") < asked.index("urgent_ask")
    assert [e.urgency for e in person.everything if isinstance(e, fx.AskHelp)] == ["urgent"]
    assert "where_now_kind" not in asked
    assert "where_now_kind" in run(WAY, {**ASKED, "moving": "soon"})[1]


def test_a_child_on_the_way_is_asked_who_is_there() -> None:
    """Coded as GBVIMS names it; adults are not asked."""
    young = run(WAY, {**ASKED, "age_band": "12_17", "alone": "unaccompanied_minor"})[0]
    assert codes(young)["brief"]["gbvims.unaccompanied_separated_status"] == "unaccompanied_minor"
    assert "alone" not in run(WAY, ASKED)[1]


def test_the_place_of_the_incident_is_not_where_she_is_now() -> None:
    """gbvims.place is of the incident, asked in the details; the present place has its own code."""
    found = codes(run(WAY, {**TOLD, "moving": "staying", "where_now_kind": "camp"})[0])
    assert found["brief"]["relais.place_now"] == "camp"
    assert "gbvims.place" not in found["account"]
    assert found["account"]["gbvims.stage_of_displacement"] == "during_flight"
    assert "gbvims.place" not in found["brief"]


def test_who_works_for_an_organisation_restricts_on_the_way_too() -> None:
    """The engine knows the ids: exclusion is asked again, and coordinators alone see it."""
    person, asked, _ = run(WAY, {**TOLD, "who_group": "ngo_staff", "exclude_again": "o1"})
    assert asked.index("who_group") + 1 == asked.index("exclude_again")
    assert [e.restricted for e in person.everything if isinstance(e, fx.AskHelp)][-1]


def test_a_missing_person_brings_no_promise() -> None:
    """Whoever says that someone is missing, or seeks help for it, hears of tracing once."""
    told, heard = TOLD | {"event": "missing"}, "other-grave-crimes/tracing/text"
    said: list[str] = []
    person = Person(shipped(CRIMES), directory=TOWN).says("hello")
    while person.state.mode == "asking":
        said += person.ids()
        answer(person, told.get(person.state.at))
    assert said.count(heard) == 1


def test_sexual_acts_are_asked_only_where_it_was_sexual() -> None:
    """The list of acts, and being held, belong to sexual violence; the rest stays non-gbv."""
    asked = set(run(CRIMES, {**TOLD, "event": "killing missing property"})[1])
    assert not {"acts", "acts_of_other", "held", "times"} & asked
    assert {"acts", "held"} <= set(run(CRIMES, {**TOLD, "event": "sexual"})[1])
    family = set(run(CRIMES, {**TOLD, "event": "sexual", "relation": "family"})[1])
    assert {"acts_of_other", "affected"} <= family
    assert not {"acts", "sex", "held"} & family
