"""One inbound event as a bot sealed it."""

import msgspec

from conversation import Chose, Deleted, Edited, Event, Said, Sent, Started


class Inbound(msgspec.Struct, frozen=True):
    """The plaintext of an envelope. ``kind``: start, text, choice, media, edit, delete."""

    address: str
    kind: str
    message_id: str | None = None
    text: str | None = None
    token: str | None = None
    media: str | None = None
    payload: str | None = None
    locale_hint: str | None = None
    sent_at: str | None = None

    def __repr__(self) -> str:
        return "<sealed>"


class MalformedInbound(Exception):
    """The envelope opened, but what is inside is no event. The bot is at fault."""


_decoder = msgspec.json.Decoder(Inbound)


def read_inbound(raw: bytes) -> Inbound:
    """Decode and check; raises :class:`MalformedInbound` without content."""
    try:
        inbound = _decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise MalformedInbound from error
    if not inbound.address or len(inbound.address) > 512:
        raise MalformedInbound
    return inbound


def as_event(inbound: Inbound) -> Event:
    """The engine's event. An unknown kind is treated as something that cannot be taken here."""
    match inbound.kind:
        case "start":
            return Started(payload=(inbound.payload or "")[:64])
        case "text":
            return Said(text=inbound.text or "")
        case "choice":
            return Chose(token=(inbound.token or "")[:64])
        case "edit":
            return Edited(text=inbound.text or "")
        case "delete":
            return Deleted()
        case _:
            return Sent(media=inbound.media or "other")
