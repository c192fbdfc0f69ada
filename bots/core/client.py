"""The bot's only way to the backend: six calls over HTTP."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from bots.core.delivery import Delivery
from bots.core.errors import BotError, Faulty, LeaseLost, Refused, Rejected, Unavailable
from bots.core.media import MediaKept, MediaRef, MediaRefused
from sealing import Envelope

T = TypeVar("T")

MOST_ATTACHED: Final = 2_000_000
"""Bytes; a larger picture or voice is not ours."""
_UPLOAD: Final = httpx.Timeout(10, read=120, write=60)
"""After the last byte the backend still looks at an image and waits for its disk."""


class PublishedKey(msgspec.Struct, frozen=True):
    """An inbox key as served: bytes in base64, ``not_after`` ISO 8601."""

    key_id: str
    public: bytes
    signer: bytes
    signature: bytes
    not_after: str


class _One(msgspec.Struct):
    delivery: Delivery | None = None


class _Many(msgspec.Struct):
    deliveries: tuple[Delivery, ...]


class _Problem(msgspec.Struct):
    code: str = ""
    advice: str = ""


class _File(msgspec.Struct):
    id: str


class Settlement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a delivery: ``sent``, ``failed``, ``later`` or ``renew``."""

    fence: int
    outcome: str
    message_ids: tuple[str, ...] = ()
    reason: str = ""
    retry_after: float = 0.0


class BackendClient:
    """One request a call and no retry: waiting is the caller's business, who knows the order."""

    def __init__(self, http: httpx.AsyncClient, channel: str) -> None:
        self._http = http
        self._root = f"/v1/channels/{channel}"

    async def inbox_key(self) -> PublishedKey:
        """The key that events are to be sealed to now."""
        return await self._call("GET", "/v1/inbox-key", PublishedKey)

    async def take_turn(
        self,
        event_id: str,
        envelope: Envelope,
        media: MediaKept | MediaRefused | None = None,
    ) -> Delivery | None:
        """Hand over one event; its first reply, leased, when it may be sent now."""
        turn: dict[str, Any] = {
            "event_id": event_id,
            "key_id": envelope.key_id,
            "envelope": base64.b64encode(envelope.sealed).decode(),
        }
        if isinstance(media, MediaKept):
            turn["media"] = {"id": media.id}
        elif media is not None:
            turn["media"] = {"refused": media.why}
        body = msgspec.json.encode(turn)
        return (await self._call("POST", f"{self._root}/turns", _One, body)).delivery

    async def upload(self, event_id: str, media: MediaRef, body: AsyncIterator[bytes]) -> str:
        """Hand over the file of an event as a stream; the id to name in its turn.

        The same event gives the same id. What ``body`` raises passes through.
        """
        about = {"kind": media.kind, "mime": media.mime[:200]}
        if media.size is not None:
            about["size"] = str(media.size)
        headers = {
            "Content-Type": "application/octet-stream",
            "Idempotency-Key": _header_safe(event_id),
        }
        path = f"{self._root}/media?{urlencode(about)}"
        request = self._http.build_request(
            "POST", path, content=body, headers=headers, timeout=_UPLOAD
        )
        return (await self._answer(request, _File)).id

    async def attachment(self, delivery_id: str, number: int) -> bytes:
        """The bytes of a leased delivery's attachment, by its number from 0."""
        path = f"{self._root}/deliveries/{delivery_id}/attachments/{number}"
        content = (await self._send(self._http.build_request("GET", path, timeout=20))).content
        if len(content) > MOST_ATTACHED:
            raise Faulty("attachment_too_large", "Is RELAIS_BACKEND_URL the backend's address?")
        return content

    async def deliveries(self, wait: float) -> tuple[Delivery, ...]:
        """What is to be sent, leased; returns empty after ``wait`` seconds (long poll)."""
        path = f"{self._root}/deliveries?wait={wait:g}"
        return (await self._call("GET", path, _Many, read=wait + 15)).deliveries

    async def settle(self, delivery_id: str, settlement: Settlement) -> Delivery | None:
        """Say what became of it; the conversation's next one, leased. May raise ``LeaseLost``."""
        body = msgspec.json.encode(settlement)
        return (
            await self._call("POST", f"{self._root}/deliveries/{delivery_id}", _One, body)
        ).delivery

    async def _call(
        self, method: str, path: str, answer: type[T], body: bytes | None = None, read: float = 20
    ) -> T:
        request = self._http.build_request(
            method,
            path,
            content=body,
            headers={"Content-Type": "application/json"} if body else None,
            timeout=httpx.Timeout(5, read=read),
        )
        return await self._answer(request, answer)

    async def _answer(self, request: httpx.Request, answer: type[T]) -> T:
        try:
            return msgspec.json.decode((await self._send(request)).content, type=answer)
        except msgspec.MsgspecError:
            raise Faulty("not_understood", "The backend speaks another version.") from None

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._http.send(request)
        except httpx.HTTPError:
            raise Unavailable("unreachable", "RELAIS_BACKEND_URL does not answer.") from None
        if not response.is_success:
            raise _error(response)
        return response


def _header_safe(event_id: str) -> str:
    """A messenger's ids may hold what a header may not."""
    if event_id.isascii() and event_id.isprintable() and event_id == event_id.strip():
        return event_id
    return hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()


def _error(response: httpx.Response) -> BotError:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem()
    status = response.status_code
    code = problem.code or f"http_{status}"
    if status in (401, 403):
        return Refused(code, problem.advice or "The bearer token of this channel is wrong.")
    if status in (408, 429, 502, 503, 504):
        return Unavailable(code, problem.advice, _seconds(response.headers.get("Retry-After")))
    if status >= 500 or status < 400 or not problem.code:
        # Without a code of ours it is some other server's word (a proxy, a wrong address), and
        # no reason to give an event up.
        return Faulty(code, problem.advice or "Is RELAIS_BACKEND_URL the backend's address?")
    if code == "lease_lost":
        return LeaseLost(code, problem.advice)
    return Rejected(code, problem.advice)


def _seconds(header: str | None) -> float:
    try:
        return min(max(float(header or 0), 0.0), 300.0)
    except ValueError:
        return 0.0


def open_http(backend_url: str, token: str) -> httpx.AsyncClient:
    """The HTTP client of one bot; its bearer token opens one channel only."""
    local = urlsplit(backend_url).hostname in ("127.0.0.1", "localhost", "::1")
    return httpx.AsyncClient(
        base_url=backend_url,
        headers={"Authorization": f"Bearer {token}"},
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
        trust_env=not local,
    )
