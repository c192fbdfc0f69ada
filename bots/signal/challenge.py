"""The page on which a person frees a number: Signal wants to see that somebody is there.

For a phone. Behind an unguessable path, on loopback; the operator's own proxy may show it to the
world. No script: a form, and words.
"""

import html
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bots.signal.accounts import Accounts
from bots.signal.lines import Lost
from bots.signal.rpc import RpcError

SOLVE_AT: Final = "https://signalcaptchas.org/challenge/generate.html"
"""Signal's own page; it ends on a link ``signalcaptcha://…``."""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A number waits</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem/1.5 sans-serif;max-width:36rem;margin:1rem auto;padding:0 1rem}}
label,input,button{{display:block;width:100%;font:inherit;margin:.5rem 0;box-sizing:border-box}}
button{{padding:.7rem}}</style></head><body><main><h1>A number waits</h1>{body}</main></body></html>
"""
_FREE: Final = "<p>No number waits. There is nothing to do.</p>"
_FORM: Final = """<ol>
<li>Open <a href="{solve}" rel="noreferrer">Signal's page</a> and solve it.</li>
<li>It ends with a link that begins with <code>signalcaptcha://</code>. Hold it, copy it.</li>
<li>Put it in here.</li></ol>
<form method="post"><label for="c">The link</label>
<input id="c" name="captcha" required autocomplete="off" autocapitalize="off" spellcheck="false">
<button>Free the number</button></form>"""


def captcha_of(text: str) -> str:
    """As Signal wants it; empty when it is none."""
    text = text.strip()
    return text if text.startswith("signalcaptcha://") and len(text) < 8_192 else ""


async def solve_all(accounts: Accounts, captcha: str) -> str:
    """Frees a number that waits, another one after a refusal; words for whoever tried."""
    waiting = list(accounts.challenges())
    if not waiting:
        return "No number waits."
    try:
        await accounts.solve(waiting[0], captcha)
    except RpcError:
        accounts.put_last(waiting[0])
        return "Signal did not take it. Each link works once and for a few minutes: solve it again."
    except Lost:
        return "The Signal daemon does not answer. Try again in a minute."
    left = len(waiting) - 1
    return "The number is free." if not left else f"The number is free. {left} more wait."


def challenge_app(accounts: Accounts, key: str) -> Starlette:
    """The ASGI app, at ``/challenge/<key>``."""

    def page(status: int, body: str) -> Response:
        return HTMLResponse(_PAGE.format(body=body), status, _HEADERS)

    def form(said: str = "", status: int = 200) -> Response:
        words = f"<p role='status'><strong>{html.escape(said)}</strong></p>" if said else ""
        below = _FORM.format(solve=SOLVE_AT) if accounts.challenges() else _FREE
        return page(status, words + below)

    async def challenge(request: Request) -> Response:
        if not compare_digest(str(request.path_params["key"]).encode(), key.encode()):
            return Response(status_code=404)
        if request.method == "GET":
            return form()
        body = (await request.body())[:16_384]
        given = parse_qs(body.decode("utf-8", "replace")).get("captcha", [""])[0]
        captcha = captcha_of(given)
        if not captcha:
            return form("That is no link of Signal's page: it begins with signalcaptcha://", 422)
        return form(await solve_all(accounts, captcha))

    return Starlette(routes=[Route("/challenge/{key}", challenge, methods=["GET", "POST"])])
