"""Logging: structured, without content, and nothing from libraries below a warning."""

import logging
import sys

import structlog

_QUIET = ("uvicorn.access", "httpx", "httpcore", "sqlalchemy", "aiosqlite", "telegram", "asyncio")


def configure_logs() -> None:
    """Console lines on a terminal, JSON elsewhere. Access logs are off: they hold addresses."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
