"""Linking a messenger by a one-time code."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from backend.accounts.links import LinkResult, code_in, try_link
from backend.chats import marked
from backend.database.tables import cases, conversations
from tests.backend.consoles import HEADER, Browser, Console, running_console

ADA = "Ada (demo)"
SAM = "Sam (demo)"


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """A demo console on either database."""
    async with running_console(database_url, tmp_path) as running:
        yield running


async def chat(console: Console, number: int = 1, channel: str = "telegram") -> str:
    """A conversation that just began."""
    conversation_id = f"{number:032x}"
    async with console.relais.db.write() as tx:
        await tx.execute(
            insert(conversations).values(
                marked(
                    console.relais.vault.keyring,
                    conversations,
                    {
                        "id": conversation_id,
                        "channel": channel,
                        "address_index": number.to_bytes(32, "big"),
                        "address_sealed": b"",
                        "state_sealed": b"x",
                        "state_key": "2026-11-24",
                        "version": 1,
                        "last_seq": 0,
                        "settled_seq": 0,
                        "contact": False,
                    },
                )
            )
        )
    return conversation_id


async def send(
    console: Console, conversation_id: str, text: str, *, interviewing: bool = False
) -> LinkResult | None:
    """What the bot's turn does with a message."""
    async with console.relais.db.write() as tx:
        return await try_link(
            tx, console.relais, conversation_id, "telegram", text, interviewing=interviewing
        )


async def new_code(browser: Browser) -> str:
    """Ask the console for a code."""
    return str((await browser.post("/v1/me/link-codes")).json()["code"])


async def channels(browser: Browser) -> list[str]:
    """What the console says is linked."""
    return [one["channel"] for one in (await browser.get("/v1/me")).json()["links"]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("link-7K3M-Q2XP", "7K3MQ2XP"),
        ("  LINK 7k3m q2xp\n", "7K3MQ2XP"),
        ("/start link-7K3M-Q2XP", "7K3MQ2XP"),
        ("link-7K3M-Q2OL", "7K3MQ201"),
        ("link-7K3M-Q2XU", None),
        ("link-7K3M", None),
        ("please link-7K3M-Q2XP", None),
        ("hello", None),
    ],
)
def test_what_is_a_code(text: str, code: str | None) -> None:
    """Spacing, case and look-alike letters do not matter; anything else is a message."""
    assert code_in(text) == code


async def test_a_code_links_the_chat(console: Console) -> None:
    """The chat is the member's, its interview state is gone, and the console shows the link."""
    ada, conversation_id = await console.enrolled(ADA), await chat(console)
    result = await send(console, conversation_id, await new_code(ada))
    assert result == LinkResult("linked", ada.member_id, "en", ADA)
    assert await channels(ada) == ["telegram"]
    async with console.relais.db.read() as connection:
        row = (await connection.execute(select(conversations))).one()
    assert (row.member_id, row.state_sealed, row.state_key) == (ada.member_id, None, None)


async def test_who_is_linked_and_on_call_can_be_alerted(console: Console) -> None:
    """The directory counts a member only when enrolled, in the roster, on call and linked."""
    ada = await console.enrolled(ADA)

    async def on_call() -> set[str]:
        console.relais.directory.invalidate()
        directory = await console.relais.directory.get()
        return {member.id for team in directory.teams for member in team.on_call}

    async def ever() -> set[str]:
        everyone = await console.relais.directory.everyone()
        return {member.id for team in everyone.teams for member in team.on_call}

    assert await on_call() == set()
    assert await ever() == {ada.member_id}
    await send(console, await chat(console), await new_code(ada))
    assert await on_call() == {ada.member_id}
    await ada.post("/v1/me/on-call", {"on_call": False})
    assert await on_call() == set()
    await ada.post("/v1/me/on-call", {"on_call": True})
    assert (await ada.client.delete("/v1/me/links/telegram", headers=HEADER)).status_code == 204
    assert await on_call() == set()
    assert (await ada.client.delete("/v1/me/links/telegram", headers=HEADER)).status_code == 404


async def test_a_code_works_once_and_for_a_quarter_of_an_hour(console: Console) -> None:
    """Used, replaced or expired codes link nothing."""
    ada = await console.enrolled(ADA)
    first = await chat(console, 1)
    second = await chat(console, 2)
    code = await new_code(ada)
    assert (await send(console, first, code)) == LinkResult("linked", ada.member_id, "en", ADA)
    assert await send(console, second, code) == LinkResult("wrong")
    replaced = await new_code(ada)
    late = await new_code(ada)
    assert await send(console, second, replaced) == LinkResult("wrong")
    console.clock.forward(minutes=15)
    assert await send(console, second, late) == LinkResult("wrong")


async def test_a_chat_with_an_interview_is_never_a_responders(console: Console) -> None:
    """A chat that answered, or that belongs to a case, is refused; the code stays good."""
    ada, conversation_id = await console.enrolled(ADA), await chat(console)
    code = await new_code(ada)
    refused = LinkResult("refused", reason="interview")
    assert await send(console, conversation_id, code, interviewing=True) == refused
    async with console.relais.db.write() as tx:
        await tx.execute(update(conversations).values(case_id="0" * 32))
    assert await send(console, conversation_id, code) == refused
    other = await send(console, await chat(console, 2), code)
    assert other is not None
    assert other.outcome == "linked"
    async with console.relais.db.read() as connection:
        assert (await connection.execute(select(cases))).first() is None


async def test_a_chat_serves_one_member(console: Console) -> None:
    """Another member's chat is refused, and a member's new chat takes the place of the old."""
    ada, sam = await console.enrolled(ADA), await console.enrolled(SAM)
    first, second = await chat(console, 1), await chat(console, 2)
    await send(console, first, await new_code(ada))
    other = LinkResult("refused", reason="other")
    assert await send(console, first, await new_code(sam)) == other
    await send(console, second, await new_code(ada))
    assert await channels(ada) == ["telegram"]
    async with console.relais.db.read() as connection:
        row = await connection.execute(
            select(conversations.c.member_id).where(conversations.c.id == first)
        )
    assert row.scalar_one() is None


async def test_guessing_codes_is_throttled(console: Console) -> None:
    """After five wrong codes a chat waits, even with the right one; then it works."""
    ada, conversation_id = await console.enrolled(ADA), await chat(console)
    for number in range(5):
        wrong = await send(console, conversation_id, f"link-0000-000{number}")
        assert wrong == LinkResult("wrong")
    code = await new_code(ada)
    assert await send(console, conversation_id, code) == LinkResult("wait")
    console.clock.forward(minutes=1)
    result = await send(console, conversation_id, code)
    assert result is not None
    assert result.outcome == "linked"
