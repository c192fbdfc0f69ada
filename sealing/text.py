"""Text sealed to a key: magic, version, then HPKE single-shot, padded to size buckets."""

from typing import Final

from cryptography.exceptions import InvalidTag

from sealing.context import Context
from sealing.errors import SealError
from sealing.xwing import SUITE, KeyPair, PublicKey

MAGIC: Final = b"RLS\x01"
_LENGTH: Final = 4
_SMALLEST: Final = 64
OVERHEAD: Final = len(MAGIC) + 1120 + 16
"""Bytes a sealed text is longer than its padded plaintext (encapsulation 1,120, tag 16)."""


def padded_size(length: int) -> int:
    """Size bucket for a plaintext of ``length`` bytes: 64, 128, 256 … then steps of 1/8.

    Powers of two up to 4 KiB; above, at most one eighth is added (as Padmé does), so that long
    accounts do not double in size.
    """
    need = length + _LENGTH
    size = _SMALLEST
    while size < need and size < 4096:
        size *= 2
    if size >= need:
        return size
    step = 1 << max(need.bit_length() - 4, 0)
    return -(-need // step) * step


def pad(plaintext: bytes) -> bytes:
    """``plaintext`` behind its length, filled with zeros to its bucket."""
    size = padded_size(len(plaintext))
    return (len(plaintext).to_bytes(_LENGTH, "big") + plaintext).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """The inverse of :func:`pad`; anything else is refused."""
    length = int.from_bytes(padded[:_LENGTH], "big")
    end = _LENGTH + length
    if len(padded) < _LENGTH or end > len(padded) or any(padded[end:]):
        raise SealError("bad_padding", "the sealed text was damaged")
    return padded[_LENGTH:end]


def seal_text(plaintext: bytes, to: PublicKey, context: Context) -> bytes:
    """Seal so that only the holder of ``to``'s seed can read it, and only in ``context``."""
    return MAGIC + SUITE.encrypt(pad(plaintext), to.handle, context.info())


def open_text(sealed: bytes, keys: KeyPair, context: Context) -> bytes:
    """Open what :func:`seal_text` made; raises :class:`SealError`, never returns a wrong text."""
    if sealed[:3] != MAGIC[:3]:
        raise SealError("not_sealed", "this is not a sealed text of Relais")
    if sealed[:4] != MAGIC:
        raise SealError("wrong_version", "this text was sealed by a newer Relais; upgrade")
    try:
        padded = SUITE.decrypt(sealed[4:], keys.handle, context.info())
    except (InvalidTag, ValueError) as error:
        raise SealError("cannot_open", "wrong key, wrong place, or damaged") from error
    return unpad(padded)
