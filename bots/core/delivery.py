"""What the backend gives a bot to send, and what can become of it."""

from typing import Final

import msgspec


class Button(msgspec.Struct, frozen=True):
    """``token`` comes back when it is pressed."""

    text: str
    token: str

    def __repr__(self) -> str:
        return "<sealed>"


class Attachment(msgspec.Struct, frozen=True):
    """A picture or a voice that goes with the words; its bytes are asked for by its number.

    ``kind`` is ``image`` or ``audio``; ``name`` a neutral file name; ``sha256`` hex of the bytes.
    """

    kind: str
    mime: str
    name: str
    sha256: str


class Pressed(msgspec.Struct, frozen=True):
    """What she pressed under an earlier message: shown there, where its buttons were."""

    message_id: str
    texts: tuple[str, ...]

    def __repr__(self) -> str:
        return "<sealed>"


class Delivery(msgspec.Struct, frozen=True):
    """A leased message. ``fence`` names this lease; a settlement under an older one is refused."""

    id: str
    fence: int
    lease_seconds: float
    conversation: str
    seq: int
    address: str
    kind: str
    """send, edit, delete, forget, timer."""
    text: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()
    lang: str = ""
    dir: str = "ltr"
    neutral: bool = False
    target: tuple[str, ...] = ()
    """The platform's message ids: the one to edit, or all known to delete or forget."""
    silent: bool = True
    erased: bool = False
    """With ``forget``: nothing of this conversation is left, and the messenger's own may go."""
    attachments: tuple[Attachment, ...] = ()
    pressed: Pressed | None = None

    def __repr__(self) -> str:
        return f"Delivery({self.id}, seq={self.seq}, <sealed>)"


class Sent(msgspec.Struct, frozen=True):
    """The platform took it, under these ids (empty when nothing is to be remembered)."""

    message_ids: tuple[str, ...] = ()


HELD: Final = "held"
"""Why something must wait for long: see :class:`Later`."""


class Later(Exception):
    """Not now. ``retry_after`` in seconds when the platform said so, else the outlet backs off.

    ``reason`` ``held``: the platform takes nothing from us for long; an alert is then given back at
    once, so that somebody else is asked.
    """

    def __init__(self, retry_after: float | None = None, reason: str = "") -> None:
        super().__init__("later")
        self.retry_after = retry_after
        self.reason = reason


class Permanent(Exception):
    """Never: ``reason`` is ``blocked``, ``unknown_address``, ``refused`` or ``unsupported``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
