"""Editions over the bot API: a link chooses the interview, and a lost edition loses nobody."""

import pytest
from sqlalchemy import delete, select, update

from backend.database.tables import archive, case_log, cases, conversations
from backend.turns.snapshot import open_state, seal_state
from conversation import State, dump_state, load_state
from tests.backend.chats import Chat
from tests.backend.consoles import Console

TO_HELP = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "3", "1")


async def state_of(console: Console) -> State:
    """The state of the only conversation."""
    async with console.relais.db.read() as connection:
        row = (await connection.execute(select(conversations))).one()
    return load_state(open_state(console.relais, row.id, row.state_sealed, row.state_key))


async def rewrite(console: Console, content: str) -> None:
    """As if its edition had this hash."""
    from msgspec.structs import replace

    state = replace(await state_of(console), content=content)
    async with console.relais.db.write() as tx:
        row = (await tx.execute(select(conversations))).one()
        sealed, key = seal_state(console.relais, row.id, dump_state(state), reduced=False)
        await tx.execute(update(conversations).values(state_sealed=sealed, state_key=key))


@pytest.mark.parametrize("name", ["domestic-violence", "migration-route", "other-grave-crimes"])
async def test_a_start_link_chooses_the_interview(chat: Chat, console: Console, name: str) -> None:
    """The same greeting, then the interview that the link names."""
    await chat.settles(
        (await chat.posts({"kind": "start", "payload": name}, "s1")).json()["delivery"]
    )
    await chat.says("1")
    assert (await state_of(console)).interview == name


async def test_an_unknown_link_begins_the_usual_interview(chat: Chat, console: Console) -> None:
    """Whatever stands in a link, she is greeted."""
    await chat.posts({"kind": "start", "payload": "../../etc/passwd"}, "s1")
    assert (await state_of(console)).interview == "conflict-sexual-violence"


async def test_a_vanished_edition_loses_nobody(chat: Chat, console: Console) -> None:
    """The question is shown again under the present edition, and the answer counts then."""
    for text in TO_HELP[:5]:
        await chat.says(text)
    async with console.relais.db.write() as tx:
        await tx.execute(delete(archive))
    await rewrite(console, "0" * 32)
    assert "changed while you were away" in await chat.says("5")
    assert "Where are you" in await chat.says("5")
    state = await state_of(console)
    assert state.content == console.relais.content.current.hash
    assert state.answers["age_band"] == "26_40"


async def test_an_unreadable_archive_is_as_if_it_were_gone(chat: Chat, console: Console) -> None:
    """A spoilt row of the archive stops no conversation."""
    await chat.says("hello")
    async with console.relais.db.write() as tx:
        await tx.execute(archive.insert(), {"hash": "1" * 32, "body": b"rubbish", "archived_at": 0})
    await rewrite(console, "1" * 32)
    assert "changed while you were away" in await chat.says("1")
    assert "Are you safe" in await chat.says("1")


async def test_taking_back_the_request_closes_it(chat: Chat, console: Console) -> None:
    """A yes that she takes back ends the request; the case says why."""
    ada = await console.enrolled("Ada (demo)")
    phone = Chat(chat.client, console.relais, "responder")
    await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
    await ada.post("/v1/me/on-call", {"on_call": True})
    for text in (*TO_HELP, "5", "1", "3", "hello", "1", "1"):
        await chat.says(text)
    said = await chat.says("4")
    assert "Which yes" in said
    assert "I took it back" in await chat.says("1")
    async with console.relais.db.read() as connection:
        assert (await connection.execute(select(cases.c.status))).scalar_one() == "done"
        kinds = set((await connection.execute(select(case_log.c.kind))).scalars())
    assert "withdrawn" in kinds
