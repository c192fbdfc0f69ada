"""A failed job keeps an error's code, never its text: texts can hold what a person wrote."""

from __future__ import annotations

from typing import Final

from backend.ambient import MINUTE

TRIES: Final = 20
"""After so many the job stands still as ``failed``, for a person to look at."""
LONGEST_WAIT: Final = 10 * MINUTE


class LeaseLost(Exception):
    """Another runner claimed the job meanwhile: what was done here is taken back."""


class KeptCrashing(Exception):
    """Every try ended with the process itself: the job is given up instead of taking it along."""


def code_of(error: BaseException) -> str:
    """The error's own code, or its class's name; at most 64 characters."""
    code = getattr(error, "code", None)
    known = isinstance(code, str) and code.replace("_", "").isalnum()
    return (code if known and isinstance(code, str) else type(error).__name__)[:64]


def wait_after(attempts: int) -> int:
    """Milliseconds until the next try: 1 s, 2 s, 4 s … at most ten minutes."""
    return int(min(1_000 * 2 ** min(attempts - 1, 20), LONGEST_WAIT))
