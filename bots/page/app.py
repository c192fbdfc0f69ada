"""What the browser calls: ``/messages``, ``/stream``, ``/acks`` (mounted under a prefix).

Every call carries the phone's secret in a header of its own, which no other site can send
(a cross-origin request with it needs a permission that is never given).
"""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bots.core import Accept, Inbound, NotReady, SpoolError, World, iso
from bots.page.phones import SECRET, Phone, Phones, Stream, address_of

HEADER: Final = "X-Relais-Phone"
MOST_BYTES: Final = 32_768
PING_SECONDS: Final = 15.0

S = TypeVar("S")
_Id = msgspec.Meta(min_length=1, max_length=64)


class Message(msgspec.Struct):
    """``id`` is made by the browser and stays the same when it sends again."""

    id: Annotated[str, _Id]
    kind: Literal["start", "text", "choice", "edit", "delete"]
    text: Annotated[str, msgspec.Meta(max_length=8192)] | None = None
    token: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    message_id: Annotated[str, _Id] | None = None
    """Of the bubble that was edited, deleted or whose button was pressed."""


class Ack(msgspec.Struct):
    """The browser shows ``delivery`` and calls its bubble ``message_id``."""

    delivery: Annotated[str, _Id]
    message_id: Annotated[str, _Id]


class PageApi:
    """The three endpoints."""

    def __init__(self, phones: Phones, accept: Accept, world: World) -> None:
        self._phones = phones
        self._accept = accept
        self._world = world

    def app(self) -> Starlette:
        """As an ASGI app."""
        return Starlette(
            routes=[
                Route("/messages", self.messages, methods=["POST"]),
                Route("/stream", self.stream, methods=["GET"]),
                Route("/acks", self.acks, methods=["POST"]),
            ]
        )

    async def messages(self, request: Request) -> Response:
        """202 once the message is in the spool."""
        address = _address(request)
        if address is None:
            return _no_phone()
        message = await _read(request, Message)
        if isinstance(message, Response):
            return message
        phone = self._phones.of(address)
        pause = self._phones.may_write(phone)
        if pause:
            return _error(429, "too_fast", "Wait a little between messages.", round(pause) + 1)
        try:
            inbound = self._inbound(request, message, address)
            await self._accept(_event_id(address, message.id), inbound)
        except (NotReady, SpoolError):
            return _error(503, "not_now", "Nothing was kept. Send the same again.", 2)
        phone.push({"type": "typing"})
        return Response(b"{}", 202, media_type="application/json")

    async def stream(self, request: Request) -> Response:
        """Server-sent events until the browser goes."""
        address = _address(request)
        if address is None:
            return _no_phone()
        phone = self._phones.of(address)
        stream = self._phones.connect(phone)
        if stream is None:
            return _error(503, "too_many", "Too many windows are open here.", 30)
        return StreamingResponse(
            self._events(phone, stream),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def acks(self, request: Request) -> Response:
        """The browser shows a delivery. Late and foreign ones change nothing."""
        address = _address(request)
        if address is None:
            return _no_phone()
        ack = await _read(request, Ack)
        if isinstance(ack, Response):
            return ack
        waiting = self._phones.of(address).acks.get(ack.delivery)
        if waiting is not None and not waiting.done():
            waiting.set_result(ack.message_id)
        return Response(status_code=204)

    async def _events(self, phone: Phone, stream: Stream) -> AsyncIterator[bytes]:
        try:
            yield b": here\n\n"
            while True:
                try:
                    event = await self._world.within(PING_SECONDS, stream.get())
                except TimeoutError:
                    yield b": ping\n\n"
                    continue
                if event is None:
                    return
                yield b"data: " + msgspec.json.encode(event) + b"\n\n"
        finally:
            self._phones.disconnect(phone, stream)

    def _inbound(self, request: Request, message: Message, address: str) -> Inbound:
        return Inbound(
            address=address,
            kind=message.kind,
            message_id=message.message_id or message.id,
            text=message.text,
            token=message.token,
            locale_hint=request.headers.get("Accept-Language", "")[:100] or None,
            sent_at=iso(self._world.now()),
        )


def _address(request: Request) -> str | None:
    secret = request.headers.get(HEADER, "")
    return address_of(secret) if SECRET.fullmatch(secret) else None


def _event_id(address: str, message_id: str) -> str:
    """No other phone can use up this one's id, and the id tells nothing of the phone."""
    digest = hashlib.sha256(f"{address} {message_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def _read(request: Request, shape: type[S]) -> S | Response:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return _error(413, "too_large", "Send it in several messages.")
    try:
        return msgspec.json.decode(bytes(body), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _error(422, "malformed", "See the API's description of this call.")


def _no_phone() -> Response:
    return _error(401, "no_phone", f"{HEADER} must hold the 43 characters the browser made.")


def _error(status: int, code: str, advice: str, retry_after: int = 0) -> Response:
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    body = msgspec.json.encode({"code": code, "advice": advice})
    return Response(body, status, headers, media_type="application/json")
