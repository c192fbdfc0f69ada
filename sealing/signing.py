"""Ed25519 signatures over length-prefixed contexts (roster, inbox key, members' items)."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sealing.context import bind


class SigningKey:
    """An Ed25519 key from its 32-byte seed. Prints as ``<sealed>``."""

    __slots__ = ("_private", "public")

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes_raw()

    def sign(self, purpose: str, message: bytes) -> bytes:
        """64 bytes over "relais" | purpose | message."""
        return self._private.sign(bind("relais", purpose) + message)

    def __repr__(self) -> str:
        return "<sealed>"


def verify(public: bytes, purpose: str, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is ``public``'s over this purpose and message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(
            signature, bind("relais", purpose) + message
        )
    except (InvalidSignature, ValueError):
        return False
    return True
