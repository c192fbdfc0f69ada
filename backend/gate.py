"""Who may use the bot API: a bearer token for each channel."""

import hmac
from typing import Annotated

from fastapi import Header, Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from backend.errors import RelaisError
from backend.relais import Relais
from backend.settings import CHANNELS


async def bot_of_channel(
    request: Request, channel: str, authorization: Annotated[str, Header()] = ""
) -> Relais:
    """The backend, for the bot whose token this is. 401 for no bot's token, 403 for another's."""
    return _admit(request.app.state.relais, channel, authorization)


class BotRoute(APIRoute):
    """A route of the bot API that is taken at every message.

    The endpoint ``(request, relais, **path parameters)`` is called without FastAPI's machinery for
    dependencies and bodies, which took as long as a third of the turn (measured); its signature
    still describes it in OpenAPI. The token is checked as :func:`bot_of_channel` does.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive)
        parameters = scope["path_params"]
        authorization = request.headers.get("authorization", "")
        relais = _admit(request.app.state.relais, parameters["channel"], authorization)
        response = await self.endpoint(request=request, relais=relais, **parameters)
        await response(scope, receive, send)


def _admit(relais: Relais, channel: str, authorization: str) -> Relais:
    scheme, _, token = authorization.partition(" ")
    owner = _owner(relais, token) if scheme.lower() == "bearer" and token else None
    if owner is None:
        raise RelaisError(
            401, "bad_token", "Set RELAIS_BOT_TOKEN_<CHANNEL> to the same value here and there."
        )
    if owner != channel:
        raise RelaisError(403, "other_channel", "This token belongs to another channel's bot.")
    return relais


def _owner(relais: Relais, token: str) -> str | None:
    found = None
    for channel in CHANNELS:
        expected = relais.bot_tokens.get(channel)
        if expected and hmac.compare_digest(expected.encode(), token.encode()):
            found = channel
    return found
