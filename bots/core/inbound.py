"""What a person did on a messenger, in the form that is sealed for the backend."""

from typing import Literal

import msgspec

Kind = Literal["start", "text", "choice", "media", "edit", "delete"]


class Inbound(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. Prints as ``<sealed>``; leaves this process only inside an envelope."""

    address: str
    kind: Kind
    message_id: str | None = None
    text: str | None = None
    token: str | None = None
    """Of the button that was pressed, as it came."""
    media: str | None = None
    """photo, video, voice, document, location, contact, sticker … or other."""
    latitude: float | None = None
    """Of a location, with ``longitude``; degrees."""
    longitude: float | None = None
    payload: str | None = None
    """What stood behind the messenger's start link."""
    locale_hint: str | None = None
    sent_at: str | None = None
    """ISO 8601, UTC."""

    def __repr__(self) -> str:
        return "<sealed>"

    def plaintext(self) -> bytes:
        """The JSON that goes into the envelope."""
        try:
            return msgspec.json.encode(self)
        except UnicodeEncodeError:  # half a character, as no phone sends it: the rest is kept
            whole = {
                name: value.encode("utf-8", "replace").decode()
                for name in self.__struct_fields__
                if isinstance(value := getattr(self, name), str)
            }
            return msgspec.json.encode(msgspec.structs.replace(self, **whole))
