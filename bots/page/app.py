"""What the browser calls: ``/messages``, ``/stream``, ``/acks`` (files are in ``files``).

Every call carries the phone's secret in a header of its own, which no other site can send
(a cross-origin request with it needs a permission that is never given).
"""

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bots.core import Accept, Inbound, NotReady, SpoolError, World, iso
from bots.page import requests
from bots.page.phones import Phone, Phones, Stream

FILE_BYTES: Final = "X-Relais-File-Bytes"
"""In the head of a stream: the largest file that is taken."""
MOST_BYTES: Final = 32_768
PING_SECONDS: Final = 15.0

S = TypeVar("S")


class Message(msgspec.Struct):
    """``id`` is made by the browser and stays the same when it sends again."""

    id: requests.Id
    kind: Literal["start", "text", "choice", "edit", "delete"]
    text: Annotated[str, msgspec.Meta(max_length=8192)] | None = None
    token: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    message_id: requests.Id | None = None
    """Of the bubble that was edited, deleted or whose button was pressed."""


class Ack(msgspec.Struct):
    """The browser shows ``delivery`` and calls its bubble ``message_id``."""

    delivery: requests.Id
    message_id: requests.Id


class PageApi:
    """The three endpoints."""

    def __init__(self, phones: Phones, accept: Accept, world: World, file_bytes: int) -> None:
        self._phones = phones
        self._accept = accept
        self._world = world
        self._file_bytes = file_bytes

    def routes(self) -> list[Route]:
        """All three."""
        return [
            Route("/messages", self.messages, methods=["POST"]),
            Route("/stream", self.stream, methods=["GET"]),
            Route("/acks", self.acks, methods=["POST"]),
        ]

    async def messages(self, request: Request) -> Response:
        """202 once the message is in the spool."""
        address = requests.address(request)
        if address is None:
            return requests.no_phone()
        message = await _read(request, Message)
        if isinstance(message, Response):
            return message
        phone = self._phones.of(address)
        pause = self._phones.may_write(phone)
        if pause:
            return requests.too_fast(pause)
        try:
            inbound = self._inbound(request, message, address)
            await self._accept(requests.event_id(address, message.id), inbound)
        except (NotReady, SpoolError):
            return requests.not_now()
        phone.push({"type": "typing"})
        return requests.accepted()

    async def stream(self, request: Request) -> Response:
        """Server-sent events until the browser goes."""
        address = requests.address(request)
        if address is None:
            return requests.no_phone()
        phone = self._phones.of(address)
        stream = self._phones.connect(phone)
        if stream is None:
            return requests.error(503, "too_many", "Too many windows are open here.", 30)
        return StreamingResponse(
            self._events(phone, stream),
            media_type="text/event-stream",
            headers={
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                FILE_BYTES: str(self._file_bytes),
            },
        )

    async def acks(self, request: Request) -> Response:
        """The browser shows a delivery. Late and foreign ones change nothing."""
        address = requests.address(request)
        if address is None:
            return requests.no_phone()
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
            locale_hint=requests.language(request),
            sent_at=iso(self._world.now()),
        )


async def _read(request: Request, shape: type[S]) -> S | Response:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return requests.error(413, "too_large", "Send it in several messages.")
    try:
        return msgspec.json.decode(bytes(body), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return requests.malformed()
