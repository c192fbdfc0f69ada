"""Answers of every kind, however they are typed, and what they leave behind."""

import pytest
from msgspec.structs import replace

from conversation import Area, normalise
from conversation import effects as fx
from tests.conversation.talking import DIRECTORY, Person, at


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("  Yes ", "yes"),
        ("١٢", "12"),
        ("۳", "3"),
        ("၄", "4"),
        ("1\ufe0f\u20e3", "1"),
        ("\u200e1\u200f", "1"),
        ("a\u200b b\u2069", "a b"),
        ("e\u0301", "é"),
        ("①", "1"),
        ("x", "x"),
        ("❌\ufe0f", "❌"),
        ("\u200b\u202e", ""),
    ],
)
def test_what_is_typed_is_made_comparable(typed: str, plain: str) -> None:
    """Digits of every script, invisible characters and composed letters compare as people mean."""
    assert normalise(typed) == plain
    assert normalise(normalise(typed)) == plain


def test_ticks_toggle_and_done_answers() -> None:
    """Buttons of a `many` tick; `Done` answers in the order of the options."""
    person = at(Person(), ["needs"])
    person.presses("psychosocial_service", "food_service", "health_medical_service")
    assert person.replies[-1].redraw
    person.presses("food_service", "!done")
    assert person.state.answers["needs"] == ["health_medical_service", "psychosocial_service"]


def test_a_tick_keeps_what_was_said_before_the_question() -> None:
    """The bubble that a tick replaces still says what was noted in it, below the same question."""
    person = at(Person(), ["needs"])
    before = person.ids()
    assert "rich/care_windows/text" in before
    assert person.presses("food_service").ids() == before


def test_an_exclusive_option_stands_alone() -> None:
    """Ticking an exclusive option clears the others, and the other way round."""
    person = at(Person(), ["needs"]).presses("food_service", "unsure")
    assert person.state.picks == ("unsure",)
    assert person.presses("food_service").state.picks == ("food_service",)


@pytest.mark.parametrize("typed", ["1 2", "1,2", "2 1.", "١ و ٢".replace(" و ", "، ")])
def test_several_numbers_answer_at_once(typed: str) -> None:
    """Numbers typed together answer a `many` without ticking."""
    person = at(Person(), ["needs"]).says(typed)
    assert person.state.answers["needs"] == ["health_medical_service", "psychosocial_service"]


def test_long_lists_come_in_pages() -> None:
    """More than seven options are paged; numbers go on counting and reach every page."""
    person = at(Person(), ["needs"])
    assert len(person.options()) == 7
    assert "next_page" in person.footer()
    person.presses("!next_page")
    assert person.replies[-1].first == 8
    assert person.options() == ["unsure"]
    assert person.says("8").state.answers["needs"] == ["unsure"]


def test_police_is_offered_only_where_the_pilot_allows() -> None:
    """An option whose condition fails is neither shown nor counted."""
    person = at(Person(), ["needs"])
    shown = person.options() + person.presses("!next_page").options()
    assert "police_other_service" not in shown


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12/3/2026", {"precision": "day", "year": 2026, "month": 3, "day": 12}),
        ("2026-03-12", {"precision": "day", "year": 2026, "month": 3, "day": 12}),
        ("3/2026", {"precision": "month", "year": 2026, "month": 3}),
        ("٢٠٢٥", {"precision": "year", "year": 2025}),
        ("1", {"precision": "unsure"}),
    ],
)
def test_dates_are_taken_as_far_as_they_are_known(typed: str, value: object) -> None:
    """Day, month, year or unsure."""
    person = at(Person(), ["incident_date"]).says(typed)
    assert person.state.answers["incident_date"] == value


@pytest.mark.parametrize("typed", ["31/2/2026", "12/3/2030", "99"])
def test_dates_that_cannot_be_are_unclear(typed: str) -> None:
    """A day that does not exist or lies ahead is asked again, never stored."""
    person = at(Person(), ["incident_date"]).says(typed)
    assert person.state.at == "incident_date"
    assert "incident_date" not in person.state.answers


def test_own_words_are_an_item_and_never_a_value() -> None:
    """What she writes herself goes whole into the effect; the state holds its number only."""
    long = "After the rains. " * 2000
    person = at(Person(), ["incident_date"]).says(long)
    record = person.found(fx.Record)[0]
    assert (record.text, record.value, record.item) == (long, None, 1)
    assert person.state.answers["incident_date"] == {"item": 1}


def test_a_place_is_found_by_its_beginning() -> None:
    """One area that begins so answers; several make the list narrower; a number counts in it."""
    near = (
        Area("a1", {"en": "North"}),
        Area("a2", {"en": "River"}),
        Area("a3", {"en": "Riverside"}),
    )
    person = at(Person(directory=replace(DIRECTORY, areas=near)), ["area"]).says("riv")
    assert person.options() == ["a2", "a3"]
    assert person.says("2").state.answers["area"] == "a3"
    assert at(Person(), ["area"]).says("nor").state.answers["area"] == "a1"


def test_numbers_outside_the_range_are_unclear() -> None:
    """A number is taken within its range only."""
    person = at(Person(), ["count"]).says("100")
    assert person.state.at == "count"
    assert person.says("99").state.answers["count"] == 99


def test_unclear_answers_get_a_hint_an_example_then_a_human() -> None:
    """The third unclear answer offers a person, to go on, or to stop."""
    person = at(Person(), ["when_last"]).says("blue")
    assert person.ids() == ["rich/when_last/hint", "rich/when_last/text"]
    assert person.says("green").ids()[0] == "rich/when_last/example"
    assert person.says("red").ids() == ["engine/unclear_third/text"]
    assert person.options() == ["human", "go_on", "stop"]
    assert person.says("2").ids() == ["rich/when_last/text"]
    assert person.says("1").state.answers["when_last"] == "0_3_days"


def test_stale_and_foreign_buttons_draw_the_present_question() -> None:
    """A button of an earlier question answers nothing."""
    person = at(Person(), ["age_band"])
    old = person.state.ask
    person.says("3")
    from conversation import Chose

    for token in (f"{old}:0_11", "junk", "", ":", f"{person.state.ask}:!nothing"):
        person.does(Chose(token))
        assert person.state.at == "urgent_now"
        assert "rich/urgent_now/text" in person.ids()
    assert person.state.answers["age_band"] == "18_25"


def test_tokens_fit_in_sixty_four_bytes() -> None:
    """Every button's token fits the tightest channel."""
    person = at(Person(), ["needs"])
    reply = person.replies[-1]
    assert all(len(o.token.encode()) <= 64 for o in (*reply.options, *reply.footer))


def test_a_say_joins_the_next_question() -> None:
    """What is said and what is asked next stand in one bubble, with More for both."""
    person = at(Person(), ["for_whom"])
    assert person.ids() == [
        "rich/who_reads/text",
        "rich/who_reads/by/channel/telegram",
        "rich/for_whom/text",
    ]
    assert "more" in person.footer()
    assert person.says("more").ids() == ["rich/who_reads/more", "rich/for_whom/text"]
