"""matrix-nio, mended: what it would lose or fall over (measured with 0.26.0; see channels.md).

All contact with its private parts is here; ``tests/bots/test_matrix_mends.py`` breaks when they
move.
"""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
from nio import AsyncClient, AsyncClientConfig, SyncResponse
from nio.api import Api
from nio.exceptions import GroupEncryptionError
from nio.responses import (
    KeysClaimResponse,
    KeysQueryResponse,
    KeysUploadResponse,
    ShareGroupSessionResponse,
)
from nio.store import SqliteStore
from peewee import SqliteDatabase
from vodozemac import Curve25519PublicKey, Ed25519PublicKey, Ed25519Signature

from bots.core import World

STORE: Final = "keys.db"
AWAY: Final = (aiohttp.ClientError, asyncio.TimeoutError, TimeoutError, OSError)
"""What the library raises when the server cannot be reached."""
Count = Callable[[str], None]
_NOT_THERE: Final = ("M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")
"""The bot is not in that room, or the room is none."""


_OF_ROOM: Final = "session_id IN (SELECT session_id FROM megolminboundsessions WHERE room_id = ?)"
_OF_PERSON: Final = "device_id IN (SELECT id FROM devicekeys WHERE user_id = ?)"
_ROOM: Final = (
    f"DELETE FROM forwardedchains WHERE {_OF_ROOM}",  # noqa: S608  nothing from outside
    "DELETE FROM megolminboundsessions WHERE room_id = ?",
    "DELETE FROM outgoingkeyrequests WHERE room_id = ?",
    "DELETE FROM encryptedrooms WHERE room_id = ?",
)
_PERSON: Final = (
    f"DELETE FROM keys WHERE {_OF_PERSON}",  # noqa: S608
    f"DELETE FROM devicetruststate WHERE {_OF_PERSON}",  # noqa: S608
    "DELETE FROM devicekeys WHERE user_id = ?",
)


def _is_sound(name: str, payload: Any) -> bool:
    """Whether the library can read this device without falling over it."""
    try:
        keys, unsigned = payload["keys"], payload.get("unsigned")
        Ed25519PublicKey.from_base64(keys[f"ed25519:{name}"])
        Curve25519PublicKey.from_base64(keys[f"curve25519:{name}"])
        mine = payload.get("signatures", {}).get(payload["user_id"], {})
        if f"ed25519:{name}" in mine:
            Ed25519Signature.from_base64(mine[f"ed25519:{name}"])
        Api.to_canonical_json(payload).encode()
        shown = unsigned.get("device_display_name", "") if unsigned is not None else ""
        return bool(payload["device_id"] == name and isinstance(shown, str))
    except Exception:  # noqa: BLE001
        return False


class Store(SqliteStore):  # type: ignore[misc]  # nio has no types of its own here
    """Committed to the disk, and nobody else's to read (nio makes it 0644)."""

    def _create_database(self) -> SqliteDatabase:
        path = Path(self.database_path)
        path.touch(mode=0o600, exist_ok=True)
        path.chmod(0o600)
        return SqliteDatabase(
            self.database_path,
            pragmas={
                "foreign_keys": 1,
                "secure_delete": 1,
                "journal_mode": "wal",
                "synchronous": "full",
            },
        )


class Client(AsyncClient):  # type: ignore[misc]
    """The library's client; ``malformed`` is called with the name of what was unreadable."""

    access_token: str

    def __init__(
        self,
        homeserver: str,
        user: str,
        device_id: str,
        folder: Path,
        pickle_key: str,
        *,
        world: World,
    ) -> None:
        super().__init__(
            homeserver,
            user,
            device_id=device_id,
            store_path=os.fspath(folder),
            config=AsyncClientConfig(
                store=Store,
                store_name=STORE,
                # It would be stored before anybody has the events: see syncing.
                store_sync_tokens=False,
                encryption_enabled=True,
                pickle_key=pickle_key,
                # Errors come back to us at once; the library would sleep on them silently.
                max_limit_exceeded=0,
                max_timeouts=0,
                request_timeout=30,
            ),
        )
        self.world = world
        self.malformed: Count = lambda _what: None

    async def _handle_to_device(self, response: SyncResponse) -> None:
        """The ratchet of a session and the room key that it brought are one transaction.

        The library commits the ratchet first; killed between the two, the key is lost for good.
        """
        if self.store is None:
            await super()._handle_to_device(response)
            return
        with self.store.database.atomic():
            await super()._handle_to_device(response)

    async def keys_upload(self) -> Any:
        """New one-time keys are on our disk before anybody can use them.

        The library saves them after the upload; killed between, every later upload is refused.
        """
        keys = self.olm.share_keys()
        self.olm.save_account()
        method, path, data = Api.keys_upload(self.access_token, keys)
        return await self._send(KeysUploadResponse, method, path, data)

    async def receive_response(self, response: Any) -> None:
        """Only the server ends a session.

        Some of the library's errors carry a room where "soft logout" should stand, and it then
        forgets its access token.
        """
        token = self.access_token
        if isinstance(response, KeysQueryResponse):
            self._drop_unsound(response)
        if isinstance(response, KeysClaimResponse):
            await self._take_claimed(response)
        else:
            await super().receive_response(response)
        if not self.access_token and getattr(response, "status_code", "") != "M_UNKNOWN_TOKEN":
            self.access_token = token

    def _drop_unsound(self, response: KeysQueryResponse) -> None:
        """Anybody may publish anything as a key: the library would raise over it, again and again.

        Only that device is left out; whoever has no other one cannot be answered.
        """
        for user, devices in list(response.device_keys.items()):
            if not isinstance(devices, dict):
                response.device_keys[user] = {}
                continue
            for name in [n for n, payload in devices.items() if not _is_sound(n, payload)]:
                self.malformed("device")
                del devices[name]

    async def _take_claimed(self, response: KeysClaimResponse) -> None:
        """One device after the other: a key that makes no session concerns nobody else."""
        for user, devices in response.one_time_keys.items():
            for device, keys in (devices if isinstance(devices, dict) else {}).items():
                try:
                    await super().receive_response(KeysClaimResponse({user: {device: keys}}, {}))
                except Exception:  # noqa: BLE001  whatever a stranger's key brings up
                    self.malformed("one_time_key")

    async def share_group_session(
        self,
        room_id: str,
        ignore_unverified_devices: bool = False,
    ) -> ShareGroupSessionResponse:
        """A room's key counts as shared once the server has taken it for every device.

        The library marks it as shared when the server could not be reached, and nobody can ever
        read what is sent under it; and a failed claim of keys locks the room for good.
        """
        if room_id in self.sharing_session:
            await self.sharing_session[room_id].wait()
            return ShareGroupSessionResponse(room_id, set())
        done = self.sharing_session[room_id] = asyncio.Event()
        shared: set[tuple[str, str]] = set()
        try:
            missing = self.get_missing_sessions(room_id)
            if missing and not isinstance(await self.keys_claim(missing), KeysClaimResponse):
                raise GroupEncryptionError("no one-time keys")
            for devices, messages in self.olm.share_group_session_parallel(
                room_id,
                list(self.rooms[room_id].users),
                ignore_unverified_devices=ignore_unverified_devices,
            ):
                method, path, data = Api.to_device(
                    self.access_token, "m.room.encrypted", messages, self.world.random(16).hex()
                )
                answer = await self._send(
                    ShareGroupSessionResponse, method, path, data, response_data=(room_id, devices)
                )
                if not isinstance(answer, ShareGroupSessionResponse):
                    raise GroupEncryptionError("the room's key was not taken")
                shared |= devices
            self.olm.outbound_group_sessions[room_id].shared = True
        finally:
            self.sharing_session.pop(room_id, None)
            done.set()
        return ShareGroupSessionResponse(room_id, shared)

    def _handle_decrypt_to_device(self, to_device_event: Any) -> Any:
        """Anybody may send anything to a device: what cannot be read is counted, never raised."""
        try:
            return super()._handle_decrypt_to_device(to_device_event)
        except Exception:  # noqa: BLE001  whatever a stranger's bytes bring up
            self.malformed("to_device")
            return None

    def _handle_timeline_event(self, event: Any, *around: Any) -> Any:
        """The same for what stands in a room."""
        try:
            return super()._handle_timeline_event(event, *around)
        except Exception:  # noqa: BLE001
            self.malformed("timeline")
            return None

    def read_megolm(self, event: Any) -> Any:
        """The event decrypted; None while its key is not here, or it can never be read."""
        try:
            return self.olm._decrypt_megolm_no_error(event)
        except Exception:  # noqa: BLE001
            self.malformed("timeline")
            return None

    def read_all(self, room_id: str, events: list[Any]) -> list[Any]:
        """Events of a room that the library looks at no more, decrypted where they can be."""
        found = []
        for event in events:
            if hasattr(event, "ciphertext"):
                event.room_id = room_id
                found.append(self.read_megolm(event) or event)
            else:
                found.append(event)
        return found

    def _handle_messages_response(self, response: Any) -> None:
        """Earlier events of a room, each decrypted by itself."""
        for index, event in enumerate(response.chunk):
            if hasattr(event, "ciphertext"):
                response.chunk[index] = self.read_megolm(event) or event

    async def raw(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """A call the library has no words for: status and JSON."""
        response = await self.send(
            method,
            path,
            None if body is None else json.dumps(body),
            {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.access_token}",
            },
        )
        try:
            found = await response.json(content_type=None)
        except ValueError:
            found = {}
        return response.status, found if isinstance(found, dict) else {}

    def publish_again(self) -> None:
        """The server forgot this device: its keys are to be uploaded as on the first day."""
        self.olm.account.shared = False
        self.olm.uploaded_key_count = None

    async def drop_room(self, room_id: str) -> None:
        """Leave and forget, here as well: keys of the room's messages, devices of who was in it.

        The sessions with her devices stay, under the devices' keys and no name: without them the
        first words of whoever comes back could not be read.
        Raises ``TimeoutError`` when the server did not take it; it can be called again.
        """
        room = self.rooms.get(room_id)
        users = set(room.users) if room is not None else set()
        for call in (self.room_leave, self.room_forget):
            answer = await call(room_id)
            code = getattr(answer, "status_code", None) or ""
            if code and code not in _NOT_THERE:
                raise TimeoutError
        self.rooms.pop(room_id, None)
        self.encrypted_rooms.discard(room_id)
        self.olm.outbound_group_sessions.pop(room_id, None)
        self.olm.inbound_group_store._entries.pop(room_id, None)
        elsewhere = {user for other in self.rooms.values() for user in other.users}
        gone = users - elsewhere - {self.user_id}
        with self.store.database.atomic():
            for statement in _ROOM:
                self.store.database.execute_sql(statement, (room_id,))
            for statement in _PERSON:
                for user in gone:
                    self.store.database.execute_sql(statement, (user,))
        for user in gone:
            self.device_store._entries.pop(user, None)
            self.olm.tracked_users.discard(user)
            self.olm.users_for_key_query.discard(user)

    def unsee(self, token: str | None) -> None:
        """A batch broke half-way: it is to be handled again, not taken for one that is done."""
        self.next_batch = token or ""

    async def stop(self) -> None:
        """Close; a session that was never opened is none."""
        await self.close()
        if self.store is not None:
            self.store.database.close()
