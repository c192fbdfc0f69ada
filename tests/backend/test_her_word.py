"""What she was told holds in the database: who reads, what is erased, what waits for her word."""

from typing import Any

import pytest
from sqlalchemy import select, update

from backend.alerts import note_step
from backend.cases.stones import read_tombstones, replay_tombstones, write_tombstone
from backend.database.tables import (
    alerts,
    case_log,
    cases,
    conversations,
    deliveries,
    draft_items,
    earlier_cases,
    grants,
    items,
    quarantine,
)
from backend.errors import ConfigurationError
from backend.jobs.expiring import expire_conversations
from backend.jobs.pruning import prune
from backend.turns import service
from backend.turns.committing import commit
from tests.backend.nights import ACCOUNT, BACK, NEW, TO_MORE, TO_YES, Night

# -- asking again -------------------------------------------------------------------------------


async def test_an_urgent_call_after_the_case_was_taken_reaches_the_taker(night: Night) -> None:
    """Danger before the sign: the taker hears at once, before any question is answered."""
    await night.says(*TO_MORE, "3")
    case_id = await night.takes()
    await night.says("hello", "1", "3")
    await night.jobs()
    told = await night.rows(select(deliveries.c.dedupe_key))
    again = [row for row in told if str(row.dedupe_key).startswith(f"again:{case_id}")]
    assert len(again) == 2, await night.says("repeat")


async def test_an_urgent_call_reaches_the_taker_when_nobody_is_on_call(night: Night) -> None:
    """Nobody else could be asked now; whoever has her case and coordination hear all the same."""
    await night.says(*TO_MORE, "3")
    case_id = await night.takes()
    for who in (night.ada, night.sam):
        await who.post("/v1/me/on-call", {"on_call": False})
    night.console.relais.directory.invalidate()
    await night.says("hello", "1", "3")
    await night.jobs()
    told = await night.rows(select(deliveries.c.dedupe_key))
    again = [row for row in told if str(row.dedupe_key).startswith(f"again:{case_id}")]
    assert len(again) == 2


async def test_an_urgent_call_brings_keys_to_whoever_is_asked_if_the_taker_is_silent(
    night: Night,
) -> None:
    """With a first step the others lost theirs; without new ones no team could be rung."""
    await night.says(*TO_MORE, "3")
    case_id = str((await night.case()).id)
    assert (await night.sam.post(f"/v1/cases/{case_id}/take")).status_code == 200
    async with night.console.relais.db.write() as tx:
        await note_step(tx, night.console.relais, case_id, night.sam.member_id)
    adas = select(grants.c.name).where(grants.c.holder == night.ada.member_id)
    assert await night.rows(adas) == []
    await night.says("hello", "1", "3", "2", "3", "1")
    assert "brief" in {row.name for row in await night.rows(adas)}
    await night.jobs()
    for minutes in (61, 31):
        night.console.clock.forward(minutes=minutes)
        await night.jobs()
    await night.jobs()
    rung = select(alerts.c.status).where(alerts.c.member_id == night.ada.member_id)
    assert "open" in {row.status for row in await night.rows(rung)}


async def test_whom_she_left_out_is_not_asked_at_her_next_request(night: Night) -> None:
    """The exclusion stands in her case: it is named to her no more, asked no more."""
    await night.says(*TO_YES[:-1], "2", "1", "done")
    (case,) = await night.rows(select(cases))
    before = night.routing(case)
    assert before.excluded == ("lantern",)
    held = {row.holder for row in await night.rows(select(grants))}
    assert night.ada.member_id not in held
    await night.says("1", "blue kite", "1", "3")
    heard = await night.says(*NEW)
    assert "May I tell" in heard
    assert "Lantern" not in heard
    await night.says("1")
    for row in await night.rows(select(cases)):
        assert night.routing(row).excluded == ("lantern",)
    held = {row.holder for row in await night.rows(select(grants))}
    assert night.ada.member_id not in held


# -- a second telling ---------------------------------------------------------------------------


async def test_a_second_telling_in_a_taken_case_waits_for_her_word(night: Night) -> None:
    """Kept only if she sends it: nothing of it is served before, and silence destroys it."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1")
    case_id = await night.takes()
    first = await night.served(night.ada, case_id)
    assert "account" in first
    await night.says("3", *NEW)
    assert await night.served(night.ada, case_id) == first  # not before she says yes
    await night.says("1", "1", "red kite", "1", "1")
    await night.says("2", *ACCOUNT, "second words")
    after_yes = await night.served(night.ada, case_id)
    assert after_yes.count("account") == first.count("account")
    assert after_yes.count("brief") > first.count("brief")
    night.console.clock.forward(days=4)
    await expire_conversations(night.console.relais)
    rows = await night.rows(select(items.c.compartment).where(items.c.held.is_not(None)))
    assert rows == []
    left = await night.rows(select(items.c.compartment).where(items.c.case_id == case_id))
    assert [row.compartment for row in left].count("account") == first.count("account")


async def test_a_second_telling_takes_nothing_from_the_first(night: Night) -> None:
    """The same questions again are items of their own; both are there once she sent them."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1")
    case_id = await night.takes()
    first = await night.served(night.ada, case_id)
    await night.says("3", *NEW, "1", "1", "red kite", "1", "1")
    await night.says("1", *ACCOUNT, "second words", "done", "2", "2", "3", "1")
    second = await night.served(night.ada, case_id)
    assert second.count("account") == 2 * first.count("account")
    assert await night.rows(select(items.c.id).where(items.c.held.is_not(None))) == []


# -- a case that is done ------------------------------------------------------------------------


async def test_words_added_to_a_case_that_is_done_arrive(night: Night) -> None:
    """They are sealed into it, and whoever had it hears of them."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1", "3")
    case_id = await night.close()
    before = await night.served(night.ada, case_id)
    await night.says(*BACK, "Add to what I told", "more words", "done")
    await night.says("s", "s", "s", "s")
    after = await night.served(night.ada, case_id)
    assert after.count("account") > before.count("account")
    await night.jobs()
    told = await night.rows(select(deliveries.c.dedupe_key))
    assert any(str(row.dedupe_key).startswith(f"added:{case_id}") for row in told)


async def test_telling_goes_on_when_the_helper_closes_meanwhile(night: Night) -> None:
    """She is in the middle of her account: what she tells is kept, and served when she sends it."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT[:5])
    case_id = await night.close()
    await night.says(*ACCOUNT[5:], "these words", "done", "2", "2", "3", "1")
    assert "account" in await night.served(night.ada, case_id)


async def test_taking_back_the_account_of_a_case_that_is_done_destroys_it(night: Night) -> None:
    """She is told that it was taken back, and it was."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "first words", "done", "2", "2", "3", "1", "3")
    case_id = await night.close()
    heard = await night.says(*BACK, "Take back a yes", "Helpers may read what I told")
    assert "took it back" in heard
    assert "account" not in await night.served(night.ada, case_id)


async def test_taking_back_her_request_ends_the_leave_to_write(night: Night) -> None:
    """Nobody is to write: her contact ends with the request."""
    await night.says(*TO_MORE, "3")
    await night.says(*BACK, "Take back a yes", "Helpers may know what I need")
    await night.jobs()
    (row,) = await night.rows(select(conversations).where(conversations.c.case_id.is_not(None)))
    assert row.contact is False
    assert (await night.case()).status == "done"


# -- erasing ------------------------------------------------------------------------------------


async def test_erasing_reaches_every_case_of_the_chat(night: Night) -> None:
    """Also one that was done before; each has its stone; what was set aside goes too."""
    await night.says(*TO_MORE, "3")
    await night.close()
    await night.says(*NEW, "1", "1", "red kite", "1")
    found = await night.rows(select(cases.c.id, cases.c.status))
    assert sorted(row.status for row in found) == ["done", "open"]
    async with night.console.relais.db.write() as tx:
        (chat,) = await night.rows(
            select(conversations.c.id).where(conversations.c.case_id.is_not(None))
        )
        await tx.execute(
            quarantine.insert().values(
                event_index=b"e" * 32, channel="telegram", key_id="k", envelope=b"-",
                error="-", seen_at=0, conversation_id=chat.id,
            )
        )  # fmt: skip
    await night.says("erase", "1", "1")
    assert {row.status for row in await night.rows(select(cases.c.status))} == {"erased"}
    for table in (items, grants, earlier_cases, quarantine, draft_items):
        assert await night.rows(select(table)) == [], table.name
    stones = (night.console.relais.settings.data_dir / "tombstones.txt").read_text().split()
    assert sorted(one for one in stones if ":" not in one) == sorted(row.id for row in found)


async def test_a_replayed_erasure_writes_no_stone(night: Night) -> None:
    """The stone is written by the turn that erases, not by a repetition of its event."""
    await night.says(*TO_MORE, "erase", "1")
    for _ in range(2):
        await night.chat.posts({"kind": "text", "text": "1"}, "the-yes")
    stones = (night.console.relais.settings.data_dir / "tombstones.txt").read_text().split()
    assert len(stones) == 2, "of the case, and of the chat"


async def test_set_aside_events_go_after_a_month(night: Night) -> None:
    """Their inbox key is gone by then: nobody could open them any more."""
    async with night.console.relais.db.write() as tx:
        await tx.execute(
            quarantine.insert().values(
                event_index=b"e" * 32, channel="telegram", key_id="k", envelope=b"-",
                error="-", seen_at=night.console.clock(),
            )
        )  # fmt: skip
    night.console.clock.forward(days=29)
    await prune(night.console.relais)
    assert len(await night.rows(select(quarantine))) == 1
    night.console.clock.forward(days=2)
    await prune(night.console.relais)
    assert await night.rows(select(quarantine)) == []


# -- quick exit ---------------------------------------------------------------------------------


async def test_nothing_that_was_queued_appears_after_leaving(night: Night) -> None:
    """What no bot has taken yet never leaves; the deletion is the next thing that does."""
    first = (await night.chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    await night.chat.posts({"kind": "text", "text": "1"}, "e2")
    gone = await night.chat.posts({"kind": "text", "text": "00"}, "e3")
    forget = gone.json()["delivery"]
    assert forget["kind"] == "forget"
    answer = await night.chat.reports(forget, outcome="sent")
    assert answer.json()["delivery"]["neutral"]
    texts = await night.chat.settles(answer.json()["delivery"])
    assert "safe" not in texts
    assert first["id"] != forget["id"]


async def test_what_was_on_its_way_when_she_left_is_deleted_after_all(night: Night) -> None:
    """A bot was sending: its report comes late, and brings one more deletion with those ids."""
    first = (await night.chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    gone = (await night.chat.posts({"kind": "text", "text": "00"}, "e2")).json()["delivery"]
    await night.chat.settles(gone)
    late = await night.chat.reports(first, outcome="sent", message_ids=["late-1"])
    again = late.json()["delivery"]
    assert (again["kind"], again["target"]) == ("delete", ["late-1"])
    assert (await night.chat.reports(again, outcome="sent")).json() == {"delivery": None}
    assert "Choose your language" in await night.says("hello")


async def test_a_late_failure_after_leaving_holds_nothing_up(night: Night) -> None:
    """What was on its way and did not arrive needs no deletion."""
    first = (await night.chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    gone = (await night.chat.posts({"kind": "text", "text": "00"}, "e2")).json()["delivery"]
    await night.chat.settles(gone)
    late = await night.chat.reports(first, outcome="failed", reason="refused")
    assert late.json() == {"delivery": None}
    assert "Choose your language" in await night.says("hello")


# -- the sign -----------------------------------------------------------------------------------


async def test_who_skips_the_sign_touches_nothing_of_the_case(night: Night) -> None:
    """No status, no adding: what is told apart makes a case of its own."""
    await night.says(*TO_MORE, "3")
    case_id = await night.takes()
    before = await night.served(night.ada, case_id)
    heard = await night.says("hello", "1", "1", "s", "s")
    assert "Which fits" in heard
    assert "helper has it" not in await night.says("status")
    await night.says("1", "4", "5", "2", "1", "1", "3", "1")
    assert await night.served(night.ada, case_id) == before
    assert len(await night.rows(select(cases))) == 2


async def test_her_sign_opens_her_own_case_after_somebody_wrote_apart(night: Night) -> None:
    """The other's request and sign stay the other's; hers leads to hers, her code too."""
    await night.says(*TO_MORE[:-1])
    code = next(
        line.replace(" ", "")
        for line in night.chat.last["text"].splitlines()
        if line.replace(" ", "").isdigit()
    )
    await night.says("1", "3")
    case_id = str((await night.case()).id)
    await night.says("hello", "1", "1", "s", "s", "1", "4", "5", "2", "1", "1", "3", "1")
    await night.says("1", "red kite", "1", "3")
    other = await night.present()
    assert other != case_id
    await night.says(*BACK)
    assert await night.present() == case_id
    await night.says("00", "hello", "1", "1", "red kite")
    assert await night.present() == other
    await night.says("00", "hello", code)
    assert await night.present() == case_id
    await night.says("1", "1", "red kite")
    assert await night.present() == other


# -- a state that cannot be had -----------------------------------------------------------------


@pytest.mark.parametrize(("choice", "kept"), [("1", True), ("2", False)])
async def test_an_account_whose_state_is_gone_ends_as_she_chose(
    night: Night, choice: str, kept: bool
) -> None:
    """The server was down for long: keep is sent, "only if I send" destroyed, and nothing said."""
    await night.says(*TO_MORE, "1", choice, *ACCOUNT, "these words")
    queued = len(await night.rows(select(deliveries)))
    night.console.clock.forward(days=12)
    night.console.relais.vault.drafts.destroy_before(night.console.relais.world.day())
    await expire_conversations(night.console.relais)
    case = await night.case()
    assert case.account_served is kept
    left = await night.rows(select(items).where(items.c.compartment == "account"))
    assert bool(left) is kept
    assert all(row.held is None for row in left)
    assert len(await night.rows(select(deliveries))) == queued
    assert (await night.state()).mode == "closed"
    heard = await night.says("hello", "1", "1")
    assert "word, number or picture" in heard


async def test_a_chat_without_a_case_whose_state_is_gone_ends_unsaid(night: Night) -> None:
    """Nothing is kept, nothing is sent to whoever holds the phone."""
    await night.says("hello", "1")
    queued = len(await night.rows(select(deliveries)))
    night.console.clock.forward(days=12)
    night.console.relais.vault.drafts.destroy_before(night.console.relais.world.day())
    await expire_conversations(night.console.relais)
    assert len(await night.rows(select(deliveries))) == queued
    (row,) = await night.rows(select(conversations).where(conversations.c.member_id.is_(None)))
    assert row.state_sealed is None


async def test_leaving_works_where_the_state_cannot_be_read(night: Night) -> None:
    """00 deletes what is shown; the state stays for a release that can read it."""
    await night.says("hello", "1")
    await night.spoil()
    gone = await night.chat.posts({"kind": "text", "text": "00"}, "e-leave")
    assert gone.json()["delivery"]["kind"] == "forget"
    assert "Goodbye" in await night.chat.settles(gone.json()["delivery"])
    (row,) = await night.rows(select(conversations).where(conversations.c.member_id.is_(None)))
    assert row.state_sealed == b"damaged"


async def test_erasing_works_where_the_state_cannot_be_read(night: Night) -> None:
    """Asked once more, then everything goes, her case too."""
    await night.says(*TO_MORE)
    await night.spoil()
    assert "Erase everything?" in await night.says("erase")
    await night.says("1")
    assert (await night.case()).status == "erased"
    assert await night.rows(select(items)) == []


async def test_who_read_a_case_is_known_after_it_was_erased(night: Night) -> None:
    """Of its history what members did stays for the auditor, and nothing that was said for it.

    And that it was erased.
    First keys, and that somebody was left out, stand there too, and are not shown to the taker.
    """
    await night.says(*TO_MORE)
    case_id = await night.takes()
    url = f"/v1/cases/{case_id}"
    shown = (await night.ada.get(url)).json()["log"]
    assert {"opened", "keys"} <= set(await night.log())
    assert "keys" not in {line["kind"] for line in shown}
    await night.sam.get(url, reason="Ada is ill")
    await night.says("erase", "1", "1")
    assert (await night.case()).status == "erased"
    rows = await night.rows(select(case_log.c.kind, case_log.c.reason_sealed))
    assert {(row.kind, row.reason_sealed) for row in rows} == {("served", None), ("erased", None)}


async def test_an_older_button_erases_nothing_where_the_state_cannot_be_read(night: Night) -> None:
    """Whatever "yes" it said, it was the answer to another question."""
    await night.says(*TO_MORE)
    old = night.chat.last["buttons"][0][0]["token"]
    await night.spoil()
    assert "Erase everything?" in await night.says("erase")
    await night.chat.posts({"kind": "choice", "token": old}, "e-old")
    assert (await night.case()).status == "open"
    assert "Erase everything?" in await night.says("erase")
    right = night.chat.last["buttons"][0][0]["token"]
    await night.chat.posts({"kind": "choice", "token": right}, "e-right")
    assert (await night.case()).status == "erased"


async def test_who_does_not_erase_keeps_a_state_that_cannot_be_read(night: Night) -> None:
    """No, or anything but yes: another release finds it as it was, and the sign is not passed."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT, "these words")
    await night.takes()
    await night.spoil()
    own = select(conversations).where(conversations.c.member_id.is_(None))
    assert "Erase everything?" in await night.says("erase")
    assert "go on where you stopped" in await night.says("2")
    assert [row.state_sealed for row in await night.rows(own)] == [b"damaged"]
    answer = await night.chat.posts({"kind": "text", "text": "status"}, "e-status")
    assert answer.status_code == 500
    await night.says("erase")
    answer = await night.chat.posts({"kind": "text", "text": "my own words"}, "e-words")
    assert answer.status_code == 500
    assert [row.state_sealed for row in await night.rows(own)] == [b"damaged"]
    await night.says("1")
    assert (await night.case()).status == "erased"


async def test_a_state_nobody_can_read_is_over_with_its_key(night: Night) -> None:
    """It is tried each hour for a release that reads it; then the chat ends as any other."""
    await night.says("hello", "1")
    await night.spoil()
    night.console.clock.forward(days=4)
    await expire_conversations(night.console.relais)
    own = select(conversations).where(conversations.c.member_id.is_(None))
    assert [row.state_sealed for row in await night.rows(own)] == [b"damaged"]
    night.console.clock.forward(days=8)
    night.console.relais.vault.drafts.destroy_before(night.console.relais.world.day())
    await expire_conversations(night.console.relais)
    assert [row.state_sealed for row in await night.rows(own)] in ([], [None])


async def test_a_chat_whose_only_event_was_set_aside_is_swept(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that a fault made has an end like every other."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(service, "think", broken)
    for _ in range(2):
        await night.chat.posts({"kind": "text", "text": "hello"}, "e1")
    answer = await night.chat.posts({"kind": "text", "text": "hello"}, "e1")
    await night.chat.settles(answer.json()["delivery"])
    monkeypatch.undo()
    night.console.clock.forward(days=5)
    await expire_conversations(night.console.relais)
    own = select(conversations).where(conversations.c.member_id.is_(None))
    assert await night.rows(own) == []
    assert await night.rows(select(quarantine)) == []


async def test_an_unlinked_messenger_is_forgotten(night: Night) -> None:
    """A member's chat that is linked no more keeps no address."""
    await night.ada.post("/v1/me/on-call", {"on_call": False})
    answer = await night.ada.client.delete("/v1/me/links/telegram", headers={"X-Relais": "console"})
    assert answer.status_code < 300, answer.text
    await expire_conversations(night.console.relais)
    left = await night.rows(select(conversations.c.member_id))
    assert [row.member_id for row in left] == [night.sam.member_id]


# -- a case that moves while a turn is thought ---------------------------------------------------


async def test_a_case_closed_between_thought_and_writing_makes_the_turn_think_again(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She says yes to help in the very moment: the second thought sees how it is."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    tries: list[int] = []

    async def late(*args: Any) -> Any:
        if not tries:
            async with night.console.relais.db.write() as tx:
                await tx.execute(update(cases).values(status="done"))
        tries.append(1)
        return await commit(*args)

    monkeypatch.setattr(service, "commit", late)
    await night.says("hello")
    assert len(tries) == 2
    assert await night.rows(select(alerts).where(alerts.c.status == "open")) == []


# -- stones -------------------------------------------------------------------------------------


async def test_a_restored_database_brings_no_erased_case_back(night: Night) -> None:
    """Put back to the day before: the start erases it again, before anybody is served."""
    await night.says(*TO_MORE, "3")
    case_id = str((await night.case()).id)
    relais = night.console.relais
    write_tombstone(relais.settings.data_dir, case_id)  # erased since; this is the older database
    path = relais.settings.data_dir / "tombstones.txt"
    path.write_text(path.read_text() + "cut sho")
    assert await replay_tombstones(relais) == 1
    assert (await night.case()).status == "erased"
    for table in (items, grants):
        assert await night.rows(select(table)) == []
    await night.jobs()
    (row,) = await night.rows(select(conversations).where(conversations.c.member_id.is_(None)))
    assert (row.case_id, row.contact) == (None, False)
    assert await replay_tombstones(relais) == 0


async def test_a_restored_database_brings_no_erased_telling_back(night: Night) -> None:
    """She erased before there was any request: chat, draft and what waits for her go again."""
    await night.says("hello", "1", "1", "1")
    relais = night.console.relais
    hers = select(conversations).where(conversations.c.member_id.is_(None))
    (before,) = await night.rows(hers)
    await night.says("erase", "1")
    assert await replay_tombstones(relais) == 0, "the chat as it is since is left alone"
    async with relais.db.write() as tx:  # the older database
        old = {"version": before.version, "state_sealed": before.state_sealed}
        await tx.execute(update(conversations).where(conversations.c.id == before.id).values(**old))
    assert await replay_tombstones(relais) == 1
    assert await night.rows(hers) == []


async def test_a_stone_that_a_crash_cut_short_spoils_no_other(night: Night) -> None:
    """What was half written stays half; the next one is a line of its own."""
    folder = night.console.relais.settings.data_dir
    (folder / "tombstones.txt").write_text("ab12")
    write_tombstone(folder, "c" * 32)
    write_tombstone(folder, "d" * 32)
    assert read_tombstones(folder) == ["c" * 32, "d" * 32]


async def test_a_stone_file_that_cannot_be_read_stops_the_start(night: Night) -> None:
    """Whoever erased is not brought back by a wrong permission."""
    path = night.console.relais.settings.data_dir / "tombstones.txt"
    path.unlink(missing_ok=True)
    path.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await replay_tombstones(night.console.relais)


async def test_leaving_out_everybody_takes_the_case_from_whoever_has_it(night: Night) -> None:
    """In a second telling she names them all, so no consent follows: it holds all the same."""
    await night.says(*TO_MORE, "3")
    case_id = await night.takes()
    await night.says(*NEW, "2", "1 2")
    case = await night.case()
    assert set(night.routing(case).excluded) >= {"lantern"}
    assert (case.id, case.status, case.taker_id) == (case_id, "open", None)
    held = await night.rows(select(grants.c.holder).where(grants.c.holder == night.ada.member_id))
    assert held == []


async def test_an_urgent_call_after_a_done_case_opens_a_new_one(night: Night) -> None:
    """She comes back in danger, and her first request is over: helpers hear of a new one."""
    await night.says(*TO_MORE, "3")
    await night.close()
    (first,) = await night.rows(select(cases.c.id))
    await night.says("hello", "1", "3", "2", "3", "1")
    found = await night.rows(select(cases.c.id, cases.c.status).where(cases.c.id != first.id))
    assert [one.status for one in found] == ["open"]
    await night.jobs()
    rung = await night.rows(select(alerts).where(alerts.c.case_id == found[0].id))
    assert rung
