"""Kinds of lines in a case's history that not everybody sees, or that outlive the case."""

from typing import Final

KEYS: Final = "keys"
"""Compartments were made and granted."""
LEFT_OUT: Final = "left_out"
"""She left somebody out, whose grants went."""
AUDITED: Final = (KEYS, LEFT_OUT)
"""What auditors alone see."""
REFERRED: Final = ("referred", "ref_accepted", "ref_rejected", "ref_revoked", "ref_done")
"""What became of a referral."""
KEPT: Final = ("served", "granted", "spoiled", "recovery_asked", "recovered", *REFERRED)
"""What is about members, not about her: it outlives an erasure."""
