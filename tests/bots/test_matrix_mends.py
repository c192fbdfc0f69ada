"""Each mend of matrix-nio by itself, and the private parts that they rest on, where they are."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

import aiohttp
import nio
import pytest
from nio.client.base_client import Client as BaseClient
from nio.crypto import Olm
from nio.store import SqliteStore

from bots.core import ConfigurationError, World
from bots.matrix.mends import Client
from bots.matrix.state import State
from sealing import Box
from tests.bots.matrices import Scene, meeting
from tests.synapse import Synapse

MEASURED = (0, 26)


def test_the_version_is_the_one_that_was_measured() -> None:
    """Another one is read again first: each mend replaces a method of the library's own."""
    assert tuple(int(part) for part in version("matrix-nio").split(".")[:2]) == MEASURED


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (nio.AsyncClient, "_handle_to_device"),
        (nio.AsyncClient, "_send"),
        (nio.AsyncClient, "receive_response"),
        (nio.AsyncClient, "share_group_session"),
        (nio.AsyncClient, "keys_upload"),
        (BaseClient, "_handle_decrypt_to_device"),
        (BaseClient, "_handle_timeline_event"),
        (BaseClient, "_handle_messages_response"),
        (Olm, "_decrypt_megolm_no_error"),
        (Olm, "share_group_session_parallel"),
        (SqliteStore, "_create_database"),
    ],
)
def test_what_is_replaced_is_still_there(owner: type, name: str) -> None:
    """A method that has moved would leave a mend without effect, and nothing would say so."""
    assert callable(getattr(owner, name))


def test_nothing_else_of_the_library_sends_a_rooms_key() -> None:
    """`room_send` goes through the method that is mended."""
    assert "self.share_group_session(" in inspect.getsource(nio.AsyncClient.room_send)


@pytest.fixture
async def scene(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Scene]:
    """They have met; nothing was said yet."""
    async with meeting(tmp_path, synapse) as one:
        yield one


@pytest.mark.slow
async def test_a_key_and_the_ratchet_that_brought_it_are_one_commit(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that breaks the batch takes the ratchet's step back with it."""
    database = scene.client.store.database
    seen = []

    async def fails(_event: object) -> None:
        seen.append(database.in_transaction())
        raise RuntimeError

    before = _sessions(scene.client)
    response = nio.SyncResponse.from_dict(
        {
            "next_batch": "x",
            "rooms": {},
            "to_device": {
                "events": [{"type": "m.dummy", "sender": scene.amina.user, "content": {}}]
            },
            "device_lists": {},
            "device_one_time_keys_count": {},
        }
    )
    monkeypatch.setattr(scene.client, "_on_to_device", fails)
    with pytest.raises(RuntimeError):
        await scene.client._handle_to_device(response)
    assert seen == [True]
    assert _sessions(scene.client) == before
    assert not database.in_transaction()


def _sessions(client: Client) -> list[tuple[object, ...]]:
    return list(client.store.database.execute_sql("SELECT * FROM olmsessions"))


@pytest.mark.slow
async def test_one_time_keys_are_on_the_disk_before_the_server_has_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at the upload, the next start offers the same keys, and the server takes them."""
    client = scene.client
    client.olm.uploaded_key_count = 10
    stored: list[bytes] = []

    async def away(*_: object, **__: object) -> None:
        stored.extend(row[0] for row in _accounts(client))
        raise aiohttp.ClientConnectionError

    before = [row[0] for row in _accounts(client)]
    with monkeypatch.context() as patched:
        patched.setattr(client, "send", away)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.keys_upload()
    assert stored != before
    offered = dict(client.olm.account.one_time_keys["curve25519"])
    assert offered
    client.olm.account = client.store.load_account()  # as after a restart
    assert dict(client.olm.account.one_time_keys["curve25519"]) == offered
    client.olm.uploaded_key_count = 49
    assert isinstance(await client.keys_upload(), nio.KeysUploadResponse)


def _accounts(client: Client) -> list[tuple[bytes]]:
    return list(client.store.database.execute_sql("SELECT account FROM accounts"))


@pytest.mark.slow
async def test_only_the_server_ends_a_session(scene: Scene) -> None:
    """An error that carries a room where the library looks for "soft logout" changes nothing."""
    token = scene.client.access_token
    odd = nio.ShareGroupSessionError("no", "M_NOT_FOUND", soft_logout=True)
    await scene.client.receive_response(odd)
    assert scene.client.access_token == token
    over = nio.SyncError("over", "M_UNKNOWN_TOKEN", soft_logout=True)
    await scene.client.receive_response(over)
    assert not scene.client.access_token
    scene.client.access_token = token


@pytest.mark.slow
async def test_a_batch_that_breaks_is_handled_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would take it for one that is done, and the keys in it would be lost."""
    usual, broken = scene.client._handle_to_device, 0

    async def breaks_once(response: nio.SyncResponse) -> None:
        nonlocal broken
        if response.to_device_events and not broken:
            broken += 1
            raise ZeroDivisionError
        await usual(response)

    monkeypatch.setattr(scene.client, "_handle_to_device", breaks_once)
    await scene.amina.says("the key of this comes in the batch that breaks")
    await scene.amina.hears("you said the key of this comes in the batch that breaks", 30)
    assert broken == 1
    assert scene.counted("undecryptable") == 0


@pytest.mark.slow
async def test_a_batch_that_breaks_again_and_again_is_put_aside(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed and whole; the bot goes on with the next one, and says so to whoever watches it."""
    broken = 0

    async def breaks(response: nio.SyncResponse) -> None:
        nonlocal broken
        if response.to_device_events:
            broken += 1
            raise ZeroDivisionError

    monkeypatch.setattr(scene.client, "_handle_to_device", breaks)
    await scene.amina.says("lost to everybody")
    async with asyncio.timeout(40):
        while not scene.counted("quarantined"):
            await scene.amina.sync(200)
    assert "matrix_poison" in scene.running.relay.health.problems
    await scene.amina.says("after it")
    await scene.amina.until(lambda: bool(scene.amina.heard), 60)


def test_the_state_opens_with_its_own_key_only(tmp_path: Path) -> None:
    """Another key is said at once, with what to do; nothing is begun anew by accident."""
    world = World()
    first = State.open(tmp_path / "matrix" / "state.db", Box(b"a" * 32, world.random))
    first.remember("since", b"s1")
    first.invited(["!a:x", "!b:x"])
    first.close()
    with pytest.raises(ConfigurationError, match="RELAIS_MATRIX_STORE_KEY"):
        State.open(tmp_path / "matrix" / "state.db", Box(b"b" * 32, world.random))
    again = State.open(tmp_path / "matrix" / "state.db", Box(b"a" * 32, world.random))
    assert again.fact("since") == b"s1"
    assert sorted(again.invitations()) == ["!a:x", "!b:x"]
    again.close()


def test_of_a_room_only_the_latest_unread_events_are_kept(tmp_path: Path) -> None:
    """Nobody fills the disk with what cannot be read."""
    state = State.open(tmp_path / "matrix" / "state.db", Box(b"a" * 32, World().random))
    for number in range(150):
        state.keep_unread(f"$a{number}", "!a:x", float(number), b"{}")
    state.keep_unread("$b", "!b:x", 1.0, b"{}")
    kept = [one.event_id for one in state.unread(0, 999)[0]]
    assert len(kept) == 101
    assert "$a149" in kept
    assert "$b" in kept
    state.asked("!a:x")
    assert {one.room_id for one in state.unread(0, 999)[0] if one.asked} == {"!a:x"}
    state.forget_room("!a:x")
    assert [one.event_id for one in state.unread(0, 999)[0]] == ["$b"]
    state.close()
