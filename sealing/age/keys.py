"""The strings that ``age`` tools take for a key: ``age1pq1…`` and ``AGE-SECRET-KEY-PQ-1…``."""

from typing import Final

from sealing.age import bech32
from sealing.errors import SealError
from sealing.xwing import PUBLIC_BYTES, SEED_BYTES, PublicKey

_RECIPIENT: Final = "age1pq"
_IDENTITY: Final = "age-secret-key-pq-"


def recipient_of(public: bytes) -> str:
    """``age1pq1…``, lower case, of the 1,216 bytes of a public key."""
    PublicKey(public)  # refuses another length
    return bech32.encode(_RECIPIENT, public)


def read_recipient(text: str) -> bytes:
    """The 1,216 bytes of an ``age1pq1…``; raises :class:`SealError` ``bad_key``."""
    if not text.startswith(_RECIPIENT + "1"):
        raise SealError("bad_key", "an age recipient of ours begins with age1pq1")
    public = _read(text, _RECIPIENT, PUBLIC_BYTES)
    PublicKey(public).handle  # noqa: B018 - refuses bytes that are no key
    return public


def identity_of(seed: bytes) -> str:
    """``AGE-SECRET-KEY-PQ-1…`` of a 32-byte seed. The string is as secret as the seed."""
    if len(seed) != SEED_BYTES:
        raise SealError("bad_key", f"a seed has {SEED_BYTES} bytes")
    return bech32.encode(_IDENTITY, seed).upper()


def read_identity(text: str) -> bytes:
    """The 32-byte seed of an ``AGE-SECRET-KEY-PQ-1…``; raises :class:`SealError` ``bad_key``."""
    if not text.startswith(_IDENTITY.upper() + "1"):
        raise SealError("bad_key", "an age identity of ours begins with AGE-SECRET-KEY-PQ-1")
    return _read(text, _IDENTITY, SEED_BYTES)


def _read(text: str, expected: str, size: int) -> bytes:
    prefix, data = bech32.decode(text)
    if prefix != expected or len(data) != size:
        raise SealError("bad_key", "this is another kind of age key")
    return data
