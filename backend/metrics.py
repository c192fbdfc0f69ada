"""Counters for the operator, served to this machine only. No label tells of a person or a place."""

from collections.abc import Awaitable, Callable
from functools import cache
from time import perf_counter

from fastapi import FastAPI, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)

from backend.errors import RelaisError
from backend.http import ErrorAnswer, error_response

_LOOPBACK = {"127.0.0.1", "::1", "testclient"}


class Meters:
    """The meters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "relais_requests_total",
            "Requests by kind and status",
            ["kind", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "relais_request_seconds",
            "Time to answer",
            ["kind"],
            registry=self.registry,
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
        )
        self.files = Counter(
            "relais_files_total",
            "Files from people by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.file_bytes = Counter(
            "relais_file_bytes_total", "Bytes of files that were kept", registry=self.registry
        )
        self._counters = cache(lambda kind, status: self.requests.labels(kind, str(status)))
        self._timers = cache(self.seconds.labels)

    def count(self, kind: str, status: int, seconds: float) -> None:
        """One request was answered. How long a poll waited says nothing."""
        self._counters(kind, status).inc()
        if kind != "poll":
            self._timers(kind).observe(seconds)


def _kind(path: str) -> str:
    if path.endswith("/turns"):
        return "turn"
    if path.endswith("/media"):
        return "upload"
    if "/deliveries" in path:
        return "poll" if path.endswith("/deliveries") else "settle"
    return "console" if path.startswith("/v1/") else "other"


class MeterMiddleware:
    """Counts requests; plain ASGI, since the hot path pays for it."""

    def __init__(self, app: Callable[..., Awaitable[None]], meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(
        self,
        scope: dict[str, object],
        receive: Callable[[], Awaitable[object]],
        send: Callable[[dict[str, object]], Awaitable[None]],
    ) -> None:
        """Pass on, noting status and time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind, started, status = _kind(str(scope["path"])), perf_counter(), 500

        async def noting(message: dict[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._meters.count(kind, status, perf_counter() - started)


def install_metrics(app: FastAPI) -> None:
    """Count every request, and serve ``/metrics`` to loopback only."""
    meters: Meters = app.state.meters
    app.add_middleware(MeterMiddleware, meters=meters)

    @app.get(
        "/metrics",
        tags=["operation"],
        summary="Counters, for this machine only",
        response_class=Response,
        responses={
            200: {"content": {CONTENT_TYPE_LATEST: {}}, "description": "Prometheus text format"},
            403: {"model": ErrorAnswer},
        },
    )
    async def metrics(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if client not in _LOOPBACK or "x-forwarded-for" in request.headers:
            return error_response(
                RelaisError(403, "loopback_only", "Ask from the machine itself, not by a proxy.")
            )
        return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
