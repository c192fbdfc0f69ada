"""A turn names a file: it becomes an answer of hers, in the draft and then in the compartment."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.database.tables import conversations, draft_items, items, media
from backend.jobs import housekeeping
from backend.media.file_keys import open_keys
from conversation import effects as fx
from tests.backend.chats import Chat
from tests.backend.consoles import every_byte
from tests.backend.filing_scene import MARK, Desk, age_opened, open_desk

LOST = "did not reach me"
PROVENANCE = {"step", "item", "locale", "channel", "at", "interview", "version", "content"}


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A backend on either database."""
    async with open_desk(database_url, tmp_path) as opened:
        yield opened


async def age_file(desk: Desk, row: Any) -> bytes:
    """Header and body as they stand in the row and the store."""
    header: bytes = row.header
    stored = await desk.relais.files.open(row.path)
    return header + b"".join([chunk async for chunk in stored.chunks])


async def test_a_named_file_belongs_to_the_answer(desk: Desk) -> None:
    """The open question takes it: row and draft item are written in the turn's transaction."""
    await desk.stands_at("files", evidence_ok="yes")
    file = await desk.uploaded(MARK)
    await desk.sends("e1", {"id": file})
    (row,) = await desk.file_rows()
    assert row.conversation_id == await desk.conversation()
    assert (row.case_id, row.header) == (None, None)
    assert (await desk.counts())["draft_items"] == 1


async def test_a_caption_comes_with_it(desk: Desk) -> None:
    """Her words under a photo are an item beside it, sealed like every word."""
    await desk.stands_at("files", evidence_ok="yes")
    file = await desk.uploaded(MARK)
    await desk.sends("e1", {"id": file}, text="Qzx7 caption")
    assert (await desk.counts())["draft_items"] == 2
    assert b"Qzx7" not in every_byte(desk.folder)


async def test_a_replay_changes_nothing(desk: Desk) -> None:
    """The same event again: one file, one item, even when it names another file now."""
    await desk.stands_at("files", evidence_ok="yes")
    file, other = await desk.uploaded(MARK), await desk.uploaded(MARK)
    first = await desk.sends("e1", {"id": file})
    assert LOST not in first
    before = (await desk.counts(), await desk.file_rows())
    await desk.sends("e1", {"id": file})
    await desk.sends("e1", {"id": other})
    assert (await desk.counts(), await desk.file_rows()) == before


async def test_a_file_is_named_once(desk: Desk) -> None:
    """A second event that names the same file hears that it is gone."""
    await desk.stands_at("files", evidence_ok="yes")
    file = await desk.uploaded(MARK)
    await desk.sends("e1", {"id": file})
    assert LOST in await desk.sends("e2", {"id": file})
    assert (await desk.counts())["draft_items"] == 1


async def test_another_channels_file_is_not_to_be_had(desk: Desk) -> None:
    """An id that came by another bot is unknown here, and stays where it is."""
    await desk.stands_at("files", evidence_ok="yes")
    file = await desk.uploaded(MARK, channel="page")
    assert LOST in await desk.sends("e1", {"id": file})
    (row,) = await desk.file_rows()
    assert row.conversation_id is None


@pytest.mark.parametrize(
    ("refused", "said"),
    [("too_large", "too large"), ("gone", LOST), ("unsupported", "cannot take")],
)
async def test_a_refused_file_is_explained(desk: Desk, refused: str, said: str) -> None:
    """The bot says why there is none, and she hears it; nothing is stored."""
    await desk.stands_at("files", evidence_ok="yes")
    heard = await desk.sends("e1", {"refused": refused})
    words = {"too large": "too_large", LOST: "file_lost", "cannot take": "not_accepted"}[said]
    expected = desk.relais.content.current.catalogues.text("en", f"engine/{words}/text")
    assert expected.split("{")[0].strip()[:20] in heard
    assert (await desk.counts())["draft_items"] == 0


@pytest.mark.parametrize(
    "named",
    [{}, {"id": ""}, {"id": "a", "refused": "gone"}, {"refused": "no"}, {"id": "x" * 65}, 7],
)
async def test_a_malformed_name_is_the_bots_fault(desk: Desk, named: object) -> None:
    """422: the event is set aside, and nothing happens."""
    answer = await desk.chat.posts({"kind": "media", "media": "photo"}, "e1", media=named)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_a_file_where_none_is_taken_goes_at_once(desk: Desk) -> None:
    """At a closed question the row is gone with the turn, the bytes right after it."""
    await desk.stands_at("for_whom")
    file = await desk.uploaded(MARK)
    await desk.sends("e1", {"id": file})
    assert await desk.file_rows() == []
    await desk.jobs()
    assert desk.objects() == []
    assert (await desk.counts())["file_garbage"] == 0


async def test_text_that_names_a_file_is_still_text(desk: Desk) -> None:
    """Only an event of kind media has a file; the rest of the turn is as ever."""
    file = await desk.uploaded(MARK)
    answer = await desk.chat.posts({"kind": "text", "text": "hello"}, "e1", media={"id": file})
    assert answer.json()["delivery"]["text"]
    (row,) = await desk.file_rows()
    assert row.conversation_id is None


async def test_what_becomes_of_a_draft_file_when_the_compartment_comes(desk: Desk) -> None:
    """An age header takes the key's place: holders open it, and it is bit for bit what she sent."""
    raw = MARK * 5000
    file = await desk.attaches(raw)
    (before,) = await desk.file_rows()
    assert (before.header, before.key_sealed is not None) == (None, True)
    case_id = await desk.opens_account()
    (row,) = await desk.file_rows()
    assert (row.case_id, row.compartment, row.conversation_id) == (case_id, "evidence", None)
    assert (row.key_sealed, row.key_key) == (None, None)
    (content,) = await desk.contents(case_id)
    assert content["file"] == file
    assert content.keys() >= PROVENANCE | {"prompt", "code", "media", "mime", "size", "sha256"}
    assert (content["channel"], content["size"]) == ("telegram", len(raw))
    found = age_opened(await age_file(desk, row), await desk.seed(case_id))
    assert found == raw
    assert hashlib.sha256(found).hexdigest() == content["sha256"]
    assert (await desk.counts())["draft_items"] == 0


async def test_a_file_into_an_open_compartment_is_sealed_at_once(desk: Desk) -> None:
    """With the compartment there, no draft stands between."""
    case_id = await desk.opens_account()
    await desk.attaches(MARK)
    (row,) = await desk.file_rows()
    assert row.key_sealed is None
    assert age_opened(await age_file(desk, row), await desk.seed(case_id)) == MARK
    assert (await desk.counts())["draft_items"] == 0


async def test_attached_and_opened_in_one_turn(desk: Desk) -> None:
    """A file whose compartment is made by the same turn goes straight into it."""
    file = await desk.uploaded(MARK)
    await desk.carries_out(
        fx.Attach("files", "evidence", file, "document", 1), fx.OpenAccount((), keep=True)
    )
    (row,) = await desk.file_rows()
    assert row.key_sealed is None
    assert age_opened(await age_file(desk, row), await desk.seed(row.case_id)) == MARK


async def test_other_holders_open_nothing(desk: Desk) -> None:
    """The header is for this compartment's key, not for another one of the same case."""
    case_id = await desk.opens_account()
    await desk.attaches(MARK)
    (row,) = await desk.file_rows()
    with pytest.raises(Exception):  # noqa: B017, PT011  (whatever sealing says; it opens nothing)
        age_opened(await age_file(desk, row), await desk.seed(case_id, "account"))


async def test_several_files_of_one_step(desk: Desk) -> None:
    """A burst: each is an item of its own, before and after the compartment is there."""
    sent = [bytes([n]) * 300 for n in range(4)]
    for n in (0, 1):
        await desk.attaches(sent[n], n + 1)
    case_id = await desk.opens_account()
    for n in (2, 3):
        await desk.attaches(sent[n], n + 1)
    rows = await desk.file_rows()
    seed = await desk.seed(case_id)
    assert {age_opened(await age_file(desk, row), seed) for row in rows} == set(sent)
    assert sorted(one["item"] for one in await desk.contents(case_id)) == [1, 2, 3, 4]


async def test_a_file_taken_back_before_the_account_was_sent(desk: Desk) -> None:
    """Item and bytes go; the others stay. In the draft and in the compartment alike."""
    kept = await desk.attaches(MARK, 1)
    await desk.attaches(MARK, 2)
    await desk.carries_out(fx.Detach("files", 2))
    assert [row.id for row in await desk.file_rows()] == [kept]
    case_id = await desk.opens_account()
    await desk.attaches(MARK, 3)
    await desk.carries_out(fx.Detach("files", 3))
    assert [row.id for row in await desk.file_rows()] == [kept]
    assert [one["item"] for one in await desk.contents(case_id)] == [1]
    await desk.jobs()
    assert len(desk.objects()) == 1


async def test_a_file_attached_and_taken_back_in_one_turn(desk: Desk) -> None:
    """Nothing of it is left, neither item nor row nor bytes."""
    await desk.opens_account()
    file = await desk.uploaded(MARK)
    await desk.carries_out(
        fx.Attach("files", "evidence", file, "document", 1), fx.Detach("files", 1)
    )
    await desk.jobs()
    assert (await desk.counts())["items"] == 0
    assert desk.objects() == []


async def test_after_it_was_sent_a_note_stands_beside_the_file(desk: Desk) -> None:
    """The first account is not changed: that she took it back is added."""
    case_id = await desk.opens_account()
    await desk.attaches(MARK)
    await desk.carries_out(fx.Submit(2))
    await desk.carries_out(fx.Detach("files", 1))
    assert len(await desk.file_rows()) == 1
    said = sorted(await desk.contents(case_id), key=lambda one: "taken_back" in one)
    assert [one.get("taken_back", False) for one in said] == [False, True]
    assert said[1]["item"] == 1


async def test_words_and_files_live_as_long_as_the_state(desk: Desk) -> None:
    """She writes every second day for a week: what she sent on the first day is still there."""
    await desk.stands_at("files", evidence_ok="yes")
    first = await desk.uploaded(MARK)
    await desk.sends("e0", {"id": first}, text="first words")
    days = set()
    for n in range(1, 6):
        desk.console.clock.forward(days=2)
        await housekeeping.keys(desk.relais)
        await desk.sends(f"e{n}", {"refused": "gone"})
        await housekeeping.keys(desk.relais)
        (row,) = await desk.file_rows()
        keys = {one.key for one in await desk.rows(select(draft_items.c.key))}
        (state,) = await desk.rows(
            select(conversations.c.state_key).where(conversations.c.id == row.conversation_id)
        )
        assert {row.key_key} | keys == {state.state_key}
        assert open_keys(desk.relais, row).size == len(MARK)
        days.add(row.key_key)
    assert len(days) == 5
    case_id = await desk.opens_account()
    assert len(await desk.contents(case_id)) == 1


async def test_a_draft_file_goes_dark_with_its_day(desk: Desk) -> None:
    """When she is silent the key dies with the state's, whether or not the row was deleted."""
    await desk.attaches(MARK)
    desk.console.clock.forward(days=9)
    await housekeeping.keys(desk.relais)
    (row,) = await desk.file_rows()
    with pytest.raises(Exception, match=row.key_key):
        open_keys(desk.relais, row)
    await desk.opens_account()
    assert (await desk.counts())["items"] == 0


async def test_two_people_cannot_get_the_same_file(desk: Desk) -> None:
    """Whoever is second finds it taken: her turn is not written, and is thought anew."""
    file = await desk.uploaded(MARK)
    await desk.conversation()
    other = Chat(desk.chat.client, desk.relais, "777")
    await other.says("hello")
    theirs = await desk.rows(
        select(conversations.c.id).where(conversations.c.id != await desk.conversation())
    )
    async with desk.relais.db.read() as connection:
        assert connection is not None
    async with desk.relais.db.write() as tx:
        await tx.execute(
            update(media).where(media.c.id == file).values(conversation_id=theirs[0].id)
        )
    with pytest.raises(Exception):  # noqa: B017, PT011
        await desk.carries_out(fx.Attach("files", "evidence", file, "document", 1))
    assert (await desk.counts())["draft_items"] == 0
    assert await desk.rows(select(items)) == []


async def test_a_position_is_heard_as_one(desk: Desk) -> None:
    """Latitude and longitude stand in the sealed event; what is no place on earth is none."""
    await desk.stands_at("files", evidence_ok="yes")
    await desk.sends("e1", None, media="location", latitude=4.36, longitude=18.55)
    assert (await desk.counts())["draft_items"] == 1
    for number, wrong in enumerate(({"latitude": 91.0, "longitude": 0}, {"latitude": 3.0})):
        await desk.sends(f"w{number}", None, media="location", **wrong)
    assert (await desk.counts())["draft_items"] == 1
