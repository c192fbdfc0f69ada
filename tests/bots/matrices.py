"""A person on Matrix (a second client of the same library) and our bot, around a real Synapse."""

import asyncio
import base64
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nio.store import SqliteMemoryStore

from bots.core import BotSettings, Relay, World
from bots.matrix import MatrixAdapter
from bots.matrix.mends import Client
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import make_relay
from tests.synapse import Synapse

PASSWORD = "password of a test"
STORE_KEY = "a store key of forty random characters.."


def settings_for(folder: Path, synapse: Synapse, user: str, **more: Any) -> BotSettings:
    """The bot's settings."""
    values = {
        "data_dir": folder,
        "matrix_homeserver": synapse.url,
        "matrix_user": user,
        "matrix_password": PASSWORD,
        "matrix_store_key": STORE_KEY,
        "bot_token_matrix": "token-of-a-test",
    }
    return BotSettings(_env_file=None, **{**values, **more})


@dataclass
class RunningBot:
    """The bot in this process."""

    relay: Relay
    adapter: MatrixAdapter
    task: "asyncio.Task[None]"

    async def kill(self) -> None:
        """End without any goodbye that matters."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def start_bot(settings: BotSettings, backend: FakeBackend) -> RunningBot:
    """With the clock of the machine."""
    world = World()
    relay = make_relay(settings.spool_path("matrix"), backend, world, backend.token, "matrix")
    adapter = MatrixAdapter(settings, relay.kit)
    return RunningBot(relay, adapter, asyncio.create_task(relay.run(adapter, grace=1.0)))


@asynccontextmanager
async def bot(settings: BotSettings, backend: FakeBackend) -> AsyncIterator[RunningBot]:
    """Runs while the block does."""
    running = start_bot(settings, backend)
    try:
        yield running
    finally:
        await running.kill()


class Phone(nio.AsyncClient):  # type: ignore[misc]
    """A client that hostile events of its own room do not end: the library's would be."""

    def _handle_timeline_event(self, event: Any, *around: Any) -> Any:
        try:
            return super()._handle_timeline_event(event, *around)
        except Exception:  # noqa: BLE001
            return None


@dataclass
class Person:
    """Chats in a room of two, encrypted as every client does it."""

    client: nio.AsyncClient
    bot: str
    room: str = ""
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """(event id, content) of what the bot said, edits included, in order."""
    redacted: set[str] = field(default_factory=set)

    @property
    def user(self) -> str:
        """Her account: the address the backend sees."""
        return str(self.client.user_id)

    async def meet(self, *, encrypted: bool = True, others: tuple[str, ...] = ()) -> "Person":
        """Make a room with the bot in it, as a client's "new chat" does."""
        state = [nio.EnableEncryptionBuilder().as_dict()] if encrypted else []
        made = await self.client.room_create(
            preset=nio.RoomPreset.trusted_private_chat,
            is_direct=True,
            invite=(self.bot, *others),
            initial_state=state,
        )
        assert isinstance(made, nio.RoomCreateResponse), made
        self.room = made.room_id
        await self.sync()
        return self

    async def sync(self, wait: int = 0) -> None:
        """Take what came, decrypted."""
        answer = await self.client.sync(wait, {"room": {"timeline": {"limit": 1000}}})
        assert isinstance(answer, nio.SyncResponse), answer
        if self.client.should_upload_keys:
            await self.client.keys_upload()
        if self.client.should_query_keys:
            await self.client.keys_query()
        if self.client.should_claim_keys:
            await self.client.keys_claim(self.client.get_users_for_key_claiming())
        await self.client.send_to_device_messages()
        info = answer.rooms.join.get(self.room)
        for event in info.timeline.events if info else ():
            if isinstance(event, nio.RedactionEvent):
                self.redacted.add(event.redacts)
            elif event.sender == self.bot and isinstance(event, nio.RoomMessage):
                self.heard.append((event.event_id, event.source["content"]))

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Sync until it holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self.sync(200)

    async def joined(self) -> "Person":
        """The bot is in the room."""
        await self.until(
            lambda: (
                not self.client.rooms[self.room].users[self.bot].invited
                if self.bot in self.client.rooms[self.room].users
                else False
            )
        )
        return self

    async def says(self, text: str, **more: Any) -> str:
        """Send words; the event's id."""
        return await self.sends({"msgtype": "m.text", "body": text, **more})

    async def sends(self, content: dict[str, Any], kind: str = "m.room.message") -> str:
        """Send anything."""
        await self.joined()
        answer = await self.client.room_send(
            self.room, kind, content, ignore_unverified_devices=True
        )
        assert isinstance(answer, nio.RoomSendResponse), answer
        return str(answer.event_id)

    def texts(self) -> list[str]:
        """What the bot said, edits not followed."""
        return [str(content.get("body")) for _, content in self.heard]

    async def hears(self, text: str, seconds: float = 20) -> None:
        """Until the bot says it."""
        await self.until(lambda: text in self.texts(), seconds)


@dataclass
class Strict(Person):
    """Talks to no device and reads none that the bot's own keys do not vouch for.

    So do the clients that "exclude insecure devices": they share no key with the others, and show
    nothing that those sent.
    """

    refused: list[str] = field(default_factory=list)
    """Event ids of what an unsigned device sent."""

    async def looks_at_devices(self) -> set[str]:
        """Verify those that are signed, refuse the rest."""
        await self.sync()  # the server says whose devices changed, and they are asked for
        vouched = await vouched_devices(self.client, self.bot)
        for device in self.client.device_store.active_user_devices(self.bot):
            if device.id in vouched:
                self.client.verify_device(device)
            else:
                self.client.blacklist_device(device)
        return vouched

    async def sync(self, wait: int = 0) -> None:
        """Only what a signed device sent is heard."""
        before = len(self.heard)
        await super().sync(wait)
        new, self.heard = self.heard[before:], self.heard[:before]
        for event_id, content in new:
            if await self._signed(event_id):
                self.heard.append((event_id, content))
            else:
                self.refused.append(event_id)

    async def _signed(self, event_id: str) -> bool:
        answer = await self.client.room_get_event(self.room, event_id)
        assert isinstance(answer, nio.RoomGetEventResponse), answer
        event = answer.event
        if isinstance(event, nio.MegolmEvent):
            event.room_id = self.room
            event = self.client.decrypt_event(event)
        return bool(event.decrypted and event.verified)

    async def sends(self, content: dict[str, Any], kind: str = "m.room.message") -> str:
        """Raises where the library would send to a device that nobody vouches for."""
        await self.joined()
        await self.looks_at_devices()
        answer = await self.client.room_send(
            self.room, kind, content, ignore_unverified_devices=False
        )
        assert isinstance(answer, nio.RoomSendResponse), answer
        return str(answer.event_id)


@asynccontextmanager
async def person(synapse: Synapse, name: str, bot_user: str) -> AsyncIterator[Person]:
    """A new account, signed in."""
    user = synapse.register(name, PASSWORD)
    one = await sign_in(synapse, user, bot_user)
    try:
        yield one
    finally:
        await one.client.close()


async def sign_in(synapse: Synapse, user: str, bot_user: str, room: str = "") -> Person:
    """A new device of an account."""
    config = nio.AsyncClientConfig(store=SqliteMemoryStore, max_limit_exceeded=0, max_timeouts=3)
    client = Phone(synapse.url, user, config=config)
    answer = await client.login(PASSWORD, device_name="phone")
    assert isinstance(answer, nio.LoginResponse), answer
    one = Person(client, bot_user, room)
    await one.sync()
    return one


async def vouched_devices(client: nio.AsyncClient, user: str) -> set[str]:
    """Devices that a strict client talks to: signed by the account's own keys, all the way up.

    Every signature is checked here, with no word of the bot's code.
    """
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {client.access_token}",
    }
    body = json.dumps({"device_keys": {user: []}})
    answer = await client.send("POST", "/_matrix/client/v3/keys/query", body, headers)
    known = await answer.json()
    master, signing = known["master_keys"][user], known["self_signing_keys"][user]
    assert master["usage"] == ["master"]
    assert signing["usage"] == ["self_signing"]
    if not _signed(signing, user, master):
        return set()
    devices = known["device_keys"][user]
    return {name for name, device in devices.items() if _signed(device, user, signing)}


def _signed(what: dict[str, Any], user: str, by: dict[str, Any]) -> bool:
    ((key_id, public),) = by["keys"].items()
    bare = {key: one for key, one in what.items() if key not in ("signatures", "unsigned")}
    canonical = json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    signature = what.get("signatures", {}).get(user, {}).get(key_id, "")
    try:
        Ed25519PublicKey.from_public_bytes(_unpadded(public)).verify(
            _unpadded(signature), canonical.encode()
        )
    except InvalidSignature:
        return False
    return True


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Scene:
    """A bot, its backend, and one person who has met it."""

    backend: FakeBackend
    running: RunningBot
    amina: Person

    @property
    def client(self) -> Client:
        """The bot's own."""
        opened = self.running.adapter._open
        assert opened is not None
        return opened.client

    async def received(self, count: int) -> list[dict[str, object]]:
        """Wait until the backend has so many events."""
        await self.amina.until(lambda: len(self.backend.received) >= count)
        return [inbound for _, inbound in self.backend.received]

    def counted(self, event: str) -> float:
        """The bot's metric."""
        value: float = self.running.relay.health.metrics.events.labels(event)._value.get()
        return value

    async def put(self, path: str, body: object) -> bool:
        """A call as her, past the library; whether the server took it."""
        token = self.amina.client.access_token
        async with httpx.AsyncClient(base_url=self.amina.client.homeserver) as http:
            answer = await http.put(
                f"/_matrix/client/v3{path}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )
        assert answer.status_code < 500 or "M_UNKNOWN" in answer.text, answer.text
        return answer.is_success


_NUMBERS = itertools.count(1)


@asynccontextmanager
async def meeting(folder: Path, synapse: Synapse) -> AsyncIterator[Scene]:
    """Accounts of their own; they have met, and nothing was said yet."""
    number = f"{os.getpid()}-{next(_NUMBERS)}"
    user = synapse.register(f"bot-{number}", PASSWORD)
    backend = FakeBackend()
    async with (
        bot(settings_for(folder, synapse, user), backend) as running,
        person(synapse, f"amina-{number}", user) as amina,
    ):
        await (await amina.meet()).joined()
        yield Scene(backend, running, amina)
