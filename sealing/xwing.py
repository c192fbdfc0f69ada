"""X-Wing key pairs (HPKE KEM 0x647a: ML-KEM-768 with X25519) from a 32-byte seed.

Expansion: SHAKE-256(seed, 96 bytes); the first 64 are the ML-KEM seed, the last 32 the X25519
key (draft-connolly-cfrg-xwing-kem). The console's TypeScript derives the same pair.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from sealing.errors import SealError

SEED_BYTES: Final = 32
_MLKEM_PUBLIC: Final = 1184
PUBLIC_BYTES: Final = _MLKEM_PUBLIC + 32
SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_TRIAL: Final = X25519PrivateKey.from_private_bytes(b"\x01" * 32)
"""No secret: it only tries whether an exchange with a public half is possible."""


@dataclass(frozen=True)
class PublicKey:
    """The public half: 1,216 bytes, ML-KEM part first."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise SealError("bad_key", f"a public key has {PUBLIC_BYTES} bytes")

    @cached_property
    def handle(self) -> MLKEM768X25519PublicKey:
        """The library's key object; raises :class:`SealError` for bytes that are no key."""
        try:
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_PUBLIC]),
                X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC:]),
            )
        except ValueError as error:
            raise SealError("bad_key", "these bytes are not an X-Wing public key") from error

    def hold(self) -> None:
        """Raise :class:`SealError` if nothing can be sealed to this key.

        The library takes a point of small order and fails only at the exchange: one such key among
        the holders would keep a whole case from being sealed to anybody.
        """
        _ = self.handle
        try:
            _TRIAL.exchange(X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC:]))
        except ValueError as error:
            raise SealError("bad_key", "these bytes are not an X-Wing public key") from error


class KeyPair:
    """Both halves, made from a seed. Prints as ``<sealed>``."""

    __slots__ = ("handle", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise SealError("bad_key", f"a seed has {SEED_BYTES} bytes")
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self.handle: MLKEM768X25519PrivateKey = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = PublicKey(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The pair of this 32-byte seed."""
        return cls(seed)

    def __repr__(self) -> str:
        return "<sealed>"
