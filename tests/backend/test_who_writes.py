"""Who writes has not shown that it is her: what she sees, what she reaches, what stays hers."""

import pytest
from sqlalchemy import select

from backend.database.tables import cases, conversations
from backend.turns.snapshot import open_state
from conversation import load_state
from tests.backend.chats import Chat
from tests.backend.nights import ACCOUNT, BACK, TO_MORE, Night, another_phone, code_of

HELPER_HAS_IT = "A helper has it"


@pytest.mark.parametrize("word", ["status", "human"])
@pytest.mark.parametrize("way", [("1", "1", "language"), ("1", "3")])
async def test_no_news_by_a_detour_before_the_sign(
    night: Night, way: tuple[str, ...], word: str
) -> None:
    """Through the choice of a language, or a call in danger: nothing says that there is a case."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    await night.says("hello", *way)
    assert HELPER_HAS_IT not in await night.says(word)


async def test_who_shows_the_sign_has_news_everywhere(night: Night) -> None:
    """After the sign the word works on every screen again."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    await night.says(*BACK, "language")
    assert HELPER_HAS_IT in await night.says("status")


async def test_wrong_signs_are_counted_over_a_telling_elsewhere(night: Night) -> None:
    """Who begins apart, outside the service, does not get five more guesses; the chat goes on."""
    await night.says(*TO_MORE, "3")
    for number in range(5):
        await night.says("hello", "1", "1", f"wrong{number}")
    await night.says("hello", "1", "1", "s", "s", "1", "4", "5", "+")
    asked = await night.says("9")
    assert "information" in asked.lower() or "help" in asked.lower()
    state = await night.state()
    assert state.mode == "asking"
    assert "signs" in state.kept


async def test_who_is_elsewhere_goes_on_to_information(night: Night) -> None:
    """What she told is not kept, but her chat is where it was when she writes next."""
    await night.says("hello", "1", "1", "1", "4", "5", "+", "9")
    asked = (await night.state()).at
    assert asked
    await night.jobs()
    assert (await night.state()).at == asked
    assert "Care is for your body" in await night.says("1")


async def test_a_call_in_danger_before_the_sign_sets_no_new_sign_on_her_request(
    night: Night,
) -> None:
    """It is a request of its own: what is chosen there leads to that one, and her sign to hers."""
    await night.says(*TO_MORE, "3")
    hers = await night.takes()
    await night.says("hello", "1", "3", "2", "3", "1", "1", "evil")
    assert len(await night.rows(select(cases.c.id))) == 2
    assert HELPER_HAS_IT not in await night.says("hello", "1", "1", "evil", "status")
    await night.says("00", "hello", "1", "1", "blue kite")
    assert HELPER_HAS_IT in await night.says("status")
    assert await night.present() == hers


async def test_a_call_in_danger_before_the_sign_tells_of_no_account(night: Night) -> None:
    """Nothing that is asked or said shows that this phone told something before."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "these words")
    await night.takes()
    await night.says("00", "hello", "1")
    heard = await night.says("3")
    assert "where" in heard.lower()
    for answer in ("1", "1", "1", "1", "1"):
        heard += await night.says(answer)
    assert "told" not in heard


async def test_a_call_in_danger_before_the_sign_takes_her_case_from_nobody(night: Night) -> None:
    """Whom somebody at her phone leaves out is left out of that call, not of her request."""
    await night.says(*TO_MORE, "3")
    hers = await night.takes()
    await night.says("hello", "1", "3", "2", "3", "2", "1", "done")
    (row,) = await night.rows(select(cases.c.taker_id).where(cases.c.id == hers))
    assert row.taker_id == night.ada.member_id


@pytest.mark.parametrize("away", [("00", "hello", "1"), ("hello",)])
async def test_danger_is_asked_anew_whatever_was_answered_to_it_before(
    night: Night, away: tuple[str, ...]
) -> None:
    """A yes from earlier in the same telling is no reason to ask nobody now."""
    await night.says("hello", "1", "1", "1", "4", "1", "2", "3", "1")
    await night.takes()
    await night.jobs()
    if away == ("hello",):
        night.console.clock.forward(minutes=45)
    await night.says(*away, "3")
    await night.says("1")
    log = await night.log()
    assert "asked_again" in log


async def test_a_menu_that_stood_open_for_hours_shows_nothing(night: Night) -> None:
    """She showed her sign and put the phone away: whoever writes next is greeted anew."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    await night.says(*BACK)
    night.console.clock.forward(hours=20)
    assert HELPER_HAS_IT not in await night.says("status")
    assert HELPER_HAS_IT not in await night.says("1", "1", "status")
    assert HELPER_HAS_IT in await night.says("blue kite", "status")


async def test_no_news_before_it_is_known_that_she_is_safe(night: Night) -> None:
    """After a while an open question waits behind safety and sign; news does, too."""
    await night.says(*TO_MORE)
    await night.takes()
    asked = (await night.state()).at
    night.console.clock.forward(hours=20)
    assert HELPER_HAS_IT not in await night.says("hello", "status")
    await night.says("1", "1", "blue kite")
    assert (await night.state()).at == asked


async def test_a_code_as_the_first_word_of_a_phone_begins_a_telling_of_its_own(
    night: Night,
) -> None:
    """What is told there has a name, and so takes no slot of what she told before."""
    await night.says(*TO_MORE[:-1])
    code = code_of(night)
    await night.says("1", "3")
    await another_phone(night).says(code)
    found = await night.rows(select(conversations).where(conversations.c.member_id.is_(None)))
    relais = night.console.relais
    states = [load_state(open_state(relais, r.id, r.state_sealed, r.state_key)) for r in found]
    assert any(one.run for one in states)


async def test_no_chat_shuts_anybody_elses_code(night: Night) -> None:
    """Wrong codes close the chat that they come from, for an hour, and no other."""
    await night.says(*TO_MORE[:-1])
    code = code_of(night)
    await night.says("1", "3")
    hers, stranger = (
        await night.present(),
        Night(
            night.console,
            Chat(night.chat.client, night.console.relais, "888"),
            night.ada,
            night.sam,
        ),
    )
    await stranger.says("hello")
    for number in range(210):
        await stranger.says(f"{number:016d}")
    await stranger.says(code)
    await another_phone(night).says(code)
    rows = await night.rows(
        select(conversations.c.case_id).where(conversations.c.member_id.is_(None))
    )
    assert sorted(str(row.case_id) for row in rows) == sorted([hers, hers, "None"])
