"""AES-256-GCM with a bound place: the one symmetric format.

Layout: version (1 byte) | nonce (12) | ciphertext and tag. The associated data are the
length-prefixed fields that name where the value stands, so that a value moved to another row,
column or table no longer opens.
"""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sealing.context import bind
from sealing.errors import SealError

_VERSION: Final = b"\x01"
_NONCE: Final = 12


class Box:
    """One 32-byte key. Prints as ``<sealed>``."""

    __slots__ = ("_aead", "_random")

    def __init__(self, key: bytes, random: Callable[[int], bytes]) -> None:
        self._aead = AESGCM(key)
        self._random = random

    def seal(self, plaintext: bytes, *place: str) -> bytes:
        """Seal for this place (table, column, row …)."""
        nonce = self._random(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, plaintext, bind(*place))

    def open(self, sealed: bytes, *place: str) -> bytes:
        """Open what was sealed for the same place; raises :class:`SealError` otherwise."""
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE + 16:
            raise SealError("not_sealed", "this value was not sealed by this version")
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._aead.decrypt(nonce, body, bind(*place))
        except InvalidTag as error:
            raise SealError("cannot_open", "wrong key, wrong place, or damaged") from error

    def __repr__(self) -> str:
        return "<sealed>"


def derive(secret: bytes, *label: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA-256) out of a secret of full strength."""
    return HKDF(SHA256(), 32, salt=None, info=bind("relais", *label)).derive(secret)
