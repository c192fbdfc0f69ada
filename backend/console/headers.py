"""Security headers on every answer, set at the ASGI edge so that nothing can forget them."""

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Of the pages: nothing inline, nothing from elsewhere; WebAssembly only for Argon2id."""
DATA_POLICY: Final = (
    "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of everything else: an answer of the API that is opened as a page does nothing."""
FILE_POLICY: Final = f"{DATA_POLICY}; sandbox"
"""Of sealed files: they are saved, and never shown."""
_ALWAYS: Final[dict[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(self), payment=(), usb=(), browsing-topics=()"
    ),
    "x-frame-options": "DENY",
}
_HASHED: Final = "/assets/"
"""Files whose name changes with their content."""
_Header = tuple[bytes, bytes]
_HTTPS: Final = {"strict-transport-security": "max-age=31536000; includeSubDomains"}
_OURS: Final = frozenset(
    name.encode() for name in (*_ALWAYS, *_HTTPS, "content-security-policy", "cache-control")
)


def _header_set(*, policy: str, cached: bool, https: bool) -> list[_Header]:
    headers = {
        **_ALWAYS,
        "content-security-policy": policy,
        "cache-control": "public, max-age=31536000, immutable" if cached else "no-store",
        **(_HTTPS if https else {}),
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class SecurityHeaders:
    """ASGI middleware. ``https``: the service is reached by https, so browsers keep to it."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        # Built once: every answer of the hot path carries them.
        self._sets = {
            (policy, cached): _header_set(policy=policy, cached=cached, https=https)
            for policy in (DATA_POLICY, FILE_POLICY, PAGE_POLICY)
            for cached in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._complete(
                    message.get("headers", ()), scope["path"], message["status"]
                )
            await send(message)

        await self._app(scope, receive, complete)

    def _complete(self, headers: Iterable[_Header], path: str, status: int) -> list[_Header]:
        """The application's headers, and ours; where both speak, ours hold."""
        kept = [one for one in headers if one[0].lower() not in _OURS]
        kind = next((value for name, value in kept if name.lower() == b"content-type"), b"")
        policy = DATA_POLICY
        if kind.startswith(b"text/html"):
            policy = PAGE_POLICY
        elif kind.startswith(b"application/octet-stream"):
            policy = FILE_POLICY
        cached = path.startswith(_HASHED) and status in {200, 206, 304}
        return kept + self._sets[policy, cached]
