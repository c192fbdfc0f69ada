"""Waiting for something that another thread brings about."""

import threading
import time
from collections.abc import Callable


def wait_for(changed: threading.Condition, condition: Callable[[], bool], timeout: float) -> None:
    """Returns when ``condition`` holds (looked at under the lock), else :class:`TimeoutError`."""
    end = time.monotonic() + timeout
    with changed:
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            changed.wait(min(left, 0.1))
