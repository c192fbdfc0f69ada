"""The bot API: files in. One channel's token opens nothing of another."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from backend.errors import RelaisError
from backend.gate import bot_of_channel
from backend.http import ERRORS, ErrorAnswer
from backend.media.uploading import Declared, take_upload
from backend.relais import Relais

router = APIRouter(tags=["bots"])
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {**ERRORS, 408: {"model": ErrorAnswer}}


class About(BaseModel):
    """What the bot knows of the file before its first byte."""

    kind: Literal["photo", "video", "voice", "document"]
    mime: str = Field("", max_length=200)
    size: int | None = Field(None, ge=0, description="bytes, if known")


class KeptFile(BaseModel):
    """A file that waits, sealed, for the turn that names it; after 24 hours it is gone."""

    id: str = Field(description="name it in the turn: media.id")
    size: int = Field(description="bytes that arrived")


@router.post(
    "/v1/channels/{channel}/media",
    summary="Take one file, as a stream",
    responses=_RESPONSES,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def post_media(
    request: Request,
    channel: str,
    relais: Annotated[Relais, Depends(bot_of_channel)],
    about: Annotated[About, Query()],
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> KeptFile:
    """Sealed before it is stored; no clear byte touches a disk.

    The same ``Idempotency-Key`` gives the same file. 413 ``too_large``: say so in the turn. Every
    other error of 408, 429 or 503 keeps nothing and may be tried again.
    """
    declared = Declared(about.kind, about.mime, _length(request, about.size), idempotency_key)
    meters = request.app.state.meters
    try:
        kept = await take_upload(relais, channel, declared, _body(request))
    except RelaisError as error:
        meters.files.labels(error.code).inc()
        raise
    meters.files.labels("kept").inc()
    meters.file_bytes.inc(kept.size)
    return KeptFile(id=kept.id, size=kept.size)


def _length(request: Request, size: int | None) -> int | None:
    declared = request.headers.get("content-length", "")
    lengths = [int(declared)] if declared.isdecimal() and len(declared) < 20 else []
    return max([*lengths, *([] if size is None else [size])], default=None)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        raise RelaisError(408, "cut_off", "The file ended too early. Send it again.") from None
