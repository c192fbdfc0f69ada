"""A messenger that takes nothing more: nobody is left to believe that somebody was reached."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from backend import jobs
from backend.chats import marked
from backend.database.tables import conversations, deliveries, members
from backend.deliveries.outgoing import Outgoing
from backend.deliveries.queueing import enqueue
from backend.deliveries.settling import HELD, UNREACHABLE, Report, settle
from backend.deliveries.shown import LATE
from tests.backend.alert_scene import ANA, BEN, CAM, EVE, FAY, Scene, open_scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A backend on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


async def _job(scene: Scene, kind: str, chat: str) -> None:
    """As a bot's report writes it; it runs, and what it brings forward."""
    async with scene.relais.db.write() as tx:
        await jobs.schedule(
            tx,
            scene.relais.world,
            kind=kind,
            key=f"{kind}:{chat}",
            subject=chat,
            due_at=scene.clock(),
        )
    await scene.runner.run_due()
    await scene.runner.run_due()


async def _lost(scene: Scene, chat: str) -> None:
    """The bot reported ``blocked``."""
    await _job(scene, UNREACHABLE, chat)


async def _held(scene: Scene, chat: str) -> None:
    """The bot gave an alert back: its messenger takes nothing for hours."""
    await _job(scene, HELD, chat)


async def _her_chat(scene: Scene, case_id: str) -> str:
    chat = "c" * 32
    await scene.write(
        insert(conversations).values(
            marked(
                scene.relais.vault.keyring,
                conversations,
                {
                    "id": chat,
                    "channel": "page",
                    "address_index": b"her",
                    "address_sealed": b"-",
                    "version": 1,
                    "last_seq": 0,
                    "settled_seq": 0,
                    "contact": True,
                    "case_id": case_id,
                },
            )
        )
    )
    return chat


async def test_a_responder_without_a_messenger_is_reported_to_coordinators(scene: Scene) -> None:
    """The last chat is gone: off call, and every coordinator hears it once."""
    chats = await scene.rows(select(conversations.c.id).where(conversations.c.member_id == ANA))
    for row in chats:
        await _lost(scene, row.id)
    (ana,) = await scene.rows(select(members.c.on_call).where(members.c.id == ANA))
    assert not ana.on_call
    assert (await scene.told(EVE)).count("member_gone") == 1
    assert (await scene.told(FAY)).count("member_gone") == 1
    assert "member_gone" not in await scene.told(BEN)


async def test_the_taker_hears_that_a_person_is_gone(scene: Scene) -> None:
    """Whoever has the case knows that what they write no longer arrives."""
    case_id = await scene.case()
    await scene.says(ANA, "take K7Q4")
    await _lost(scene, await _her_chat(scene, case_id))
    assert (await scene.told(ANA))[-1] == "person_gone"
    assert "person_gone" not in await scene.told(EVE)


async def test_coordinators_hear_it_when_nobody_took_the_case(scene: Scene) -> None:
    """Nobody has it yet: the coordinators are told."""
    case_id = await scene.case()
    await _lost(scene, await _her_chat(scene, case_id))
    assert "person_gone" in await scene.told(EVE)
    assert "person_gone" not in await scene.told(BEN)


async def _chat(scene: Scene, member: str, channel: str) -> str:
    (row,) = await scene.rows(
        select(conversations.c.id).where(
            conversations.c.member_id == member, conversations.c.channel == channel
        )
    )
    return str(row.id)


async def test_who_cannot_hear_the_alert_is_not_waited_for(scene: Scene) -> None:
    """All of the first tier are held: the second is asked at once, and everybody stays on call."""
    other = await _chat(scene, ANA, "signal")
    await scene.write(
        update(conversations).where(conversations.c.id == other).values(member_id=None)
    )
    await scene.case()
    await _held(scene, await _chat(scene, ANA, "telegram"))
    assert not await scene.told(CAM)
    await _held(scene, await _chat(scene, BEN, "telegram"))
    assert await scene.told(CAM) == ["alert"]
    on_call = await scene.rows(select(members.c.on_call).where(members.c.id.in_([ANA, BEN])))
    assert [row.on_call for row in on_call] == [True, True]


async def test_an_alert_behind_an_answer_that_is_held_is_not_waited_for(scene: Scene) -> None:
    """A chat that takes nothing gives no alert either: the bot's word on the first one counts."""
    other = await _chat(scene, ANA, "signal")
    await scene.write(
        update(conversations).where(conversations.c.id == other).values(member_id=None)
    )
    chat = await _chat(scene, BEN, "telegram")
    clear = Outgoing(locale="", kind="delete", purpose=LATE, dedupe_key="before")
    async with scene.relais.db.write() as tx:
        await enqueue(tx, scene.relais, chat, "telegram", [clear])
    await scene.case()
    await _held(scene, await _chat(scene, ANA, "telegram"))
    assert not await scene.told(CAM)
    pending = select(deliveries).where(
        deliveries.c.conversation_id == chat, deliveries.c.status == "pending"
    )
    first, *behind = await scene.rows(pending.order_by(deliveries.c.seq))
    assert first.purpose != "alert"
    assert any(one.purpose == "alert" for one in behind)
    word = Report(fence=first.fence, outcome="renew", reason="held")
    await settle(scene.relais, "telegram", first.id, word)
    await scene.runner.run_due()
    await scene.runner.run_due()
    assert await scene.told(CAM) == ["alert"]


async def test_a_second_messenger_hears_it(scene: Scene) -> None:
    """Ana's alert went to Telegram too: nobody else is asked before the deadline."""
    await scene.case()
    await _held(scene, await _chat(scene, ANA, "signal"))
    await _held(scene, await _chat(scene, BEN, "telegram"))
    assert not await scene.told(CAM)
