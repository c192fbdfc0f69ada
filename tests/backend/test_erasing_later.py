"""Erasing later: a request that waits, in which her code alone undoes it; and return codes."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend.cases.erasing_all import erase_waiting
from backend.cases.stones import read_tombstones, replay_tombstones
from backend.database.tables import (
    cases,
    conversations,
    earlier_cases,
    grants,
    items,
    return_codes,
)
from backend.jobs.expiring import expire_conversations
from conversation import ERASE_DAYS
from tests.backend.nights import BACK, TO_MORE, Night, another_phone, code_of

TO_CODE = TO_MORE[:-1]
"""Up to the return code, which is on the screen."""


async def _erases_later(night: Night) -> str:
    """She told, was given a code, and has it erased later; returns the code."""
    await night.says(*TO_CODE)
    code = code_of(night)
    await night.says("1", "3", *BACK)
    assert "in 7 days" in await night.says("erase", "1")
    assert "Goodbye" in await night.says("2")
    return code


async def _many(night: Night, table: Any) -> int:
    (row,) = await night.rows(select(func.count()).select_from(table))
    return int(row[0])


async def test_what_was_sent_is_asked_about_once_more(night: Night) -> None:
    """Yes, and yes again: it is gone at once, with everything that led to it."""
    await night.says(*TO_MORE, "3", *BACK)
    assert "Shall I erase it now" in await night.says("erase", "1")
    await night.says("1")
    assert (await night.case()).status == "erased"
    for table in (items, grants, return_codes):
        assert await _many(night, table) == 0, table.name


async def test_whoever_did_not_show_the_sign_does_not_hear_that_something_was_sent(
    night: Night,
) -> None:
    """Before it there is one question, the same as where there is nothing."""
    await night.says(*TO_MORE, "3", "hello", "1", "1")
    assert "sent" not in await night.says("erase", "1")
    assert (await night.case()).status == "erased"


async def test_later_is_offered_to_who_has_a_code_alone(night: Night) -> None:
    """Without one nothing could undo it."""
    await night.says(*TO_MORE, "3", *BACK)
    async with night.console.relais.db.write() as tx:
        await tx.execute(return_codes.delete())
    assert "days" not in await night.says("erase", "1")
    labels = [one["text"] for row in night.chat.last["buttons"] for one in row]
    assert "Erase it now" in labels
    assert "Erase it later" not in labels


async def test_no_goes_back_and_erases_nothing(night: Night) -> None:
    """Also at the second question."""
    await night.says(*TO_MORE, "3", *BACK, "erase", "1", "3")
    assert (await night.case()).status == "open"


async def test_until_then_nobody_is_alerted_and_nothing_is_served(night: Night) -> None:
    """Her helper hears that she took it back, and reads no more; ciphertext is still there."""
    await night.says(*TO_CODE)
    case_id = await night.takes()
    await night.says("1", "3", *BACK, "erase", "1", "2")
    await night.jobs()
    row = await night.case()
    assert (row.status, row.taker_id) == ("erasing", night.ada.member_id)
    assert await _many(night, items) > 0
    for who in (night.ada, night.sam):
        for path in ("", "/holders"):
            answer = await who.get(f"/v1/cases/{case_id}{path}", reason="test")
            assert answer.status_code == 403, path
        assert (await who.post(f"/v1/cases/{case_id}/take")).status_code in {403, 409}


async def test_her_chat_leads_nowhere_meanwhile(night: Night) -> None:
    """The chat is as new: no sign, no news, no address of hers in the case."""
    await _erases_later(night)
    await night.jobs()
    heard = await night.says("hello", "1", "1")
    assert "Which fits?" in heard
    rows = await night.rows(select(conversations).where(conversations.c.member_id.is_(None)))
    assert [row.case_id for row in rows] == [None]
    assert await _many(night, earlier_cases) == 0


async def test_her_code_undoes_it(night: Night) -> None:
    """From another phone: she is told that it stays; it is over until she asks again."""
    code = await _erases_later(night)
    phone = another_phone(night)
    await phone.says(code)
    assert (await night.case()).status == "done"
    heard = await phone.says("1", "1")
    assert "It will not be erased" in heard
    night.console.clock.forward(days=ERASE_DAYS + 1)
    await erase_waiting(night.console.relais)
    assert (await night.case()).status == "done"
    assert await _many(night, items) > 0


async def test_in_time_it_is_gone_for_good(night: Night) -> None:
    """The code leads nowhere then, and a stone is written."""
    code = await _erases_later(night)
    night.console.clock.forward(days=ERASE_DAYS, minutes=-1)
    await erase_waiting(night.console.relais)
    assert (await night.case()).status == "erasing"
    night.console.clock.forward(minutes=2)
    await erase_waiting(night.console.relais)
    row = await night.case()
    assert (row.status, row.erase_at) == ("erased", None)
    for table in (items, grants, return_codes):
        assert await _many(night, table) == 0, table.name
    assert row.id in read_tombstones(night.console.relais.settings.data_dir)
    await another_phone(night).says(code)
    assert (await night.case()).status == "erased"


async def test_a_restored_database_waits_as_she_wished(night: Night) -> None:
    """An older copy knows nothing of it: at the start it is set aside again, and erased in time."""
    await night.says(*TO_CODE)
    code = code_of(night)
    await night.says("1", "3", *BACK)
    before = await night.case()
    hers = select(conversations).where(conversations.c.member_id.is_(None))
    (chat,) = await night.rows(hers)
    codes = [dict(one._mapping) for one in await night.rows(select(return_codes))]
    await night.says("erase", "1", "2")
    relais = night.console.relais
    async with relais.db.write() as tx:  # the older database
        await tx.execute(update(cases).values(status=before.status, erase_at=None))
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == chat.id)
            .values(case_id=before.id, version=chat.version, state_sealed=chat.state_sealed)
        )
        await tx.execute(return_codes.delete())
        await tx.execute(return_codes.insert(), codes)
    assert await replay_tombstones(relais) == 2, "the case, and the chat"
    assert (await night.case()).status == "erasing"
    assert await replay_tombstones(relais) == 0
    await another_phone(night).says(code)
    assert (await night.case()).status == "done"
    assert await replay_tombstones(relais) == 0, "she undid it"


async def test_a_restored_database_from_before_is_erased_once_the_days_are_over(
    night: Night,
) -> None:
    """Also where the file of stones has both lines."""
    await _erases_later(night)
    night.console.clock.forward(days=ERASE_DAYS + 1)
    relais = night.console.relais
    await erase_waiting(relais)
    async with relais.db.write() as tx:
        await tx.execute(update(cases).values(status="open"))
    assert await replay_tombstones(relais) == 1
    assert (await night.case()).status == "erased"


# -- return codes --------------------------------------------------------------------------------


async def test_an_earlier_code_holds_until_the_new_one_was_written(night: Night) -> None:
    """She may have noted either: both lead to her request, until she shows which one she has."""
    await night.says(*TO_CODE)
    first = code_of(night)
    night.console.clock.forward(minutes=1)
    assert "The number I gave you before" in await night.says("repeat")
    second = code_of(night)
    assert first != second
    assert await _many(night, return_codes) == 2
    await night.says("1", "3")
    hers = await night.present()
    phone = another_phone(night)
    await phone.says(first)
    assert await phone.present_of_chat() == hers
    assert await _many(night, return_codes) == 2, "the later one may be the one she noted"
    await phone.says(second)
    assert await _many(night, return_codes) == 1
    third = another_phone(night, "third")
    await third.says(first)
    assert await third.present_of_chat() is None


async def test_a_code_that_is_written_back_at_once_ends_the_earlier_ones(night: Night) -> None:
    """She reads that it is right, and the interview goes on."""
    await night.says(*TO_CODE)
    night.console.clock.forward(minutes=1)
    await night.says("repeat")
    assert "right number" in await night.says(code_of(night))
    (row,) = await night.rows(select(return_codes))
    assert row.echoed_at is not None


async def test_a_code_that_was_noted_wrong_is_said_at_once(night: Night) -> None:
    """Before she relies on it; she is shown a new one."""
    await night.says(*TO_CODE)
    shown = code_of(night)
    assert "did not fit" in await night.says("1234 5678 1234 5678")
    assert code_of(night) != shown


async def test_so_many_codes_hold_and_no_more(night: Night) -> None:
    """Whoever asks for it again and again leaves no heap of keys; the newest are kept."""
    await night.says(*TO_CODE)
    for _ in range(7):
        night.console.clock.forward(minutes=1)
        await night.says("repeat")
    newest = code_of(night)
    assert await _many(night, return_codes) == 5
    phone = another_phone(night)
    await phone.says(newest)
    assert await phone.present_of_chat() == (await night.case()).id


@pytest.mark.parametrize("words", [("1",), ("kept it",)])
async def test_saying_that_she_kept_it_ends_no_earlier_code(
    night: Night, words: tuple[str, ...]
) -> None:
    """Only writing it shows that she has it."""
    await night.says(*TO_CODE, "repeat", *words)
    assert await _many(night, return_codes) == 2


async def test_a_code_goes_with_the_row_that_it_leads_to(night: Night) -> None:
    """Nothing told, then silence: no code outlives its chat."""
    await night.says(*TO_CODE)
    await night.says("erase", "1", "1")
    night.console.clock.forward(days=4)
    await expire_conversations(night.console.relais)
    assert await _many(night, return_codes) == 0
