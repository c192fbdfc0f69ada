"""Formats of sealed things, shared by the bots (which seal) and the backend (which opens).

Nothing here knows what a case or a bot is; nothing here reads a clock, a file or a network.
"""

from sealing.box import Box, derive
from sealing.context import Context, bind
from sealing.envelope import Envelope, open_envelope, seal_envelope
from sealing.errors import SealError
from sealing.signing import SigningKey, verify
from sealing.text import OVERHEAD, open_text, seal_text
from sealing.xwing import PUBLIC_BYTES, SEED_BYTES, KeyPair, PublicKey

__all__ = [
    "OVERHEAD",
    "PUBLIC_BYTES",
    "SEED_BYTES",
    "Box",
    "Context",
    "Envelope",
    "KeyPair",
    "PublicKey",
    "SealError",
    "SigningKey",
    "bind",
    "derive",
    "open_envelope",
    "open_text",
    "seal_envelope",
    "seal_text",
    "verify",
]
