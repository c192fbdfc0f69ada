"""What a messenger's adapter has to do, and what it may do besides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bots.core.ambient import World
from bots.core.delivery import Delivery, Sent
from bots.core.frames import Frames
from bots.core.health import Health
from bots.core.inbound import Inbound
from bots.core.media import Media
from bots.core.texts import Texts


class Accept(Protocol):
    """Given to every adapter: returns only once the event is safe in the spool.

    Raises :class:`NotReady` or :class:`SpoolError`: then nothing was kept, and the platform must
    not be told otherwise. The same ``event_id`` may be given any number of times.
    """

    async def __call__(self, event_id: str, inbound: Inbound, media: Media | None = None) -> None:
        """Keep one event, with the file that came with it (its reference, not its bytes)."""


class Quarantine(Protocol):
    """For what cannot be understood: kept sealed, counted, alarmed; then life goes on."""

    async def __call__(self, event_id: str, raw: bytes, code: str) -> None:
        """Put ``raw`` aside under a code."""


class Adapter(Protocol):
    """The required part."""

    @property
    def name(self) -> str:
        """The channel: telegram, signal, matrix, page."""

    async def receive(self) -> None:
        """Take events from the platform until cancelled."""

    async def send(self, delivery: Delivery) -> Sent:
        """Carry out one delivery. Raises ``Later`` or ``Permanent``."""


class GetAttachment(Protocol):
    """Given to adapters that can show pictures or play voice."""

    async def __call__(self, delivery: Delivery, number: int) -> bytes | None:
        """The bytes of one attachment, checked against its hash; None when it cannot be had."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What every adapter is given to work with."""

    accept: Accept
    put_aside: Quarantine
    get: GetAttachment
    frames: Frames
    name: Callable[..., str]
    """(parts) -> an event id that tells nothing; the same parts always give the same."""
    lane: Callable[[str], bytes]
    """address -> the keyed hash under which the spool keeps what is theirs."""
    texts: Texts
    world: World
    health: Health


@runtime_checkable
class Announces(Protocol):
    """Can say a sentence of the bot's own, outside the backend's order."""

    async def say(self, address: str, text: str) -> None:
        """Send ``text``, silently. May raise ``Later`` or ``Permanent``."""


@runtime_checkable
class Closes(Protocol):
    """Has connections to give back."""

    async def close(self) -> None:
        """Called last, when nothing is being sent any more."""


@runtime_checkable
class Wakes(Protocol):
    """Knows when an address that could not be reached can be."""

    async def reachable(self, address: str) -> None:
        """Returns as soon as it can."""
