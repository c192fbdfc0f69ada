"""Webhook mode: 200 only after the update is in the spool, so Telegram repeats what was not."""

from hmac import compare_digest
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.core import Health, NotReady, SpoolError
from bots.telegram.updates import Updates

ADVICE: Final = "Set RELAIS_TELEGRAM_WEBHOOK_HOST and RELAIS_TELEGRAM_WEBHOOK_PORT."
HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
MOST_BYTES: Final = 1_048_576


def webhook_app(updates: Updates, bot_id: int, secret: str, path: str, health: Health) -> Starlette:
    """The ASGI app that Telegram posts to."""

    async def take(request: Request) -> Response:
        given = request.headers.get(HEADER, "")
        if not compare_digest(given.encode(), secret.encode()):
            health.metrics.errors.labels("webhook_secret").inc()
            return Response(status_code=401)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        try:
            await updates.take(_decode(body), bot_id)
        except (NotReady, SpoolError):
            return Response(status_code=503, headers={"Retry-After": "2"})
        return Response(status_code=200)

    return Starlette(routes=[Route(path, take, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _decode(body: bytes) -> object:
    """Broken JSON is kept too, as what it was (it then goes into quarantine)."""
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return body.decode("utf-8", "replace")
