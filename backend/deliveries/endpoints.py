"""The bot API: deliveries out."""

import asyncio
from contextlib import suppress
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from backend.deliveries.leasing import lease_due
from backend.deliveries.serving import attachment_of
from backend.deliveries.settling import Report, settle
from backend.deliveries.wire import (
    DeliveriesAnswer,
    DeliveryAnswer,
    deliveries_response,
    delivery_response,
)
from backend.errors import RelaisError
from backend.gate import BotRoute, bot_of_channel
from backend.http import ERRORS, read_limited
from backend.relais import Relais

router = APIRouter(tags=["bots"])
hot = APIRouter(tags=["bots"], route_class=BotRoute)
_LOOK_EVERY = 0.3
_decoder = msgspec.json.Decoder(Report)


class SettleRequest(BaseModel):
    """What became of a delivery."""

    fence: int
    outcome: str = Field(
        description="sent, failed (for good), later, or renew (still working on it)",
        pattern="^(sent|failed|later|renew)$",
    )
    message_ids: list[str] = Field(default=[], description="the messenger's ids, for later edits")
    reason: str = Field(
        default="", description="failed: blocked, unknown_address, refused …; later: held"
    )
    retry_after: float = Field(default=0, description="later: seconds")


@router.get(
    "/v1/channels/{channel}/deliveries",
    summary="Wait for something to send",
    response_model=DeliveriesAnswer,
    responses=ERRORS,
)
async def get_deliveries(
    channel: str,
    relais: Annotated[Relais, Depends(bot_of_channel)],
    wait: Annotated[float, Query(ge=0, le=60)] = 25,
) -> Response:
    """Long poll. Holds no database connection; at most one delivery a conversation."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    woken = relais.wake.channel(channel)
    while True:
        woken.clear()
        wires = await lease_due(relais, channel)
        left = until - loop.time()
        if wires or left <= 0 or relais.wake.closing:
            return deliveries_response(wires)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK_EVERY, left)):
                await woken.wait()


@router.get(
    "/v1/channels/{channel}/deliveries/{delivery_id}/attachments/{number}",
    summary="The bytes of a picture or voice that goes with a delivery",
    response_class=Response,
    responses={
        **ERRORS,
        200: {"content": {"image/webp": {}, "audio/ogg": {}}, "description": "The bytes."},
    },
)
async def get_attachment(
    channel: str,
    delivery_id: Annotated[str, Path(max_length=64)],
    number: Annotated[int, Path(ge=0, le=99)],
    relais: Annotated[Relais, Depends(bot_of_channel)],
) -> Response:
    """Of a delivery that is leased and not settled, counted from 0. Made anew at each call."""
    found = await attachment_of(relais, channel, delivery_id, number)
    return Response(found.data, media_type=found.mime, headers={"ETag": f'"{found.sha256}"'})


@hot.post(
    "/v1/channels/{channel}/deliveries/{delivery_id}",
    summary="Say what became of a delivery",
    response_model=DeliveryAnswer,
    responses=ERRORS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SettleRequest.model_json_schema()}},
        }
    },
)
async def post_outcome(
    request: Request,
    channel: str,
    delivery_id: str,
    relais: Annotated[Relais, Depends(bot_of_channel)],
) -> Response:
    """Answers with the conversation's next delivery, leased, when there is one."""
    try:
        report = _decoder.decode(await read_limited(request, 65_536))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RelaisError(
            422, "malformed", "Send fence and outcome: sent, failed, later or renew."
        ) from error
    return delivery_response(await settle(relais, channel, delivery_id[:32], report))
