"""Calls to the Bot API, with its errors told apart: never, later, or once more."""

import os
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final, TypeVar

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bots.core import HELD, Health, Later, Permanent
from bots.telegram.wire import ALLOWED

T = TypeVar("T")

UNKNOWN_BOT: Final = (
    "Telegram does not know this token. Check RELAIS_TELEGRAM_TOKEN with @BotFather."
)
LONG: Final = 60.0
"""Seconds of a flood wait, above which an alert is given back so that somebody else is asked."""
_GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated")


class NotPossible(Exception):
    """This message cannot be edited or deleted (too old, gone, not ours)."""


class NotModified(Exception):
    """The edit would change nothing: as good as done."""


class TelegramBot(Bot):
    """The library's bot: plain calls, no rate limiter, no updater, nothing that retries."""

    _patience: float = 20.0

    async def raw_updates(self, offset: int, limit: int, seconds: int) -> Any:
        """``getUpdates`` as decoded JSON.

        The library's own method fails for a whole batch when one update is malformed (and logs the
        batch). This is its one request without the parsing; it rests on the pinned version.
        """
        data = {
            "offset": offset,
            "limit": limit,
            "timeout": seconds,
            "allowed_updates": ALLOWED,
        }
        return await self._post("getUpdates", data, read_timeout=seconds + self._patience / 2)

    async def close_connections(self) -> None:
        """Also those of a bot that never signed in, which ``shutdown`` leaves open."""
        for request in self._request:
            await request.shutdown()


def open_bot(token: str, api_url: str, patience: float = 20.0) -> TelegramBot:
    """A bot that has not signed in yet; ``patience`` in seconds, with a connection that is silent.

    A half-open connection is found out by it: nothing else would ever end the wait.
    """
    # The library's own switch for `retry_after` as a timedelta; without it every 429 also warns.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    bot = TelegramBot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=HTTPXRequest(connection_pool_size=32, read_timeout=patience, pool_timeout=30),
        get_updates_request=HTTPXRequest(connection_pool_size=2, read_timeout=patience),
    )
    bot._patience = patience
    return bot


async def call(work: Awaitable[T], health: Health) -> T:
    """The result, or ``Later``, ``Permanent``, ``NotPossible``, ``NotModified``."""
    try:
        result = await work
    except RetryAfter as error:
        health.metrics.errors.labels("telegram_429").inc()
        wait = seconds_of(error)
        raise Later(wait, HELD if wait > LONG else "") from None
    except Forbidden as error:
        gone = "deactivated" in error.message.lower()
        raise Permanent("unknown_address" if gone else "blocked") from None
    except ChatMigrated:
        raise Permanent("unknown_address") from None
    except InvalidToken:
        health.problem("telegram_token", UNKNOWN_BOT)
        raise Later(30.0, HELD) from None
    except BadRequest as error:
        raise _bad_request(error.message.lower()) from None
    except (NetworkError, TelegramError):
        health.metrics.errors.labels("telegram_unreachable").inc()
        raise Later(None) from None
    health.clear("telegram_token")
    return result


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def _bad_request(message: str) -> Exception:
    if "not modified" in message:
        return NotModified()
    if any(part in message for part in _GONE):
        return Permanent("unknown_address")
    if "message can't be" in message or "message to" in message or "message_id_invalid" in message:
        return NotPossible()
    return Permanent("refused")
