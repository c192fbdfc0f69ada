"""Kinds of lines in a case's history that not everybody sees, or that outlive the case."""

from typing import Final

KEYS: Final = "keys"
"""Compartments were made and granted."""
LEFT_OUT: Final = "left_out"
"""She left somebody out, whose grants went."""
AUDITED: Final = (KEYS, LEFT_OUT)
"""What auditors alone see."""
ERASED: Final = "erased"
"""She had it erased; how many rows of each kind went."""
KEPT: Final = ("served", "granted", "spoiled", "recovery_asked", "recovered", ERASED)
"""What is about members, not about her, and that it was erased: it outlives an erasure."""
