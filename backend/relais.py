"""What every service of the backend is given: one object, built once in ``app.py``."""

import asyncio
from dataclasses import dataclass, field

from backend.ambient import World
from backend.content import Content
from backend.database import Database
from backend.directory.snapshot import DirectorySnapshot
from backend.media import FileStore
from backend.settings import Settings
from backend.vault import Vault


class Wake:
    """Tells long polls of this process that a channel may have something to send."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}
        self.closing = False
        """The server stops: polls answer at once instead of being waited for."""

    def channel(self, name: str) -> asyncio.Event:
        """The event a poll of this channel waits for."""
        return self._events.setdefault(name, asyncio.Event())

    def close(self) -> None:
        """End every poll."""
        self.closing = True
        self.all()

    def all(self) -> None:
        """Something was queued: let every poll look."""
        for event in self._events.values():
            event.set()


@dataclass(frozen=True, slots=True)
class Relais:
    """Settings, clock and randomness, database, keys, interviews and texts, directory."""

    settings: Settings
    world: World
    db: Database
    vault: Vault
    content: Content
    directory: DirectorySnapshot
    files: FileStore
    """Sealed files."""
    operator: str
    """Who runs this service, as people are told."""
    bot_tokens: dict[str, str] = field(repr=False)
    """Bearer token by channel; a channel without one is closed."""
    wake: Wake = field(default_factory=Wake)
