"""What is wrong with this bot now, in words for its operator, and what it counts.

Served on loopback only: ``/healthz`` (200, or 503 with the problems) and ``/metrics``. No label
names a person, a pilot or a language.
"""

import asyncio
import contextlib

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from bots.core.errors import ConfigurationError

log = structlog.get_logger("relais.bot")


class Metrics:
    """Counters of one bot, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "relais_bot_events", "Inbound events.", ["outcome"], registry=self.registry
        )
        self.deliveries = Counter(
            "relais_bot_deliveries", "Deliveries.", ["outcome"], registry=self.registry
        )
        self.files = Counter(
            "relais_bot_files", "Files of people.", ["outcome"], registry=self.registry
        )
        self.attachments = Counter(
            "relais_bot_attachments",
            "Pictures and voices of ours.",
            ["outcome"],
            registry=self.registry,
        )
        self.errors = Counter(
            "relais_bot_errors", "Errors by code.", ["code"], registry=self.registry
        )
        self.spooled = Gauge(
            "relais_bot_spooled", "Events the backend has not confirmed.", registry=self.registry
        )
        self.quarantined = Gauge(
            "relais_bot_quarantined", "Events put aside.", registry=self.registry
        )


class Health:
    """Problems by code. A problem is logged once when it begins and once when it ends."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.metrics = Metrics()
        self.problems: dict[str, str] = {}
        self.notes: dict[str, str] = {}

    def problem(self, code: str, advice: str) -> None:
        """A person has to look: health is bad until :meth:`clear`."""
        if self.problems.get(code) != advice:
            log.error("problem", channel=self.channel, code=code, advice=advice)
        self.problems[code] = advice

    def clear(self, code: str) -> None:
        """It is over."""
        if self.problems.pop(code, None) is not None:
            log.info("problem_over", channel=self.channel, code=code)

    def note(self, code: str, advice: str) -> None:
        """Worth a look, but the bot does its work: health stays good."""
        if self.notes.get(code) != advice:
            log.warning("note", channel=self.channel, code=code, advice=advice)
        self.notes[code] = advice

    def report(self) -> tuple[int, bytes]:
        """Status and JSON body of ``/healthz``."""
        body = {
            "channel": self.channel,
            "status": "bad" if self.problems else "good",
            "problems": [{"code": c, "advice": a} for c, a in self.problems.items()],
            "notes": [{"code": c, "advice": a} for c, a in self.notes.items()],
        }
        return (503 if self.problems else 200), msgspec.json.encode(body)


async def serve_health(health: Health, port: int) -> asyncio.Server:
    """Listen on 127.0.0.1; the caller closes the server."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            writer.write(_respond(health, head))
            await writer.drain()
        writer.close()

    try:
        return await asyncio.start_server(answer, "127.0.0.1", port, limit=8192)
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} for /healthz is not free ({error.strerror}). Set RELAIS_BOT_PORT."
        ) from None


def _respond(health: Health, head: bytes) -> bytes:
    path = [*head.split(b" ", 2), b"", b""][1]
    kind = "application/json"
    if path == b"/healthz":
        status, body = health.report()
    elif path == b"/metrics":
        status, body, kind = 200, generate_latest(health.metrics.registry), "text/plain"
    else:
        status, body = 404, b'{"code":"not_found"}'
    lines = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return lines.encode() + b"Connection: close\r\n\r\n" + body
