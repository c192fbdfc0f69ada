"""Deliveries as encrypted events. Transaction ids come from the outbox, so nothing is doubled."""

import hashlib
import io
from typing import Any, Final

import structlog
from nio import (
    ErrorResponse,
    MatrixRoom,
    RoomSendResponse,
    UploadResponse,
)
from nio.exceptions import EncryptionError, LocalProtocolError, SendRetryError

from bots.core import Delivery, Kit, Later, Permanent, Sent
from bots.matrix.mends import AWAY, Client
from bots.matrix.state import State

log = structlog.get_logger("relais.matrix")

_MSGTYPES: Final = {"image": "m.image", "audio": "m.audio"}
_SIGNED_OUT: Final = "The Matrix server ended the bot's session; signing in again."


class Sender:
    """One event after the other for a room; the outlet sees to the order."""

    def __init__(self, client: Client, state: State, kit: Kit) -> None:
        self._client = client
        self._state = state
        self._get = kit.get
        self._texts = kit.texts
        self._health = kit.health

    def text(self, message_id: str) -> str:
        """A sentence of the bot's own; Matrix says nothing of a person's language."""
        return self._texts(None, message_id)

    async def carry_out(self, delivery: Delivery) -> Sent:
        """Raises ``Later`` or ``Permanent``."""
        room = self._room(delivery.address)
        match delivery.kind:
            case "send":
                return await self._send(room, delivery)
            case "edit":
                return await self._edit(room, delivery)
            case "delete" | "forget":
                return await self._redact(room, delivery)
        raise Permanent("unsupported")

    async def say(self, person: str, text: str, transaction: str) -> Sent:
        """A sentence of the bot's own."""
        content = {"msgtype": "m.notice", "body": text}
        return Sent((await self._event(self._room(person), content, transaction),))

    def _room(self, person: str) -> MatrixRoom:
        if not self._client.next_batch:
            raise Later(1.0)  # after a start: the rooms are not known yet
        room = self._client.rooms.get(self._state.room_of(person) or "") or self._any_room(person)
        if room is None:
            raise Permanent("unknown_address")
        if person not in room.users:
            raise Permanent("blocked")
        if not room.encrypted or len(room.users) > 2:
            raise Permanent("refused")
        return room

    def _any_room(self, person: str) -> MatrixRoom | None:
        """A room that she shares with the bot, when it is not known in which she wrote last."""
        rooms = self._client.rooms.values()
        return next((room for room in rooms if person in room.users and len(room.users) == 2), None)

    async def _send(self, room: MatrixRoom, delivery: Delivery) -> Sent:
        """Pictures and voices first, so that the words stand at the bottom, and their id first."""
        beside = [
            one
            for number in range(len(delivery.attachments))
            if (one := await self._show(room, delivery, number))
        ]
        content = {"msgtype": _msgtype(delivery), "body": delivery.text}
        sent = await self._event(room, content, delivery.id)
        if self._state.leaving(room.room_id):
            try:
                await self._client.drop_room(room.room_id)
            except AWAY:
                raise Later(None) from None  # said again under the same id, and then it goes
            self._state.forget_room(room.room_id)
            return Sent()
        return Sent((sent, *beside))

    async def _edit(self, room: MatrixRoom, delivery: Delivery) -> Sent:
        target = next(iter(delivery.target), "")
        if not target.startswith("$"):
            return await self._send(room, delivery)
        new = {"msgtype": _msgtype(delivery), "body": delivery.text}
        content = {
            "msgtype": new["msgtype"],
            "body": f"* {delivery.text}",
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": target},
        }
        edit = await self._event(room, content, delivery.id)
        # Both are to be redacted one day: the first keeps the place, the second holds the words.
        return Sent((*delivery.target, edit))

    async def _redact(self, room: MatrixRoom, delivery: Delivery) -> Sent:
        """The newest first."""
        for number, target in enumerate(reversed(delivery.target)):
            if target.startswith("$"):
                await self._redact_one(room, target, f"{delivery.id}.{number}")
        if delivery.erased:
            self._state.leave_soon(room.room_id)
        if delivery.text:
            return await self._send(room, delivery)
        return Sent()

    async def _redact_one(self, room: MatrixRoom, target: str, transaction: str) -> None:
        """What she wrote may be out of the bot's power; anything else is tried again."""
        name = _transaction(transaction)
        try:
            answer = await self._client.room_redact(room.room_id, target, tx_id=name)
        except AWAY:
            raise Later(None) from None
        if isinstance(answer, ErrorResponse) and answer.status_code not in (
            "M_FORBIDDEN",
            "M_NOT_FOUND",
        ):
            self._raise(answer)

    async def _show(self, room: MatrixRoom, delivery: Delivery, number: int) -> str:
        """The event id; empty when it was left out: the words never wait for a picture."""
        attachment = delivery.attachments[number]
        msgtype = _MSGTYPES.get(attachment.kind)
        data = await self._get(delivery, number) if msgtype else None
        if msgtype is None or data is None:
            self._health.metrics.attachments.labels("left_out").inc()
            return ""
        try:
            file = await self._upload(data)
            content = {
                "msgtype": msgtype,
                "body": attachment.name,
                "file": file,
                "info": {"mimetype": attachment.mime, "size": len(data)},
            }
            if msgtype == "m.audio":
                content["org.matrix.msc3245.voice"] = {}
            shown = await self._event(room, content, f"{delivery.id}.a{number}")
        except Later as error:
            if error.retry_after is not None:
                raise
            shown = ""
        outcome = "shown" if shown else "left_out"
        self._health.metrics.attachments.labels(outcome).inc()
        return shown

    async def _upload(self, data: bytes) -> dict[str, Any]:
        try:
            answer, keys = await self._client.upload(
                lambda _got, _late: io.BytesIO(data),
                content_type="application/octet-stream",
                filename=None,
                encrypt=True,
                filesize=len(data),
            )
        except AWAY:
            raise Later(None) from None
        if not isinstance(answer, UploadResponse) or keys is None:
            raise Later(None)
        return {**keys, "url": answer.content_uri}

    async def _event(self, room: MatrixRoom, content: dict[str, Any], transaction: str) -> str:
        """Encrypted for whoever is in the room now, her new devices too."""
        try:
            if self._client.should_query_keys:
                await self._client.keys_query()
            answer = await self._client.room_send(
                room.room_id,
                "m.room.message",
                content,
                tx_id=_transaction(transaction),
                ignore_unverified_devices=True,
            )
        except AWAY:
            raise Later(None) from None
        except (EncryptionError, LocalProtocolError, SendRetryError) as error:
            log.info("not_ready", error=type(error).__name__)
            raise Later(1.0) from None
        if isinstance(answer, RoomSendResponse):
            return str(answer.event_id)
        return self._raise(answer)

    def _raise(self, answer: ErrorResponse) -> str:
        match answer.status_code:
            case "M_LIMIT_EXCEEDED":
                raise Later((answer.retry_after_ms or 1000) / 1000)
            case "M_FORBIDDEN":
                raise Permanent("blocked")
            case "M_TOO_LARGE":
                raise Permanent("refused")
            case "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN":
                self._health.problem("matrix_token", _SIGNED_OUT)
                raise Later(5.0)
        raise Later(None)


def _msgtype(delivery: Delivery) -> str:
    """Notices make no phone ring; what somebody must hear is a text."""
    return "m.notice" if delivery.silent else "m.text"


def _transaction(name: str) -> str:
    """At most 64 letters that mean nothing to the server."""
    return hashlib.sha256(name.encode()).hexdigest()[:40]
