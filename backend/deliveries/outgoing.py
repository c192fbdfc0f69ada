"""What is to leave: message ids and parameters, sealed under the draft key of the day."""

from __future__ import annotations

import msgspec

from conversation import Reply


class Pressed(msgspec.Struct, frozen=True):
    """What she pressed under an earlier message, which is shown there instead of its buttons."""

    message_id: str
    reply: Reply
    """Only its options."""
    locale: str

    def __repr__(self) -> str:
        return "<sealed>"


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """The sealed part of a delivery. ``bubble`` picks one of the reply's rendered bubbles."""

    locale: str
    content: str
    """Hash of the interview and catalogues that the message ids belong to."""
    reply: Reply | None = None
    bubble: int = 0
    pressed: Pressed | None = None


class Outgoing(msgspec.Struct, frozen=True):
    """One reply to queue for one conversation.

    ``dedupe_key`` makes a second queueing of the same thing a no-op (alerts: case, round, tier,
    member). ``kind``: send, edit, delete, forget. ``purpose``: reply, alert,
    notice, erase, clear (with delete: only what is old enough), late (with delete: only what
    left after she had).
    """

    locale: str
    reply: Reply | None = None
    kind: str = "send"
    purpose: str = "reply"
    dedupe_key: str | None = None
    not_before: int = 0
    pressed: Pressed | None = None
    """Goes with the first bubble; only words that are sent can have it."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Body)


def dump_body(body: Body) -> bytes:
    """Body as JSON."""
    return _encoder.encode(body)


def load_body(raw: bytes) -> Body:
    """The inverse of :func:`dump_body`."""
    return _decoder.decode(raw)
