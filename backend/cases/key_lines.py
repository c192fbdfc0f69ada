"""Lines of a case's history about keys: who gave which to whom, and what was said for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert

from backend.database.tables import case_log

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.cases.history import CaseKind
    from backend.relais import Relais


@dataclass(frozen=True, slots=True)
class KeyLine:
    """``by``: whoever did it, none for her own word; ``names``: compartments."""

    kind: CaseKind
    by: str | None
    holder: str
    names: tuple[str, ...] = ()
    said: str = ""


async def write_key_line(tx: AsyncConnection, relais: Relais, case_id: str, line: KeyLine) -> None:
    """What was said is sealed under the keyring, for the auditor."""
    log_id = relais.world.new_id()
    place = ("case_log", "reason", log_id)
    sealed = relais.vault.keyring.seal("members", line.said.encode(), *place)
    await tx.execute(
        insert(case_log).values(
            id=log_id,
            case_id=case_id,
            kind=line.kind,
            member_id=line.by,
            at=relais.world.now(),
            detail=f"{line.holder}:{'+'.join(name[:3] for name in line.names)}"[:64],
            reason_sealed=sealed if line.said else None,
        )
    )
