"""The bot API: turns in. One channel's token opens nothing of another."""

import base64
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, WithJsonSchema

from backend.deliveries.wire import DeliveryAnswer, delivery_response
from backend.errors import RelaisError
from backend.gate import BotRoute, bot_of_channel
from backend.http import ERRORS, read_limited
from backend.relais import Relais
from backend.turns.inbound import MalformedInbound, Named
from backend.turns.service import take_turn
from backend.vault import InboxKeyUnknown
from sealing import Envelope

router = APIRouter(tags=["bots"])
hot = APIRouter(tags=["bots"], route_class=BotRoute)


class InboxKey(BaseModel):
    """The current inbox key; ``signature`` is the server's over key id and public half."""

    key_id: str = Field(examples=["2026-W48"])
    public: str = Field(description="X-Wing public key, 1,216 bytes, base64")
    signer: str = Field(description="Ed25519 public key, 32 bytes, base64")
    signature: str = Field(description="Ed25519 signature, 64 bytes, base64")
    not_after: str


# Written out: a model of its own would be a reference that does not resolve inside OpenAPI.
_MEDIA = {
    "description": "of an event of kind media: the file by its id, or why there is none",
    "oneOf": [
        {"type": "null"},
        {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": {"id": {"type": "string", "minLength": 1, "maxLength": 64}},
        },
        {
            "type": "object",
            "required": ["refused"],
            "additionalProperties": False,
            "properties": {"refused": {"enum": ["too_large", "unsupported", "gone"]}},
        },
    ],
}


class TurnRequest(BaseModel):
    """One inbound event, sealed by the bot before it was written anywhere."""

    event_id: str = Field(min_length=1, max_length=200)
    key_id: str = Field(min_length=1, max_length=32)
    envelope: str = Field(description="base64 of the sealed event")
    media: Annotated[dict[str, Any] | None, WithJsonSchema(_MEDIA)] = None


class _Turn(msgspec.Struct, frozen=True):
    event_id: str
    key_id: str
    envelope: str
    media: Named | None = None


_decoder = msgspec.json.Decoder(_Turn)


@router.get("/v1/inbox-key", summary="The key that bots seal events to")
async def inbox_key(request: Request) -> InboxKey:
    """Public; rotates weekly. Private halves are kept for 30 days after their week."""
    relais: Relais = request.app.state.relais
    key = relais.vault.inbox.current(relais.world.day())
    return InboxKey(
        key_id=key.key_id,
        public=base64.b64encode(key.public).decode(),
        signer=base64.b64encode(key.signer).decode(),
        signature=base64.b64encode(key.signature).decode(),
        not_after=key.not_after,
    )


@hot.post(
    "/v1/channels/{channel}/turns",
    summary="Take one inbound event",
    response_model=DeliveryAnswer,
    responses=ERRORS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": TurnRequest.model_json_schema()}},
        }
    },
)
async def post_turn(
    request: Request, channel: str, relais: Annotated[Relais, Depends(bot_of_channel)]
) -> Response:
    """Idempotent on (channel, event_id). Committed before the answer leaves."""
    turn = _read(await read_limited(request, relais.settings.max_turn_bytes))
    try:
        sealed = base64.b64decode(turn.envelope, validate=True)
    except ValueError as error:
        raise _malformed("the envelope is not base64") from error
    try:
        wire = await take_turn(
            relais, channel, turn.event_id, Envelope(turn.key_id, sealed), turn.media
        )
    except InboxKeyUnknown as error:
        raise RelaisError(
            409, "inbox_key_unknown", "This key is gone. Fetch /v1/inbox-key and seal anew."
        ) from error
    except MalformedInbound as error:
        raise _malformed("the envelope does not open, or holds no event") from error
    return delivery_response(wire)


def _read(body: bytes) -> _Turn:
    try:
        turn = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _malformed("the body is not the JSON of a turn") from error
    if not 0 < len(turn.event_id) <= 200 or not 0 < len(turn.key_id) <= 32:
        raise _malformed("event_id has 1 to 200 characters, key_id 1 to 32")
    media = turn.media
    if media is not None and (not media.id) == (not media.refused):
        raise _malformed("media names an id, or says why it was refused")
    if media is not None and len(media.id) > 64:
        raise _malformed("a file's id has 1 to 64 characters")
    return turn


def _malformed(why: str) -> RelaisError:
    return RelaisError(422, "malformed", f"Set this event aside: {why}.")
