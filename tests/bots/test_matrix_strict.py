"""A client that talks only to devices which the bot's own keys vouch for."""

import itertools
from pathlib import Path

import nio
import pytest
from nio.store import SqliteMemoryStore

from tests.bots.fake_backend import FakeBackend
from tests.bots.matrices import PASSWORD, Strict, bot, settings_for, sign_in
from tests.synapse import Synapse

pytestmark = pytest.mark.slow
_NUMBERS = itertools.count(1)


async def strict_person(synapse: Synapse, bot_user: str) -> Strict:
    """Signed in, with a room."""
    user = synapse.register(f"strict-{next(_NUMBERS)}", PASSWORD)
    plain = await sign_in(synapse, user, bot_user)
    one = Strict(plain.client, bot_user)
    await one.meet()
    return one


async def test_a_strict_client_talks_with_the_bot_and_with_no_other_device(
    tmp_path: Path, synapse: Synapse
) -> None:
    """Both ways, while a device that somebody added to the bot's account neither reads nor is read.

    A server that is turned against the bot can add one; its owner cannot sign it.
    """
    bot_user = synapse.register(f"strictbot-{next(_NUMBERS)}", PASSWORD)
    backend = FakeBackend()
    async with bot(settings_for(tmp_path, synapse, bot_user), backend) as running:
        one = await strict_person(synapse, bot_user)
        await one.says("hello")
        await one.hears("you said hello")
        config = nio.AsyncClientConfig(store=SqliteMemoryStore)
        added = nio.AsyncClient(synapse.url, bot_user, config=config)
        assert isinstance(await added.login(PASSWORD), nio.LoginResponse)
        await added.sync(0)
        await added.keys_upload()
        opened = running.adapter._open
        assert opened is not None
        assert await one.looks_at_devices() == {opened.client.device_id}
        one.client.invalidate_outbound_session(one.room)
        await one.says("for you alone")
        await one.hears("you said for you alone")
        answer = await added.sync(0, full_state=True)
        assert isinstance(answer, nio.SyncResponse)
        events = answer.rooms.join[one.room].timeline.events
        assert events
        assert not any(isinstance(event, nio.RoomMessageText) for event in events)
        if added.should_query_keys:
            await added.keys_query()
        forged = {"msgtype": "m.text", "body": "forged"}
        sent = await added.room_send(
            one.room, "m.room.message", forged, ignore_unverified_devices=True
        )
        assert isinstance(sent, nio.RoomSendResponse), sent
        await one.until(lambda: sent.event_id in one.refused)
        assert "forged" not in one.texts()
        await added.close()
        await one.client.close()
