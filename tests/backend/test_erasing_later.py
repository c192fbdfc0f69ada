"""Erasing later: a request that waits, in which her code alone undoes it; and return codes."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend.cases import erasing_all
from backend.cases.erasing_all import erase_waiting
from backend.cases.erasing_later import erase_due, moment, set_aside
from backend.cases.stones import read_tombstones, replay_tombstones, write_tombstone
from backend.database.tables import (
    cases,
    conversations,
    earlier_cases,
    grants,
    items,
    return_codes,
)
from backend.jobs.expiring import expire_conversations
from backend.turns import service
from backend.turns.committing import commit
from conversation import ERASE_DAYS
from tests.backend.console_cases import open_case
from tests.backend.nights import ACCOUNT, BACK, NEW, TO_MORE, Night, another_phone, code_of

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
    assert "is here again" in heard
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


async def test_an_erasure_that_was_not_committed_does_not_beat_her_undoing(night: Night) -> None:
    """The stone of the job was written and the commit failed: what she undid afterwards lives."""
    code = await _erases_later(night)
    relais = night.console.relais
    case_id = (await night.case()).id
    write_tombstone(relais.settings.data_dir, case_id)
    await another_phone(night).says(code)
    assert (await night.case()).status == "done"
    assert await replay_tombstones(relais) == 0
    assert (await night.case()).status == "done"


async def test_whoever_comes_back_a_moment_too_late_is_not_told_that_it_is_here(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job erases between the reading of her code and the writing of the turn."""
    code = await _erases_later(night)
    relais, case_id = night.console.relais, (await night.case()).id
    first = True

    async def slow(*arguments: Any) -> Any:
        nonlocal first
        if first:
            first = False
            night.console.clock.forward(days=ERASE_DAYS, minutes=1)
            await erase_waiting(relais)
        return await commit(*arguments)

    monkeypatch.setattr(service, "commit", slow)
    phone = another_phone(night)
    await phone.says(code)
    assert "is here again" not in await phone.says("1", "1")
    assert await phone.present_of_chat() is None
    (row,) = await night.rows(select(cases.c.status).where(cases.c.id == case_id))
    assert row.status == "erased"


async def test_both_requests_of_a_chat_come_back_together(night: Night) -> None:
    """Her code leads to the later one; the earlier one is hers again, and can be erased with it."""
    await night.says(*TO_CODE)
    await night.says("1", "3")
    await night.close()
    await night.says(*NEW, "1", "1", "red kite")
    code = code_of(night)
    await night.says("1", "3", "hello", "1", "1", "red kite", "erase", "1", "2")
    rows = await night.rows(select(cases.c.status))
    assert [row.status for row in rows] == ["erasing", "erasing"]
    phone = another_phone(night)
    await phone.says(code)
    (now,) = await night.rows(
        select(conversations.c.told_group).where(conversations.c.case_id.is_not(None))
    )
    (before,) = await night.rows(select(earlier_cases.c.told_group))
    assert before.told_group == now.told_group, "of one person, not of whoever had this phone"
    night.console.clock.forward(days=ERASE_DAYS + 1)
    await erase_waiting(night.console.relais)
    rows = await night.rows(select(cases.c.status))
    assert [row.status for row in rows] == ["done", "done"]
    await phone.says("hello", "1", "1", "erase", "1", "1")
    rows = await night.rows(select(cases.c.status))
    assert [row.status for row in rows] == ["erased", "erased"]


@pytest.mark.parametrize(("choice", "kept"), [("1", True), ("2", False)])
async def test_an_account_under_way_ends_as_she_chose_for_silence(
    night: Night, choice: str, kept: bool
) -> None:
    """Kept with the rest until then, or destroyed at once."""
    await night.says(*TO_MORE, "1", choice, *ACCOUNT, "these words")
    await night.says("erase", "1", "2")
    account = select(items.c.held).where(items.c.compartment == "account")
    rows = await night.rows(account)
    assert bool(rows) is kept
    assert all(row.held is None for row in rows)


async def test_one_that_waits_is_not_put_off_by_another_word(night: Night) -> None:
    """Seven days from the first time that she said so."""
    await _erases_later(night)
    relais, before = night.console.relais, await night.case()
    night.console.clock.forward(days=3)
    async with relais.db.write() as tx:
        assert await set_aside(tx, relais, before.id, moment(relais)) == before.erase_at
    assert (await night.case()).erase_at == before.erase_at


async def test_one_erasure_that_fails_stops_no_other(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again an hour later; the others are gone."""
    relais = night.console.relais
    ids = [await open_case(relais, [night.ada.member_id], number=n) for n in (5, 6, 7)]
    for one in ids:
        async with relais.db.write() as tx:
            await set_aside(tx, relais, one, moment(relais))
    bad = min(ids)

    async def failing(tx: Any, relais: Any, case_id: str) -> bool:
        if case_id == bad:
            raise ValueError
        return await erase_due(tx, relais, case_id)

    monkeypatch.setattr(erasing_all, "erase_due", failing)
    night.console.clock.forward(days=ERASE_DAYS + 1)
    await erase_waiting(relais)
    rows = await night.rows(select(cases.c.id, cases.c.status).where(cases.c.id.in_(ids)))
    assert {row.id for row in rows if row.status != "erased"} == {bad}


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
    """Before she relies on it; the one that she was shown still holds, however often she slips."""
    await night.says(*TO_CODE)
    shown = code_of(night)
    for number in range(6):
        assert "did not fit" in await night.says(f"1234 5678 1234 567{number}")
    assert await _many(night, return_codes) == 1
    assert "right number" in await night.says(shown)


async def test_so_many_codes_hold_and_no_more(night: Night) -> None:
    """Whoever asks for it again and again leaves no heap of keys; first and newest are kept."""
    await night.says(*TO_CODE)
    first = code_of(night)
    for _ in range(24):
        night.console.clock.forward(minutes=1)
        await night.says("repeat")
    newest = code_of(night)
    assert await _many(night, return_codes) == 21
    for number, code in enumerate((first, newest)):
        phone = another_phone(night, f"phone {number}")
        await phone.says(code)
        assert await phone.present_of_chat() == (await night.case()).id


@pytest.mark.parametrize("words", [("1",), ("kept it",)])
async def test_saying_that_she_kept_it_ends_no_earlier_code(
    night: Night, words: tuple[str, ...]
) -> None:
    """Only writing it shows that she has it."""
    await night.says(*TO_CODE, "repeat", *words)
    assert await _many(night, return_codes) == 2


async def test_a_request_that_is_over_keeps_its_code_when_another_ones_is_written(
    night: Night,
) -> None:
    """In the chat of a done request, at something new: the code of somebody else's request."""
    await night.says(*TO_CODE)
    hers = code_of(night)
    await night.says("1", "3")
    first = await night.present()
    await night.close()
    other = another_phone(night, "888")
    await other.says(*TO_CODE)
    theirs = code_of(other)
    await other.says("1", "3")
    await night.says(*BACK, "Something new")
    await night.says("00", theirs)
    third = another_phone(night, "999")
    await third.says(hers)
    assert await third.present_of_chat() == first


async def test_a_code_goes_with_the_row_that_it_leads_to(night: Night) -> None:
    """Nothing told, then silence: no code outlives its chat."""
    await night.says(*TO_CODE)
    await night.says("erase", "1", "1")
    night.console.clock.forward(days=4)
    await expire_conversations(night.console.relais)
    assert await _many(night, return_codes) == 0
