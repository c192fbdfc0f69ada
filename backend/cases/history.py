"""A case's history: how a line is written; all kinds there are, in sorts; who sees which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from sqlalchemy import insert

from backend.accounts.people_log import Kind as PeopleKind
from backend.database.tables import case_log

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

CaseKind = Literal[
    "opened",
    "submitted",
    "asked_again",
    "withdrawn",
    "erase_later",
    "erase_undone",
    "erased",
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
    "referred",
    "ref_accepted",
    "ref_rejected",
    "ref_revoked",
    "ref_done",
]
"""Every kind of line. The auditor's page has a sentence for each; see ``audit/sentences.ts``."""
REFERRED: Final[tuple[CaseKind, ...]] = (
    "referred",
    "ref_accepted",
    "ref_rejected",
    "ref_revoked",
    "ref_done",
)
"""What became of a referral."""
Sort = Literal["person", "alerts", "work", "reading", "keys", "members"]
"""What an auditor can ask for."""
SORTS: Final[dict[Sort, tuple[CaseKind | PeopleKind, ...]]] = {
    "person": (
        "opened",
        "submitted",
        "asked_again",
        "withdrawn",
        "erase_later",
        "erase_undone",
        "erased",
        "unreachable",
    ),
    "alerts": ("alerted", "skipped", "nobody", "hourly", "idle"),
    "work": ("taken", "passed", "returned", "conflict", "answered", "done"),
    "reading": ("served",),
    "keys": ("keys", "left_out", "granted", "spoiled", "recovery_asked", "recovered", *REFERRED),
    "members": get_args(PeopleKind),
}
"""Each kind stands in exactly one."""
LOOK: Final[tuple[CaseKind | PeopleKind, ...]] = (
    "granted",
    "spoiled",
    "recovery_asked",
    "recovered",
    "referred",
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
ERASED: Final = "erased"
"""She had it erased; how many rows of each kind went."""
ABOUT: Final[tuple[CaseKind, ...]] = (
    "granted",
    "spoiled",
    "recovery_asked",
    "recovered",
    *REFERRED,
)
"""Their detail begins with the id of the member who got or had the key."""
KEPT: Final = ("served", *ABOUT, ERASED)
"""What is about members, not about her, and that it was erased: it outlives an erasure."""


async def log(
    tx: AsyncConnection,
    relais: Relais,
    case_id: str,
    kind: CaseKind,
    *,
    member_id: str | None = None,
    detail: str = "",
) -> None:
    """One line of the case's history: codes and ids only."""
    await tx.execute(
        insert(case_log),
        {
            "id": relais.world.new_id(),
            "case_id": case_id,
            "kind": kind,
            "member_id": member_id,
            "at": relais.world.now(),
            "detail": detail[:64],
        },
    )
