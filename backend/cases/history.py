"""A case's history: how a line is written, and which kinds not everybody sees, or outlive it."""

from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.tables import case_log
from backend.relais import Relais

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


async def log(
    tx: AsyncConnection,
    relais: Relais,
    case_id: str,
    kind: str,
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
