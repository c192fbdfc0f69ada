"""Files of the chat page: hers in, as a stream that is kept nowhere; pictures and voices out.

A file comes with one request of its own. Its bytes go on to the backend as they arrive; once the
backend has all of them, the event that names the file is accepted like any message.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal, Protocol

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bots.core import (
    Accept,
    BotError,
    Inbound,
    MediaKept,
    MediaRef,
    NotReady,
    Rejected,
    SpoolError,
    World,
    iso,
)
from bots.page import requests
from bots.page.phones import Phones
from bots.page.shelf import Shelf

AT_ONCE: Final = 16
"""Files under way through this process."""
EACH: Final = 2
"""Of one phone: its windows send theirs one after the other."""
STALL_SECONDS: Final = 25.0
"""Without a byte for so long, an upload is given up (the backend would, after 30)."""


class Upload(Protocol):
    """Hands bytes on to the backend; see :meth:`bots.core.Relay.upload`."""

    async def __call__(
        self, event_id: str, media: MediaRef, body: AsyncIterator[bytes]
    ) -> MediaKept:
        """Raises ``BotError``; what the body raises passes through."""


class About(msgspec.Struct):
    """The query of an upload; ``size`` in bytes."""

    id: requests.Id
    kind: Literal["photo", "video", "voice", "document"]
    size: Annotated[int, msgspec.Meta(ge=1)]
    mime: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Stalled(Exception):
    """The browser stopped sending."""


class FileApi:
    """``most_bytes`` is the largest file that the backend takes."""

    def __init__(
        self,
        *,
        phones: Phones,
        accept: Accept,
        upload: Upload,
        shelf: Shelf,
        world: World,
        most_bytes: int,
    ) -> None:
        self._phones = phones
        self._accept = accept
        self._upload = upload
        self._shelf = shelf
        self._world = world
        self._most_bytes = most_bytes
        self._under_way: dict[str, int] = {}

    def routes(self) -> list[Route]:
        """Both endpoints."""
        return [
            Route("/files", self.files, methods=["POST"]),
            Route("/attachments/{sha256}", self.attachment, methods=["GET"]),
        ]

    async def files(self, request: Request) -> Response:
        """202 once the backend has the file and its event is in the spool.

        413 ``too_large`` and 422 are for good; after anything else the same may be sent again.
        """
        address = requests.address(request)
        if address is None:
            return requests.no_phone()
        try:
            about = msgspec.convert(dict(request.query_params), About, strict=False)
        except msgspec.ValidationError:
            return requests.malformed()
        if about.size > self._most_bytes:
            return self._too_large()
        phone = self._phones.of(address)
        pause = self._phones.may_write(phone)
        if pause:
            return requests.too_fast(pause)
        if not self._enter(address):
            return requests.error(
                503, "too_many", "Other files are on their way. Wait a little.", 5
            )
        try:
            answer = await self._take(request, about, address)
        finally:
            self._leave(address)
        if answer.status_code == requests.KEPT:
            phone.push({"type": "typing"})
        return answer

    async def attachment(self, request: Request) -> Response:
        """A picture or voice that was shown to a phone, by the hash of its bytes."""
        if requests.address(request) is None:
            return requests.no_phone()
        found = self._shelf.get(request.path_params["sha256"])
        if found is None:
            return requests.error(404, "not_found", "It is not kept here any more.")
        mime, data = found
        return Response(data, media_type=mime, headers={"Cache-Control": "no-store"})

    async def _take(self, request: Request, about: About, address: str) -> Response:
        event_id = requests.event_id(address, about.id)
        media = MediaRef(about.kind, about.mime, about.size)
        body = self._body(request)
        try:
            kept = await self._upload(event_id, media, body)
            await self._accept(event_id, self._inbound(request, about, address), kept)
        except Stalled:
            return requests.error(408, "stalled", "The file stopped coming. Send it again.", 1)
        except ClientDisconnect:  # nobody hears the answer
            return requests.not_now()
        except Rejected as error:
            await self._drain(body)
            if error.code == "too_large":
                return self._too_large()
            return requests.error(422, "not_taken", "This file cannot be taken.")
        except (NotReady, SpoolError, BotError):
            return requests.not_now()
        return requests.accepted()

    async def _body(self, request: Request) -> AsyncIterator[bytes]:
        stream = aiter(request.stream())
        while True:
            try:
                chunk = await self._world.within(STALL_SECONDS, _next(stream))
            except TimeoutError:
                raise Stalled from None
            if chunk is None:
                return
            if chunk:
                yield chunk

    async def _drain(self, body: AsyncIterator[bytes]) -> None:
        """A browser hears an answer only after it sent everything."""
        size = 0
        try:
            async for chunk in body:
                size += len(chunk)
                if size > self._most_bytes:
                    return
        except (Stalled, ClientDisconnect):
            return

    def _inbound(self, request: Request, about: About, address: str) -> Inbound:
        return Inbound(
            address=address,
            kind="media",
            message_id=about.id,
            media=about.kind,
            locale_hint=requests.language(request),
            sent_at=iso(self._world.now()),
        )

    def _too_large(self) -> Response:
        return requests.error(413, "too_large", f"At most {self._most_bytes} bytes are taken here.")

    def _enter(self, address: str) -> bool:
        mine = self._under_way.get(address, 0)
        if mine >= EACH or sum(self._under_way.values()) >= AT_ONCE:
            return False
        self._under_way[address] = mine + 1
        return True

    def _leave(self, address: str) -> None:
        self._under_way[address] -= 1
        if not self._under_way[address]:
            del self._under_way[address]


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)
