"""A stand-in for the backend's bot API: leases, fences, gapless order; for the bots' tests only."""

import base64
import hashlib
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sealing import Envelope, KeyPair, SealError, SigningKey, open_envelope
from tests.e2e.serving import Serving
from tests.waiting import wait_for

Script = Callable[[dict[str, Any]], list[dict[str, Any]]]


def echo(inbound: dict[str, Any]) -> list[dict[str, Any]]:
    """One reply that repeats what was said."""
    return [{"kind": "send", "text": f"you said {inbound.get('text') or inbound['kind']}"}]


@dataclass
class Job:
    """A delivery as the backend knows it."""

    body: dict[str, Any]
    event_id: str | None
    status: str = "pending"
    lease_until: float = 0.0
    not_before: float = 0.0
    settled: dict[str, Any] = field(default_factory=dict)
    renewed: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class KeptFile:
    """An upload that was taken whole; ``times`` counts how often it came."""

    id: str
    kind: str
    mime: str
    data: bytes
    times: int = 1


@dataclass
class FakeBackend:
    """Thread-safe. ``app`` may be called in-process; as a context manager it listens on a port."""

    script: Script = echo
    token: str = "token-of-a-test"
    lease_seconds: float = 30.0
    key_id: str = "2026-W48"
    signer_seed: bytes = bytes(32)
    answers: dict[str, list[int | tuple[int, str]]] = field(default_factory=dict)
    """Inbound text -> statuses its next turns are answered with instead."""
    down: bool = False
    file_answers: list[tuple[int, str]] = field(default_factory=list)
    """What the next uploads are answered with instead (after their bytes came)."""
    most_bytes: int = 20_000_000

    def __post_init__(self) -> None:
        self.keys = KeyPair.from_seed(b"k" * 32)
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.jobs: dict[str, Job] = {}
        self.requests: list[tuple[str, int]] = []
        self.files: dict[str, KeptFile] = {}
        """By idempotency key."""
        self.named: dict[str, dict[str, str] | None] = {}
        """Event id -> what its turn said of its file."""
        self._attached: dict[str, bytes] = {}
        self._order: dict[str, list[str]] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        root = "/v1/channels/{channel}"
        self.app = Starlette(
            routes=[
                Route("/v1/inbox-key", self._inbox_key),
                Route(f"{root}/turns", self._turns, methods=["POST"]),
                Route(f"{root}/media", self._media, methods=["POST"]),
                Route(f"{root}/deliveries", self._deliveries),
                Route(f"{root}/deliveries/{{id}}/attachments/{{n:int}}", self._attachment),
                Route(f"{root}/deliveries/{{id}}", self._settle, methods=["POST"]),
            ]
        )
        self._serving = Serving(self.app)

    # -- for tests -------------------------------------------------------------------------------

    def texts(self, address: str | None = None) -> list[str]:
        """Texts received, in order (of one person)."""
        with self._changed:
            return [
                str(inbound.get("text"))
                for _, inbound in self.received
                if address in (None, inbound["address"])
            ]

    def queue(self, address: str, **body: Any) -> str:
        """A delivery nobody asked for; its id."""
        with self._changed:
            return self._add(address, {"kind": "send", **body}, None)

    def attached(self, kind: str, mime: str, data: bytes) -> dict[str, str]:
        """An attachment for :meth:`queue`, whose bytes are served from now on."""
        digest = hashlib.sha256(data).hexdigest()
        with self._changed:
            self._attached[digest] = data
        name = {"image": "1.webp", "audio": "1.ogg"}[kind]
        return {"kind": kind, "mime": mime, "name": name, "sha256": digest}

    def lose(self, digest: str) -> None:
        """The bytes of this attachment cannot be had any more."""
        with self._changed:
            del self._attached[digest]

    def files_in_order(self) -> list[bytes]:
        """Of the turns that named a file, its bytes, in the order of the turns."""
        with self._changed:
            by_id = {file.id: file.data for file in self.files.values()}
            named = (self.named.get(event_id) or {} for event_id, _ in self.received)
            return [by_id[one["id"]] for one in named if "id" in one]

    def job(self, delivery_id: str) -> Job:
        """What became of it."""
        with self._changed:
            return self.jobs[delivery_id]

    def settled(self, outcome: str) -> list[Job]:
        """Every delivery settled so."""
        with self._changed:
            return [job for job in self.jobs.values() if job.status == outcome]

    def expire_leases(self) -> None:
        """As if the bot had been silent for too long."""
        with self._changed:
            for job in self.jobs.values():
                job.lease_until = 0.0

    def wait(self, condition: Callable[[], bool], timeout: float = 15) -> None:
        """Returns when ``condition`` holds, else :class:`TimeoutError`."""
        wait_for(self._changed, condition, timeout)

    @property
    def url(self) -> str:
        """For ``RELAIS_BACKEND_URL``."""
        return self._serving.url

    def start(self) -> Self:
        """Listen; on the same port again after :meth:`stop`."""
        self._serving.start()
        return self

    def stop(self) -> None:
        """Gone; nothing is forgotten."""
        self._serving.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- the API ---------------------------------------------------------------------------------

    def _refused(self, request: Request) -> Response | None:
        if self.down:
            return _error(503, "busy", {"Retry-After": "1"})
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, "bad_token")
        return None

    async def _inbox_key(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        signer = SigningKey(self.signer_seed)
        message = self.key_id.encode() + self.keys.public.raw
        return JSONResponse(
            {
                "key_id": self.key_id,
                "public": _b64(self.keys.public.raw),
                "signer": _b64(signer.public),
                "signature": _b64(signer.sign("inbox-key", message)),
                "not_after": "2026-11-29T23:59:59Z",
            }
        )

    async def _turns(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        body = await request.json()
        event_id = body["event_id"]
        envelope = Envelope(body["key_id"], base64.b64decode(body["envelope"]))
        if envelope.key_id != self.key_id:
            return _error(409, "inbox_key_unknown")
        try:
            plain = open_envelope(
                envelope, self.keys, channel=request.path_params["channel"], event_id=event_id
            )
        except SealError:
            return _error(422, "malformed")
        inbound: dict[str, Any] = msgspec.json.decode(plain)
        with self._changed:
            answer = self._answer_instead(str(inbound.get("text")))
            if answer is None:
                self.named.setdefault(event_id, body.get("media"))
                answer = self._take(event_id, inbound)
            self.requests.append((event_id, answer.status_code))
            self._changed.notify_all()
            return answer

    def _answer_instead(self, text: str) -> Response | None:
        waiting = self.answers.get(text)
        if not waiting:
            return None
        status = waiting.pop(0)
        return _error(*status) if isinstance(status, tuple) else _error(status, f"http_{status}")

    def _take(self, event_id: str, inbound: dict[str, Any]) -> Response:
        if event_id not in [known for known, _ in self.received]:
            self.received.append((event_id, inbound))
            for body in self.script(inbound):
                self._add(inbound["address"], body, event_id)
        return JSONResponse({"delivery": self._lease(inbound["address"], take_over=event_id)})

    def _add(self, address: str, body: dict[str, Any], event_id: str | None) -> str:
        order = self._order.setdefault(address, [])
        delivery_id = f"d{next(self._numbers)}"
        full = {
            "id": delivery_id,
            "fence": 0,
            "lease_seconds": self.lease_seconds,
            "conversation": f"c-{address}",
            "seq": len(order) + 1,
            "address": address,
            **body,
        }
        self.jobs[delivery_id] = Job(full, event_id)
        order.append(delivery_id)
        self._changed.notify_all()
        return delivery_id

    def _lease(self, address: str, take_over: str | None = None) -> dict[str, Any] | None:
        now = time.monotonic()
        for delivery_id in self._order.get(address, []):
            job = self.jobs[delivery_id]
            if job.status != "pending":
                continue
            free = now >= max(job.lease_until, job.not_before)
            if not free and (take_over is None or job.event_id != take_over):
                return None
            job.body["fence"] += 1
            job.lease_until = now + self.lease_seconds
            return dict(job.body)
        return None

    async def _media(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        query, key = request.query_params, request.headers["Idempotency-Key"]
        data = bytearray()
        if int(query.get("size", 0)) > self.most_bytes:
            return _error(413, "too_large")
        async for chunk in request.stream():
            data += chunk
            if len(data) > self.most_bytes:
                return _error(413, "too_large")
        with self._changed:
            self._changed.notify_all()
            if self.file_answers:
                return _error(*self.file_answers.pop(0))
            known = self.files.get(key)
            if known is None:
                new = KeptFile(f"f{len(self.files) + 1}", query["kind"], query["mime"], bytes(data))
                known = self.files[key] = new
            else:
                known.times += 1
            return JSONResponse({"id": known.id, "size": len(data)})

    async def _attachment(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        with self._changed:
            job = self.jobs[request.path_params["id"]]
            attached = job.body["attachments"][request.path_params["n"]]
            data = self._attached.get(attached["sha256"])
        if data is None or job.status != "pending":
            return _error(404, "not_found")
        return Response(data, media_type=attached["mime"])

    async def _deliveries(self, request: Request) -> Response:
        end = time.monotonic() + float(request.query_params.get("wait", 0))
        while True:
            refused = self._refused(request)
            if refused:
                return refused
            with self._changed:
                found = [lease for a in self._order if (lease := self._lease(a))]
            if found or time.monotonic() >= end:
                return JSONResponse({"deliveries": found})
            await anyio.sleep(0.01)

    async def _settle(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        body = await request.json()
        with self._changed:
            answer = self._settle_one(request.path_params["id"], body)
            self._changed.notify_all()
            return JSONResponse({"delivery": answer}) if answer != "lost" else _lost()

    def _settle_one(self, delivery_id: str, body: dict[str, Any]) -> dict[str, Any] | str | None:
        job = self.jobs[delivery_id]
        if body["fence"] != job.body["fence"] or job.status != "pending":
            return "lost"
        now = time.monotonic()
        if body["outcome"] == "renew":
            job.lease_until = now + self.lease_seconds
            job.renewed.append(body)
            return None
        job.settled = body
        job.lease_until = 0.0
        if body["outcome"] == "later":
            job.not_before = now + float(body.get("retry_after", 0))
        else:
            job.status = body["outcome"]
        return self._lease(job.body["address"])


def _lost() -> Response:
    return _error(409, "lease_lost")


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "advice": "a test says so"}, status, headers)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
