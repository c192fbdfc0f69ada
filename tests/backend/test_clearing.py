"""What goes from the chat by itself: on a shared phone at each answer, everywhere at 40 hours."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.ambient import HOUR
from backend.jobs.clearing import clear_chats
from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Console, running_console


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """The backend with both bots' tokens."""
    async with running_console(database_url, tmp_path, **TOKENS) as running:
        yield running


@pytest.fixture
async def chat(console: Console) -> AsyncIterator[Chat]:
    """A person who has not written yet."""
    async with console.client() as client:
        yield Chat(client, console.relais, "555")


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
