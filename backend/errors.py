"""Errors with a code, whose fault it is, and what to do. They never hold content."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)  # not frozen: frameworks write ``__traceback__`` on their way
class RelaisError(Exception):
    """Answered as JSON ``{"code", "advice", …}`` with ``status``; ``retry_after`` in seconds."""

    status: int
    code: str
    advice: str
    retry_after: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.code


def busy(advice: str = "The server is busy. Send the same again a little later.") -> RelaisError:
    """503: nothing was stored, the caller keeps what it has and tries again."""
    return RelaisError(503, "busy", advice, retry_after=2)


class ConfigurationError(Exception):
    """The operator has to change something before this can start. The text says what."""
