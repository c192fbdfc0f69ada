"""Kinds of lines in a case's history: all there are, in sorts; who sees which, and what stays."""

from typing import Final, Literal, get_args

from backend.accounts.people_log import Kind as PeopleKind

CaseKind = Literal[
    "opened",
    "submitted",
    "asked_again",
    "withdrawn",
    "unreachable",
    "alerted",
    "skipped",
    "nobody",
    "hourly",
    "idle",
    "taken",
    "passed",
    "returned",
    "conflict",
    "answered",
    "done",
    "served",
    "keys",
    "left_out",
    "granted",
    "spoiled",
    "recovery_asked",
    "recovered",
]
"""Every kind of line. The auditor's page has a sentence for each; see ``audit/sentences.ts``."""
Sort = Literal["person", "alerts", "work", "reading", "keys", "members"]
"""What an auditor can ask for."""
SORTS: Final[dict[Sort, tuple[CaseKind | PeopleKind, ...]]] = {
    "person": ("opened", "submitted", "asked_again", "withdrawn", "unreachable"),
    "alerts": ("alerted", "skipped", "nobody", "hourly", "idle"),
    "work": ("taken", "passed", "returned", "conflict", "answered", "done"),
    "reading": ("served",),
    "keys": ("keys", "left_out", "granted", "spoiled", "recovery_asked", "recovered"),
    "members": get_args(PeopleKind),
}
"""Each kind stands in exactly one."""
LOOK: Final[tuple[CaseKind | PeopleKind, ...]] = (
    "granted",
    "spoiled",
    "recovery_asked",
    "recovered",
    "conflict",
    "reset",
    "removed",
)
"""What needs a look; so does a case that was opened while another had it."""
KEYS: Final = "keys"
"""Compartments were made and granted."""
LEFT_OUT: Final = "left_out"
"""She left somebody out, whose grants went."""
AUDITED: Final = (KEYS, LEFT_OUT)
"""What auditors alone see."""
ABOUT: Final[tuple[CaseKind, ...]] = ("granted", "spoiled", "recovery_asked", "recovered")
"""Their detail begins with the id of the member who got or had the key."""
KEPT: Final = ("served", *ABOUT)
"""What is about members, not about her: it outlives an erasure."""
