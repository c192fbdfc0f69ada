"""How long everyone has. Milliseconds; a pilot's own values come with the pilots."""

from __future__ import annotations

from typing import Final

from backend.ambient import HOUR, MINUTE

REPEAT: Final = 3 * MINUTE
"""Urgent alerts come again after so long, until someone takes the case."""
JUST_NOW: Final = 2 * MINUTE
"""Who was alerted less than this ago is left out of a repetition."""
LAST_RESORT: Final = 15 * MINUTE
"""When every tier was asked, or nobody is on call: how often it is tried again."""
_ANSWER: Final = {"urgent": 15 * MINUTE, "high": 30 * MINUTE}
_FIRST_STEP: Final = {"urgent": HOUR}


def time_to_answer(urgency: str) -> int:
    """From an alert to the next tier."""
    return _ANSWER.get(urgency, 4 * HOUR)


def time_to_first_step(urgency: str) -> int:
    """From taking to the reminder."""
    return _FIRST_STEP.get(urgency, 4 * HOUR)


def time_after_reminder(urgency: str) -> int:
    """From the reminder back to the queue."""
    return time_to_first_step(urgency) // 2
