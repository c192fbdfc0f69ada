"""Security headers on every answer, set at the ASGI edge so that nothing can forget them."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Of the pages: nothing inline, nothing from elsewhere; WebAssembly only for Argon2id."""
DATA_POLICY: Final = (
    "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of everything else: an answer of the API that is opened as a page does nothing."""
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    ),
    "x-frame-options": "DENY",
}
_HASHED: Final = "/assets/"
"""Files whose name changes with their content."""


class SecurityHeaders:
    """ASGI middleware. ``https``: the service is reached by https, so browsers keep to it."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), scope["path"], message["status"])
            await send(message)

        await self._app(scope, receive, complete)

    def _complete(self, headers: MutableHeaders, path: str, status: int) -> None:
        for name, value in _ALWAYS.items():
            headers[name] = value
        page = headers.get("content-type", "").startswith("text/html")
        headers["content-security-policy"] = PAGE_POLICY if page else DATA_POLICY
        kept = path.startswith(_HASHED) and status in {200, 206, 304}
        headers["cache-control"] = "public, max-age=31536000, immutable" if kept else "no-store"
        if self._https:
            headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
