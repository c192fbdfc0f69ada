"""Keys that go dark, drafts that expire, rows that are no longer needed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from backend import alerts, jobs, turns
from backend.ambient import DAY, HOUR
from backend.cases.erasing import erase_case
from backend.chats import marked
from backend.database import DatabaseUnavailable
from backend.database.tables import (
    KEYRING,
    conversations,
    deliveries,
    event_failures,
    events,
    invitations,
    link_codes,
    sessions,
    throttles,
)
from backend.database.tables import jobs as jobs_table
from backend.deliveries import Outgoing, enqueue
from backend.jobs import housekeeping
from backend.jobs.expiring import expire_conversations
from backend.jobs.pruning import prune
from backend.relais import Relais
from conversation import Part, Reply
from tests.backend.alert_scene import ANA, Scene, open_scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A backend on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        opened.runner = jobs.Runner(opened.relais, housekeeping.HANDLERS)
        yield opened


async def _begin(scene: Scene) -> None:
    async with scene.relais.db.write() as tx:
        await housekeeping.ensure(tx, scene.relais.world)


async def _chat_of(scene: Scene, member: str = ANA, channel: str = "telegram") -> str:
    (row,) = await scene.rows(
        select(conversations.c.id).where(
            conversations.c.member_id == member, conversations.c.channel == channel
        )
    )
    chat: str = row.id
    return chat


async def _say(scene: Scene, chat: str, text: str = "responder/help/text") -> None:
    async with scene.relais.db.write() as tx:
        await enqueue(
            tx, scene.relais, chat, "telegram", [Outgoing("en", Reply(parts=(Part(text),)))]
        )


async def _survivor(scene: Scene, name: str, **columns: Any) -> str:
    row = {
        "id": name.rjust(32, "0"),
        "channel": "page",
        "address_index": name.encode(),
        "address_sealed": b"-",
        "version": 1,
        "last_seq": 0,
        "settled_seq": 0,
        "contact": False,
        "expires_at": scene.clock() + HOUR,
        "state_sealed": b"-",
    }
    row = marked(scene.relais.vault.keyring, conversations, row | columns)
    await scene.write(insert(conversations).values(**row))
    return str(row["id"])


async def test_every_recurring_job_runs_once_a_period(scene: Scene) -> None:
    """Three days: the daily ones four times, and each has its next row."""
    await _begin(scene)
    await _begin(scene)
    await scene.later(days=3)
    rows = await scene.rows(
        select(jobs_table.c.kind, jobs_table.c.status, func.count().label("many")).group_by(
            jobs_table.c.kind, jobs_table.c.status
        )
    )
    found = {(row.kind, row.status): row.many for row in rows}
    assert found["housekeeping.keys", "done"] == 4
    assert all(found[one.kind, "waiting"] == 1 for one in housekeeping.RECURRING)
    assert not any(status == "failed" for _, status in found)


async def test_one_that_was_given_up_comes_back_in_the_next_period(scene: Scene) -> None:
    """The others see to it."""
    await _begin(scene)
    await scene.write(
        update(jobs_table).where(jobs_table.c.kind == "housekeeping.expire").values(status="failed")
    )
    await scene.later(minutes=21)
    rows = await scene.rows(
        select(jobs_table.c.status).where(jobs_table.c.kind == "housekeeping.expire")
    )
    assert {"done", "waiting"} <= {row.status for row in rows}


async def test_old_draft_and_inbox_keys_are_destroyed(scene: Scene) -> None:
    """A draft key lives for its day, the hours of silence and one more day; inbox keys 30 days."""
    vault, world = scene.relais.vault, scene.relais.world
    today = world.moment().date()
    for back in range(8):
        vault.drafts.seal((today - timedelta(days=back)).isoformat(), b"x", "t")
    vault.inbox.current((today - timedelta(days=50)).isoformat())
    await housekeeping.keys(scene.relais)
    kept = [(today - timedelta(days=back)).isoformat() for back in (4, 3, 2, 1, 0)]
    assert vault.drafts.days() == kept
    assert vault.inbox.destroy_old(world.day()) == []


async def test_what_waits_moves_to_todays_key_and_leaves_after_a_week(scene: Scene) -> None:
    """Re-sealed daily it can still be read on the sixth day; on the eighth it has expired."""
    chat = await _chat_of(scene)
    await _say(scene, chat)
    await _days(scene, 6)
    ((reply, row),) = await scene.inbox(ANA)
    assert reply.parts[0].id == "responder/help/text"
    assert row.body_key == scene.relais.world.day()
    await _say(scene, chat, "responder/mine_none/text")
    await _days(scene, 2)
    rows = await scene.rows(select(deliveries).order_by(deliveries.c.seq))
    assert [(one.status, one.failure) for one in rows] == [
        ("expired", "too_old"),
        ("pending", None),
    ]
    assert rows[0].body_sealed is None
    (head,) = await scene.rows(select(conversations).where(conversations.c.id == chat))
    assert head.settled_seq == rows[1].seq - 1


async def _days(scene: Scene, days: int) -> None:
    for _ in range(days):
        scene.clock.forward(days=1)
        await housekeeping.keys(scene.relais)


async def test_a_body_whose_key_is_gone_expires_and_the_next_can_leave(scene: Scene) -> None:
    """The lowest that still waits is the next to be leased."""
    chat = await _chat_of(scene)
    await _say(scene, chat)
    await _say(scene, chat)
    await scene.write(update(deliveries).where(deliveries.c.seq == 1).values(body_key="2020-01-01"))
    await housekeeping.keys(scene.relais)
    (head,) = await scene.rows(select(conversations).where(conversations.c.id == chat))
    assert (head.settled_seq, head.last_seq) == (1, 2)


async def test_the_engine_hears_the_silence_once_the_time_is_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the hours that passed; not before, and never for a responder's chat."""
    heard: list[tuple[str, int]] = []

    async def silence(relais: Relais, conversation_id: str, hours: int) -> None:
        heard.append((conversation_id, hours))
        await scene.write(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(expires_at=None)
        )

    monkeypatch.setattr(turns, "silence", silence)
    hers = await _survivor(scene, "a")
    await scene.write(
        update(conversations)
        .where(conversations.c.member_id == ANA)
        .values(expires_at=scene.clock())
    )
    await _begin(scene)
    await scene.later(minutes=59)
    assert heard == []
    await scene.later(hours=5)
    assert heard == [(hers, 72)]


async def test_one_conversation_that_fails_does_not_keep_the_others_from_expiring(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes again in an hour; an unavailable database stops all, to be tried again."""
    heard: list[str] = []
    gone = False

    async def silence(relais: Relais, conversation_id: str, hours: int) -> None:
        if gone:
            raise DatabaseUnavailable("gone")
        heard.append(conversation_id[-1])
        if conversation_id.endswith("bad"):
            raise ValueError
        await scene.write(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(expires_at=None)
        )

    monkeypatch.setattr(turns, "silence", silence)
    await _survivor(scene, "bad", expires_at=1)
    await _survivor(scene, "x")
    await _begin(scene)
    await scene.later(minutes=89)
    assert sorted(heard) == ["d", "d", "x"]
    gone = True
    await scene.later(minutes=3)
    async with scene.relais.db.read() as connection:
        assert (await jobs.counts(connection, scene.clock())).failed == 0


async def test_a_forgotten_conversation_goes_for_good_once_its_last_message_left(
    scene: Scene,
) -> None:
    """Address, index and outbox; one with a case or with a message still waiting stays."""
    forgotten = {"state_sealed": None, "expires_at": scene.clock()}
    await _survivor(scene, "a", **forgotten)
    busy = await _survivor(scene, "b", **forgotten, last_seq=1)
    await _begin(scene)
    await scene.later(minutes=10)
    rows = await scene.rows(select(conversations.c.id).where(conversations.c.member_id.is_(None)))
    assert [row.id for row in rows] == [busy]


async def test_rows_that_have_done_their_duty_are_deleted(scene: Scene) -> None:
    """Events after 90 days, one-time codes, invitations and sessions when they are over."""
    now = scene.clock()
    old, fresh = now - 91 * DAY, now - 89 * DAY
    for name, at in ((b"old", old), (b"new", fresh)):
        await scene.write(insert(events).values(event_index=name, seen_at=at, outcome="done"))
        await scene.write(insert(event_failures).values(event_index=name, failures=1, seen_at=at))
    for name, expires, used in (
        (b"a", now - 2 * DAY, None),
        (b"b", now + DAY, now - 2 * DAY),
        (b"c", now + DAY, None),
    ):
        common = {"member_id": ANA, "expires_at": expires, "used_at": used}
        await scene.write(insert(link_codes).values(code_index=name, **common))
        await scene.write(insert(invitations).values(token_index=name, totp_sealed=b"-", **common))
        await scene.write(
            insert(sessions).values(
                token_index=name, member_id=ANA, created_at=1, seen_at=1, expires_at=expires
            )
        )
        await scene.write(insert(throttles).values(key=name, failures=1, since=expires))
    await prune(scene.relais)
    left = {
        table.name: await scene.rows(select(table))
        for table in (events, event_failures, link_codes, invitations, sessions, throttles)
    }
    assert {name: len(rows) for name, rows in left.items()} == {
        "events": 1,
        "event_failures": 1,
        "link_codes": 1,
        "invitations": 1,
        "sessions": 2,
        "throttles": 2,
    }


async def test_pruning_many_rows_takes_many_small_transactions(scene: Scene) -> None:
    """More than one batch goes in one run."""
    async with scene.relais.db.write() as tx:
        await tx.execute(
            insert(events),
            [
                {"event_index": str(n).encode(), "seen_at": 1, "outcome": "done"}
                for n in range(1201)
            ],
        )
    await prune(scene.relais)
    assert await scene.rows(select(events)) == []


async def test_who_ended_without_leave_to_write_loses_the_address(scene: Scene) -> None:
    """With nothing left to keep the whole row goes; with a case only its code stays."""
    keyring = {"state_key": KEYRING}
    case_id = await scene.case()
    bare = await _survivor(scene, "bare", **keyring)
    coded = await _survivor(scene, "coded", case_id=case_id, **keyring)
    agreed = await _survivor(scene, "agreed", contact=True, expires_at=None, **keyring)
    waiting = await _survivor(scene, "waiting", last_seq=1, **keyring)
    scene.clock.forward(hours=2)
    await expire_conversations(scene.relais)
    rows = await scene.rows(select(conversations).where(conversations.c.channel == "page"))
    found = {row.id: row for row in rows}
    assert bare not in found
    assert (found[coded].address_sealed, found[coded].state_sealed) == (b"", None)
    assert found[coded].address_index != b"coded"
    assert found[coded].case_id == case_id
    assert found[agreed].address_index == b"agreed"
    assert found[waiting].address_index == b"waiting"


async def test_her_leave_to_write_ends_with_her_request(scene: Scene) -> None:
    """Done: what she was told comes true, and two days later nobody can find her."""
    case_id = await scene.case()
    chat = await _survivor(
        scene, "she", case_id=case_id, contact=True, expires_at=None, state_key=KEYRING
    )
    scene.runner = jobs.Runner(scene.relais, {**alerts.HANDLERS, **housekeeping.HANDLERS})
    await scene.runner.run_due()
    await scene.says(ANA, "take K7Q4")
    async with scene.relais.db.write() as tx:
        await alerts.note_step(tx, scene.relais, case_id, ANA)
    await scene.says(ANA, "done K7Q4")
    await scene.runner.run_due()
    (row,) = await scene.rows(select(conversations).where(conversations.c.id == chat))
    assert (row.contact, row.expires_at) == (False, scene.clock() + 2 * DAY)
    scene.clock.forward(hours=49)
    await expire_conversations(scene.relais)
    (row,) = await scene.rows(select(conversations).where(conversations.c.id == chat))
    assert row.address_sealed == b""


async def test_erasing_from_another_phone_frees_the_first_chat(scene: Scene) -> None:
    """Nothing leads from her old chat to the case any more, and its address goes at once."""
    case_id = await scene.case()
    old = await _survivor(
        scene, "old", case_id=case_id, contact=True, expires_at=None, state_key=KEYRING
    )
    scene.runner = jobs.Runner(scene.relais, {**alerts.HANDLERS, **housekeeping.HANDLERS})
    async with scene.relais.db.write() as tx:
        await erase_case(tx, scene.relais, case_id)
    await scene.runner.run_due()
    await expire_conversations(scene.relais)
    assert not await scene.rows(select(conversations).where(conversations.c.id == old))
