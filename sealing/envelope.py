"""An inbound event sealed to the backend's inbox key, before a bot writes it anywhere."""

from dataclasses import dataclass

from sealing.context import Context
from sealing.text import open_text, seal_text
from sealing.xwing import KeyPair, PublicKey


@dataclass(frozen=True, slots=True)
class Envelope:
    """``key_id`` names the inbox key; ``sealed`` is bound to the channel and the event id."""

    key_id: str
    sealed: bytes


def _context(channel: str, event_id: str, key_id: str) -> Context:
    return Context(case=channel, compartment="inbox", generation=1, item=event_id, kind=key_id)


def seal_envelope(
    plaintext: bytes, *, key_id: str, to: PublicKey, channel: str, event_id: str
) -> Envelope:
    """Seal one event's JSON for the backend."""
    return Envelope(key_id, seal_text(plaintext, to, _context(channel, event_id, key_id)))


def open_envelope(envelope: Envelope, keys: KeyPair, *, channel: str, event_id: str) -> bytes:
    """Open it; an envelope moved to another event or channel fails."""
    return open_text(envelope.sealed, keys, _context(channel, event_id, envelope.key_id))
