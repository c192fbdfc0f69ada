"""What is known of a file and must not be readable: its key, its hash, what it is.

Sealed under the draft key of the day until the compartment exists; from then on an age header for
the compartment stands in its place, and the server can open the file no more.
"""

from typing import Any, Final

import msgspec

from backend.relais import Relais

_PLACE: Final = ("media", "key")


class Preview(msgspec.Struct, frozen=True):
    """The cleaned derivative of an image: an object of its own under a key of its own."""

    key: bytes
    mime: str
    width: int
    height: int
    size: int

    def __repr__(self) -> str:
        return "<sealed>"


class FileKeys(msgspec.Struct, frozen=True):
    """``size`` and ``sha256`` (32 bytes) are of the raw bytes, as they came."""

    key: bytes
    media: str
    mime: str
    size: int
    sha256: bytes
    preview: Preview | None = None
    no_preview: str = ""
    """Why an image has none: the code of the refusal."""

    def __repr__(self) -> str:
        return "<sealed>"


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(FileKeys)


def seal_keys(relais: Relais, file_id: str, keys: FileKeys, day: str) -> dict[str, Any]:
    """The columns ``key_sealed`` and ``key_key``, under the draft key of that day."""
    sealed = relais.vault.drafts.seal(day, _encoder.encode(keys), *_PLACE, file_id)
    return {"key_sealed": sealed, "key_key": day}


def open_keys(relais: Relais, row: Any) -> FileKeys:
    """The inverse, of a row with ``id``, ``key_sealed`` and ``key_key``.

    Raises ``DraftKeyGone`` once that day's key was destroyed, and ``SealError``.
    """
    return _decoder.decode(relais.vault.drafts.open(row.key_key, row.key_sealed, *_PLACE, row.id))
