"""Deliveries as JSON on the bot API."""

from collections.abc import Sequence

import msgspec
from fastapi import Response
from pydantic import BaseModel, Field

from backend.deliveries.composing import Wire


class DeliveryButton(BaseModel):
    """A button under the text."""

    text: str
    token: str


class DeliveryAttachment(BaseModel):
    """A picture or voice that goes with the words; its bytes are at `attachments/{number}`."""

    kind: str = Field(description="image or audio")
    mime: str
    name: str = Field(description="a neutral file name")
    sha256: str = Field(description="hex, of the bytes: a bot may reuse what it uploaded before")


class DeliveryPressed(BaseModel):
    """She pressed buttons of this message, and its question is closed."""

    message_id: str
    texts: list[str] = Field(description="to stand where the buttons were, one line each")


class Delivery(BaseModel):
    """One thing to do on the messenger, leased to the caller."""

    id: str
    fence: int = Field(description="send it back when settling; an older fence is refused")
    lease_seconds: int
    conversation: str
    seq: int = Field(description="gapless per conversation; only the lowest unsettled is leased")
    address: str
    kind: str = Field(description="send, edit, delete or forget")
    text: str
    buttons: list[list[DeliveryButton]]
    lang: str
    dir: str
    neutral: bool
    target: list[str] = Field(description="message ids: of the bubble to edit, or all to delete")
    silent: bool
    erased: bool = Field(description="with forget: nothing of this conversation is left here")
    attachments: list[DeliveryAttachment] = Field(description="shown before the words")
    pressed: DeliveryPressed | None = Field(
        description="with send: show it there once these words are sent, if it can be done"
    )


class DeliveryAnswer(BaseModel):
    """The next delivery, or none."""

    delivery: Delivery | None


class DeliveriesAnswer(BaseModel):
    """What is due, at most one a conversation."""

    deliveries: list[Delivery]


def delivery_response(wire: Wire | None) -> Response:
    """Answer ``{"delivery": …}``."""
    return _json({"delivery": wire})


def deliveries_response(wires: Sequence[Wire]) -> Response:
    """Answer ``{"deliveries": […]}``."""
    return _json({"deliveries": list(wires)})


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
