"""What can go wrong between a bot, its disk and the backend: whose fault, and whether to retry."""

from typing import ClassVar, Literal

Fault = Literal["backend", "operator", "event", "lease", "disk"]


class BotError(Exception):
    """``code`` is stable; ``advice`` is for the operator. Neither holds content or a secret."""

    fault: ClassVar[Fault]
    retry: ClassVar[bool]

    def __init__(self, code: str, advice: str = "", retry_after: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.advice = advice
        self.retry_after = retry_after


class Unavailable(BotError):
    """Nobody answers, or the backend asks for patience. True for every event alike."""

    fault = "backend"
    retry = True


class Faulty(BotError):
    """The backend failed at this one request (HTTP 500). Others may well succeed."""

    fault = "backend"
    retry = True


class Refused(BotError):
    """Wrong bearer token, or one of another channel: the operator has to change something."""

    fault = "operator"
    retry = True


class Rejected(BotError):
    """The backend will never take this request as it is."""

    fault = "event"
    retry = False


class LeaseLost(BotError):
    """Someone else has this delivery now."""

    fault = "lease"
    retry = False


class SpoolError(BotError):
    """The bot's own disk refused (full, gone, locked): nothing was kept."""

    fault = "disk"
    retry = True


class NotReady(BotError):
    """No inbox key yet, so nothing can be sealed, so nothing may be kept."""

    fault = "backend"
    retry = True


class ConfigurationError(Exception):
    """The operator has to change something before this can start. The text says what."""
