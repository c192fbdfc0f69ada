"""What goes from the chat by itself: on a shared phone at each answer, everywhere at 40 hours."""

import pytest

from backend.ambient import HOUR
from backend.jobs.clearing import clear_chats
from tests.backend.chats import Chat
from tests.backend.consoles import Console
from tests.backend.worlds import Clock


async def shares_a_phone(chat: Chat) -> None:
    """To the question after "Who holds this phone?"."""
    started = await chat.posts({"kind": "start", "payload": "migration-route"}, "link")
    await chat.settles(started.json()["delivery"])
    await chat.says("1")
    assert "Who holds this phone" in await chat.says("1")


async def test_a_shared_phone_shows_one_question_at_a_time(chat: Chat) -> None:
    """With each answer everything before goes, both sides, and then the next question comes."""
    await shares_a_phone(chat)
    answer = await chat.posts({"kind": "text", "text": "2"}, "shared")
    delete = answer.json()["delivery"]
    assert delete["kind"] == "delete"
    assert not delete["erased"]
    assert {"m", "link", "555-1", "555-2", "shared"} <= set(delete["target"])
    question = (await chat.reports(delete, outcome="sent")).json()["delivery"]
    assert question["kind"] == "send"
    assert "Which fits" in question["text"]


async def test_what_is_no_answer_leaves_the_question_on_the_screen(chat: Chat) -> None:
    """Help, or something unclear, clears nothing: the question would go with it."""
    await shares_a_phone(chat)
    await chat.says("2")
    for number, text in enumerate(("help", "who knows")):
        answer = await chat.posts({"kind": "text", "text": text}, f"x{number}")
        assert answer.json()["delivery"]["kind"] == "send"
        await chat.settles(answer.json()["delivery"])


async def test_a_phone_of_her_own_keeps_the_chat(chat: Chat) -> None:
    """Until she clears it, or 40 hours have passed."""
    await shares_a_phone(chat)
    answer = await chat.posts({"kind": "text", "text": "1"}, "mine")
    assert answer.json()["delivery"]["kind"] == "send"


async def test_at_forty_hours_a_chat_is_cleared(console: Console, chat: Chat) -> None:
    """What is older goes, once; what is newer stays."""
    await chat.says("hello")
    await clear_chats(console.relais)
    assert await chat.waiting() == []
    console.clock.ms += 39 * HOUR
    await chat.says("1")
    console.clock.ms += HOUR
    await clear_chats(console.relais)
    await clear_chats(console.relais)
    (delete,) = await chat.waiting()
    assert delete["kind"] == "delete"
    assert "555-1" in delete["target"]
    assert "555-2" not in delete["target"]
    await chat.reports(delete, outcome="sent")
    await clear_chats(console.relais)
    assert await chat.waiting() == []


async def test_what_was_cleared_is_not_cleared_again(console: Console, chat: Chat) -> None:
    """Each answer takes away one pair, not everything of two days once more."""
    await shares_a_phone(chat)
    await chat.says("2")
    console.clock.ms += 1000
    answer = await chat.posts({"kind": "text", "text": "1"}, "next")
    assert set(answer.json()["delivery"]["target"]) == {"m", "next"}


async def test_what_she_wrote_meanwhile_is_still_known(console: Console, chat: Chat) -> None:
    """It came after the bot was told what to delete, so the next deletion takes it."""
    await shares_a_phone(chat)
    answer = await chat.posts({"kind": "text", "text": "2"}, "shared")
    console.clock.ms += 1000
    await chat.posts({"kind": "text", "text": "1"}, "meanwhile")
    deletes = []
    delivery = answer.json()["delivery"]
    while delivery is not None:
        deletes += [delivery["target"]] if delivery["kind"] == "delete" else []
        report = await chat.reports(delivery, outcome="sent", message_ids=[delivery["id"]])
        delivery = report.json()["delivery"]
    first, second = deletes
    assert "shared" in first
    assert "meanwhile" in second
    assert "shared" not in second


async def test_quick_exit_takes_the_word_itself_along(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a real clock, where her message is stored a moment after the answer was made."""
    await chat.says("hello")

    def ticking(clock: Clock) -> int:
        clock.ms += 1
        return clock.ms

    monkeypatch.setattr(Clock, "__call__", ticking)
    answer = await chat.posts({"kind": "text", "text": "00"}, "bye")
    assert {"555-1", "bye"} <= set(answer.json()["delivery"]["target"])


async def test_at_its_end_a_shared_phone_shows_the_farewell_alone(chat: Chat) -> None:
    """Also when she comes back: it is still the shared phone."""
    await shares_a_phone(chat)
    await chat.says("2")
    answer = await chat.posts({"kind": "text", "text": "4"}, "information")
    kinds, said = [], ""
    for number in range(12):
        delivery = answer.json()["delivery"]
        while delivery is not None:
            kinds.append(delivery["kind"])
            said = delivery["text"]
            report = await chat.reports(delivery, outcome="sent", message_ids=["m"])
            delivery = report.json()["delivery"]
        if "Come back any time" in said:
            break
        answer = await chat.posts({"kind": "text", "text": "s"}, f"skip-{number}")
    assert "Come back any time" in said
    assert kinds[-2:] == ["delete", "send"]
