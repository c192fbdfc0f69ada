"""An account that was not sent ends somehow: none is orphaned, none is another's, none is lost."""

import pytest
from sqlalchemy import insert, select

from backend.chats import marked, relink
from backend.database.tables import (
    cases,
    conversations,
    draft_items,
    earlier_cases,
    grants,
    items,
)
from backend.jobs.expiring import expire_conversations
from tests.backend.console_cases import open_case
from tests.backend.nights import ACCOUNT, BACK, NEW, TO_MORE, TO_YES, Night, another_phone, code_of

KEEP_OR_DROP = pytest.mark.parametrize(("choice", "kept"), [("1", True), ("2", False)])


async def told(night: Night, case_id: str) -> tuple[int, int]:
    """Of part 2 of a case: how many items may be read, and how many wait for her word."""
    rows = await night.rows(
        select(items.c.held).where(items.c.case_id == case_id, items.c.compartment == "account")
    )
    waiting = [row.held for row in rows if row.held is not None]
    return len(rows) - len(waiting), len(waiting)


@KEEP_OR_DROP
async def test_beginning_apart_ends_an_account_as_she_chose(
    night: Night, choice: str, kept: bool
) -> None:
    """Who skips the sign twice gets nothing of it, and it does not hang between either."""
    await night.says(*TO_MORE, "1", choice, *ACCOUNT, "these words")
    case_id = await night.takes()
    await night.says("00", "hello", "1", "1", "s", "s")
    may_be_read, waiting = await told(night, case_id)
    assert waiting == 0
    assert (may_be_read > 0) is kept
    assert ("account" in await night.served(night.ada, case_id)) is kept


async def test_the_draft_of_one_who_left_does_not_go_into_the_next_case(night: Night) -> None:
    """Words that no case has yet are not those of whoever asks for help next."""
    await night.says(*TO_MORE, "3")
    await night.says(*NEW, "2", "s", "1")
    assert await night.rows(select(draft_items)) != []
    await night.says("00", "hello", "1", "1", "s", "s")
    assert await night.rows(select(draft_items)) == []


async def test_who_forgot_her_sign_goes_on_with_what_needs_none(night: Night) -> None:
    """She began apart, without one: her account there goes on, and her code leads there too."""
    await night.says(*TO_MORE, "3")
    await night.says("hello", "1", "1", "s", "s", "1", "4", "5", "2", "1", "1", "3", "1")
    await night.says("5")
    code = code_of(night)
    await night.says("1", "1", "1", *ACCOUNT, "her new words")
    at, case_id = (await night.state()).at, await night.present()
    for way in (("hello", "1", "1", "s"), ("hello", code, "1", "1")):
        await night.says("00", *way)
        assert ((await night.state()).at, await night.present()) == (at, case_id)


async def test_a_code_from_another_phone_needs_no_sign_of_this_one(night: Night) -> None:
    """The chat has a request with a sign of its own; the code leads to the other all the same."""
    await night.says(*TO_MORE[:-1])
    code = code_of(night)
    await night.says("1", "3")
    first = await night.present()
    other = another_phone(night)
    await other.says(*TO_YES, "1", "red kite", "1", "3")
    await other.says("hello", code, "1", "1")
    labels = [one["text"] for row in other.chat.last["buttons"] for one in row]
    assert "Something new" in labels
    rows = await night.rows(select(conversations.c.case_id).where(conversations.c.contact))
    assert [row.case_id for row in rows].count(first) == 2


async def test_her_code_leads_back_into_the_account_under_way(night: Night) -> None:
    """The code of the very case that the chat has: nothing is cleared, she goes on."""
    await night.says(*TO_MORE[:-1])
    code = code_of(night)
    await night.says("1", "1", "1", *ACCOUNT, "these words")
    at = (await night.state()).at
    await night.says("00", "hello", code, "1", "1", "blue kite")
    state = await night.state()
    assert state.at == at
    assert "account" in state.parts
    await night.says("more words", "done", "2", "2", "3", "1")
    assert (await told(night, await night.present()))[1] == 0


async def test_danger_in_the_middle_of_an_account_whose_case_was_closed_meanwhile(
    night: Night,
) -> None:
    """Before the sign it is a request of its own; what she told so far ends as she chose."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "these words")
    case_id = await night.close()
    night.console.clock.forward(minutes=40)
    await night.says("more words of mine", "1", "3", "2", "3", "1")
    by_id = {case.id: case.status for case in await night.rows(select(cases))}
    assert (len(by_id), by_id.pop(case_id), *by_id.values()) == (2, "done", "open")
    may_be_read, waiting = await told(night, case_id)
    assert (may_be_read > 0, waiting) == (True, 0)


async def test_each_chat_settles_its_own_account_only(night: Night) -> None:
    """Hers is lost and was to be kept; on another phone one that is only for sending goes on."""
    await night.says(*TO_MORE[:-1])
    code = code_of(night)
    await night.says("1", "1", "1", *ACCOUNT, "hers, to be kept")
    case_id = await night.takes()
    night.console.clock.forward(days=11)
    other = another_phone(night)
    await other.says("hello", code, "1", "1", "Something new", "1", "4", "5", "2", "1", "1", "3")
    await other.says("1", "1", "red kite", "1", "1", "2", *ACCOUNT, "only if I send")
    before = (await told(night, case_id))[1]
    night.console.relais.vault.drafts.destroy_before(night.console.relais.world.day())
    await expire_conversations(night.console.relais)
    may_be_read, waiting = await told(night, case_id)
    assert may_be_read > 0
    assert 0 < waiting < before


async def test_what_is_known_of_her_comes_back_with_her_sign(night: Night) -> None:
    """Somebody began apart: she may still add, and take back what she had agreed to."""
    sent = (*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1", "3")
    await night.says(*sent)
    await night.says("hello", "1", "1", "s", "s", "00")
    await night.says(*BACK)
    labels = [one["text"] for row in night.chat.last["buttons"] for one in row]
    assert "Add to what I told" in labels
    assert "Take back a yes" in labels


async def test_a_yes_that_is_taken_back_ends_in_her_earlier_requests_too(night: Night) -> None:
    """It stood for the account of the request before: "I took it back" is true of that."""
    sent = (*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1", "3")
    await night.says(*sent)
    before = await night.close()
    assert "account" in await night.served(night.ada, before)
    await night.says(*NEW, "1", "1", "red kite", "1", "3")
    await night.says("hello", "1", "1", "red kite", "Take back a yes")
    await night.says("Helpers may read what I told")
    assert "account" not in await night.served(night.ada, before)


async def test_what_is_taken_back_is_of_the_person_who_takes_it_back(night: Night) -> None:
    """Between her request and her coming back somebody else asked twice in this chat."""
    sent = (*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1", "3")
    await night.says(*sent)
    await night.takes()
    own = select(conversations).where(conversations.c.member_id.is_(None))
    (hers,) = await night.rows(own)
    await night.says("hello", "1", "1", "s", "s", "00")
    (apart,) = await night.rows(own)
    assert apart.told_group not in {None, hers.told_group}
    theirs = await open_case(night.console.relais, [night.ada.member_id], number=5)
    async with night.console.relais.db.write() as tx:
        await tx.execute(
            insert(earlier_cases).values(
                marked(
                    night.console.relais.vault.keyring,
                    earlier_cases,
                    {
                        "conversation_id": hers.id,
                        "case_id": theirs,
                        "told_group": apart.told_group,
                        "contact": False,
                    },
                )
            )
        )
    before = len(await night.rows(select(grants).where(grants.c.case_id == theirs)))
    await night.says(*BACK)
    (back,) = await night.rows(own)
    assert (back.case_id, back.told_group) == (hers.case_id, hers.told_group)
    await night.says("Take back a yes", "Helpers may read what I told")
    assert "account" not in await night.served(night.ada, hers.case_id)
    assert len(await night.rows(select(grants).where(grants.c.case_id == theirs))) == before


async def test_leave_to_be_written_to_is_of_one_person(night: Night) -> None:
    """Who begins apart did not give it; hers is kept while her request lives, and comes back."""
    await night.says(*TO_MORE, "3")
    own = select(conversations).where(conversations.c.member_id.is_(None))
    (hers,) = await night.rows(own)
    async with night.console.relais.db.write() as tx:
        await relink(tx, night.console.relais.vault.keyring, hers.id, contact=True)
    await night.says("hello", "1", "1", "s", "s")
    (apart,) = await night.rows(own)
    assert apart.contact is False
    (kept,) = await night.rows(select(earlier_cases))
    assert kept.contact is True
    await night.says("00", *BACK)
    (back,) = await night.rows(own)
    assert back.contact is True
