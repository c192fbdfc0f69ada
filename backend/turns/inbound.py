"""One inbound event as a bot sealed it."""

from typing import Final, Literal

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
    latitude: float | None = None
    longitude: float | None = None

    def __repr__(self) -> str:
        return "<sealed>"


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of a turn: its id, or why there is none. It stands outside the envelope."""

    id: str = ""
    refused: Literal["", "too_large", "unsupported", "gone"] = ""


class Arrived(msgspec.Struct, frozen=True):
    """What the engine hears of a file: its id and size, or why nothing is kept."""

    file: str = ""
    size: int = 0
    refused: str = ""


NOTHING: Final = Arrived()
_REFUSED: Final = {"unsupported": "not_taken"}
"""Where the bots' word is not the engine's."""


def not_kept(named: Named) -> Arrived:
    """Of a file that the bot could not or would not fetch."""
    return Arrived(refused=_REFUSED.get(named.refused, named.refused))


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


def as_event(inbound: Inbound, arrived: Arrived = NOTHING) -> Event:
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
            return Sent(
                media=inbound.media or "other",
                file=arrived.file,
                refused=arrived.refused,
                size=arrived.size,
                text=inbound.text or "",
                spot=_spot(inbound),
            )


def _spot(inbound: Inbound) -> tuple[float, float] | None:
    """A place on earth, or nothing: NaN is none either."""
    latitude, longitude = inbound.latitude, inbound.longitude
    if latitude is None or longitude is None:
        return None
    if -90 <= latitude <= 90 and -180 <= longitude <= 180:
        return latitude, longitude
    return None
