"""Logging without content: no word, address, token or exception message leaves this process."""

import asyncio
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_SILENT: Final = (
    *("httpx", "httpcore", "telegram", "hpack", "uvicorn.access", "h11", "asyncio"),
    *("nio", "peewee", "aiohttp", "aiohttp_socks", "vodozemac"),
    *("signalbot", "apscheduler", "websockets", "tzlocal"),
)
"""Libraries that print addresses (with a bot token in the path), bodies or exception messages."""


def configure_logging(style: str = "auto") -> None:
    """Set structlog and the standard library's loggers for a bot process."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_messages,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    silence_libraries()
    sys.excepthook = lambda kind, _value, _trace: structlog.get_logger("relais.bot").critical(
        "crash", error=kind.__name__
    )


def silence_libraries() -> None:
    """Nothing of these loggers is printed at any level (also called by who embeds an adapter)."""
    # What a server says stays (a port in use), but never with the text of an exception.
    logging.getLogger("uvicorn.error").addFilter(without_trace)
    for name in _SILENT:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


def without_trace(record: logging.LogRecord) -> bool:
    """A record keeps its words and loses its exception, whose message may quote a person."""
    error = record.exc_info[0] if record.exc_info else None
    if error is not None:
        record.msg, record.args = f"failed: {error.__name__}", ()
    record.exc_info = record.exc_text = None
    return True


def without_messages(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Any:
    """An exception is logged as its class: its message may quote a person or an address."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
    elif error:
        kind = sys.exc_info()[0]
        event["error"] = kind.__name__ if kind else "unknown"
    return event


def guard_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Errors nobody awaited are logged by their class, not with their text."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        name = type(error).__name__ if error else "unknown"
        structlog.get_logger("relais.bot").error("unhandled", error=name)

    loop.set_exception_handler(handle)
