"""The only place of the backend that touches the machine's clock and randomness.

Everything else gets a :class:`World` and can be run at any time of any year in a test.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class World:
    """``now`` gives UTC milliseconds; ``random`` gives that many unpredictable bytes."""

    now: Callable[[], int] = _now_ms
    random: Callable[[int], bytes] = os.urandom

    def new_id(self) -> str:
        """A fresh 128-bit id, 32 hex digits."""
        return self.random(16).hex()

    def moment(self) -> datetime:
        """Now, as an aware UTC datetime."""
        return moment(self.now())

    def day(self) -> str:
        """Today in UTC, ``2026-11-24``: names the draft key."""
        return self.moment().date().isoformat()


def moment(ms: int) -> datetime:
    """UTC milliseconds as an aware datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def iso(ms: int) -> str:
    """UTC milliseconds as ISO 8601 with a Z, to the second."""
    return moment(ms).strftime("%Y-%m-%dT%H:%M:%SZ")


MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CLEARABLE = 2 * DAY
CLEAR_AFTER = 40 * HOUR
"""How long a messenger lets us delete what we sent (Telegram: 48 hours)."""
