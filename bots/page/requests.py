"""What the page's endpoints share: who asks, and how they are answered."""

import base64
import hashlib
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bots.page.phones import SECRET, address_of

KEPT: Final = 202
HEADER: Final = "X-Relais-Phone"
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""Made by the browser; the same when it sends again."""


def address(request: Request) -> str | None:
    """The phone that asks; None without a secret of the right form."""
    secret = request.headers.get(HEADER, "")
    return address_of(secret) if SECRET.fullmatch(secret) else None


def event_id(phone: str, message_id: str) -> str:
    """No other phone can use up this one's id, and the id tells nothing of the phone."""
    digest = hashlib.sha256(f"{phone} {message_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def language(request: Request) -> str | None:
    """The browser's languages, as it says them."""
    return request.headers.get("Accept-Language", "")[:100] or None


def no_phone() -> Response:
    """401."""
    return error(401, "no_phone", f"{HEADER} must hold the 43 characters the browser made.")


def malformed() -> Response:
    """422."""
    return error(422, "malformed", "See the API's description of this call.")


def not_now() -> Response:
    """503: nothing was kept."""
    return error(503, "not_now", "Nothing was kept. Send the same again.", 2)


def too_fast(pause: float) -> Response:
    """429."""
    return error(429, "too_fast", "Wait a little between messages.", round(pause) + 1)


def accepted() -> Response:
    """202: it is in the spool."""
    return Response(b"{}", KEPT, media_type="application/json")


def error(status: int, code: str, advice: str, retry_after: int = 0) -> Response:
    """Any other answer."""
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    body = msgspec.json.encode({"code": code, "advice": advice})
    return Response(body, status, headers, media_type="application/json")
