"""The part of every bot that is the same: spool, backend client, relay loops, health."""

from bots.core.adapter import Accept, Adapter, Announces, Quarantine, Wakes
from bots.core.ambient import World, iso
from bots.core.backoff import Backoff
from bots.core.delivery import Button, Delivery, Later, Permanent, Sent
from bots.core.errors import BotError, ConfigurationError, NotReady, SpoolError
from bots.core.health import Health, serve_health
from bots.core.inbound import Inbound
from bots.core.logs import configure_logging, guard_loop, silence_libraries
from bots.core.offline import Texts
from bots.core.relay import Relay
from bots.core.settings import BotSettings, load_settings
from bots.core.spool import Spool
from bots.core.texts import offline_texts

__all__ = [
    "Accept",
    "Adapter",
    "Announces",
    "Backoff",
    "BotError",
    "BotSettings",
    "Button",
    "ConfigurationError",
    "Delivery",
    "Health",
    "Inbound",
    "Later",
    "NotReady",
    "Permanent",
    "Quarantine",
    "Relay",
    "Sent",
    "Spool",
    "SpoolError",
    "Texts",
    "Wakes",
    "World",
    "configure_logging",
    "guard_loop",
    "iso",
    "load_settings",
    "offline_texts",
    "serve_health",
    "silence_libraries",
]
