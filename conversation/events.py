"""What a person did, whatever the messenger."""

import msgspec


class _Event(msgspec.Struct, frozen=True, tag_field="kind"):
    pass


class Started(_Event, frozen=True, tag="start"):
    """First contact or a press on the messenger's start button."""

    payload: str = ""


class Said(_Event, frozen=True, tag="text"):
    """A text message, as it came."""

    text: str


class Chose(_Event, frozen=True, tag="choice"):
    """A press on a button that we sent; ``token`` as rendered (stale and forged ones happen)."""

    token: str


class Sent(_Event, frozen=True, tag="media"):
    """A photo, video, voice message, document, location, contact, sticker, or other."""

    media: str
    file: str = ""
    """Id under which its bytes are sealed; empty: nothing was kept."""
    refused: str = ""
    """Why nothing was kept: too_large, not_taken (a kind we do not keep), unreadable, gone."""
    size: int = 0
    """Bytes."""
    text: str = ""
    """Its caption."""
    spot: tuple[float, float] | None = None
    """Of a location: latitude and longitude in degrees."""


class Edited(_Event, frozen=True, tag="edit"):
    """She changed an earlier message; the new text is given."""

    text: str


class Deleted(_Event, frozen=True, tag="delete"):
    """She deleted an earlier message on the messenger."""


class Silence(_Event, frozen=True, tag="silence"):
    """Nothing came for so many hours (a job says so)."""

    hours: int


Event = Started | Said | Chose | Sent | Edited | Deleted | Silence
