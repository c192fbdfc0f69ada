"""Who may use the bot API: a bearer token for each channel."""

import hmac
from typing import Annotated

from fastapi import Header, Request

from backend.errors import RelaisError
from backend.relais import Relais
from backend.settings import CHANNELS


async def bot_of_channel(
    request: Request, channel: str, authorization: Annotated[str, Header()] = ""
) -> Relais:
    """The backend, for the bot whose token this is. 401 for no bot's token, 403 for another's."""
    relais: Relais = request.app.state.relais
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
