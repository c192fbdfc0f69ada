"""The part of every bot that is the same: spool, backend client, relay loops, health."""

from bots.core.adapter import Accept, Adapter, Announces, GetAttachment, Kit, Quarantine, Wakes
from bots.core.ambient import World, iso
from bots.core.backoff import Backoff
from bots.core.delivery import (
    HELD,
    Attachment,
    Button,
    Delivery,
    Later,
    Permanent,
    Pressed,
    Sent,
)
from bots.core.errors import BotError, ConfigurationError, NotReady, Rejected, SpoolError
from bots.core.frames import ASIDE_DAYS, Frame, Frames
from bots.core.health import Health, serve_health
from bots.core.inbound import Inbound
from bots.core.logs import configure_logging, guard_loop, silence_libraries
from bots.core.media import (
    CutOff,
    Discards,
    Fetches,
    Gone,
    Media,
    MediaKept,
    MediaRef,
    MediaRefused,
    Oversized,
)
from bots.core.pacing import Pace, Pacer
from bots.core.raw import as_bytes
from bots.core.relay import Relay
from bots.core.serving import serve_app
from bots.core.settings import BotSettings, load_settings
from bots.core.spool import Spool
from bots.core.tasks import together, until_signal
from bots.core.texts import Texts, offline_texts

__all__ = [
    "ASIDE_DAYS",
    "HELD",
    "Accept",
    "Adapter",
    "Announces",
    "Attachment",
    "Backoff",
    "BotError",
    "BotSettings",
    "Button",
    "ConfigurationError",
    "CutOff",
    "Delivery",
    "Discards",
    "Fetches",
    "Frame",
    "Frames",
    "GetAttachment",
    "Gone",
    "Health",
    "Inbound",
    "Kit",
    "Later",
    "Media",
    "MediaKept",
    "MediaRef",
    "MediaRefused",
    "NotReady",
    "Oversized",
    "Pace",
    "Pacer",
    "Permanent",
    "Pressed",
    "Quarantine",
    "Rejected",
    "Relay",
    "Sent",
    "Spool",
    "SpoolError",
    "Texts",
    "Wakes",
    "World",
    "as_bytes",
    "configure_logging",
    "guard_loop",
    "iso",
    "load_settings",
    "offline_texts",
    "serve_app",
    "serve_health",
    "silence_libraries",
    "together",
    "until_signal",
]
