"""A messenger that takes nothing more: nobody is left to believe that somebody was reached."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from backend import jobs
from backend.database.tables import conversations, members
from backend.deliveries.settling import UNREACHABLE
from tests.backend.alert_scene import ANA, BEN, EVE, FAY, Scene, open_scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A backend on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


async def _lost(scene: Scene, chat: str) -> None:
    """The bot reported ``blocked``; the job that follows runs."""
    async with scene.relais.db.write() as tx:
        await jobs.schedule(
            tx,
            scene.relais.world,
            kind=UNREACHABLE,
            key=f"lost:{chat}",
            subject=chat,
            due_at=scene.clock(),
        )
    await scene.runner.run_due()


async def _her_chat(scene: Scene, case_id: str) -> str:
    chat = "c" * 32
    await scene.write(
        insert(conversations).values(
            id=chat,
            channel="page",
            address_index=b"her",
            address_sealed=b"-",
            version=1,
            last_seq=0,
            settled_seq=0,
            contact=True,
            case_id=case_id,
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
