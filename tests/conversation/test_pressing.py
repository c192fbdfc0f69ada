"""What she pressed, for messengers that show it where the buttons were."""

import msgspec

from conversation import Chose, Reply, advance
from conversation.turn import Stepped
from tests.conversation.talking import Person, at


def press(person: Person, option: str) -> Stepped:
    """One press, looked at before it is taken."""
    event = Chose(f"{person.state.ask}:{option}")
    context = msgspec.structs.replace(person.context(), nonce=b"n" * 32)
    return advance(person.interview, person.state, event, context)


def labels(reply: Reply | None) -> list[object]:
    """Of its options."""
    return [] if reply is None else [getattr(o.label, "id", None) for o in reply.options]


def test_an_answered_question_shows_the_choice() -> None:
    """The option's own label, under a token that belongs to no question."""
    person = at(Person(), ["safe_now"])
    label = person.replies[-1].options[0].label
    pressed = press(person, person.options()[0]).pressed
    assert pressed is not None
    assert [(o.token, o.label) for o in pressed.options] == [("-", label)]
    assert pressed.options[0].token != person.state.ask


def test_done_shows_what_is_ticked() -> None:
    """All ticks, in the order of the question; nothing is shown while she still ticks."""
    person = at(Person(), ["needs"])
    assert press(person, "food_service").pressed is None
    person.presses("food_service", "health_medical_service")
    assert [str(one).rpartition("/")[2] for one in labels(press(person, "!done").pressed)] == [
        "health_medical_service",
        "food_service",
    ]


def test_a_key_below_the_question_is_shown_too() -> None:
    """Skip and Menu close a question as well: its buttons are stale from then on."""
    person = at(Person(), ["needs"])
    assert labels(press(person, "!skip").pressed) == ["engine/skip/text"]
    assert labels(press(person, "!menu").pressed) == ["engine/menu_button/text"]
    assert press(person, "!help").pressed is None


def test_a_press_that_counts_for_nothing_is_not_shown() -> None:
    """An old button, one that never was, one of a question asked anew for safety."""
    person = at(Person(), ["needs"])
    context = person.context()
    for token in ("0000000000000000:food_service", "-", "", ":", f"{person.state.ask}:nothing"):
        assert advance(person.interview, person.state, Chose(token), context).pressed is None
    later = msgspec.structs.replace(context, now=context.now.replace(year=2027))
    event = Chose(f"{person.state.ask}:food_service")
    assert advance(person.interview, person.state, event, later).pressed is None
