"""What working out one turn's changes reads, and where it puts them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.changes import Changes
from backend.cases.recording import Publics
from backend.content import Edition
from backend.database.tables import compartments, members
from backend.relais import Relais
from conversation import State

_PUBLICS = select(compartments.c.name, compartments.c.generation, compartments.c.public).where(
    compartments.c.case_id == bindparam("case_id")
)


@dataclass(slots=True)
class Work:
    """One turn's work on its case. ``connection`` only reads."""

    relais: Relais
    connection: AsyncConnection
    edition: Edition
    conversation_id: str
    channel: str
    locale: str
    before: State
    case: Any
    """Row of the case (id, status, submitted_at, routing_sealed …) or None."""
    changes: Changes
    names: dict[str, str]
    """Organisations by id, as they are told to people."""
    publics: Publics | None = None
    returned_case: str | None = None


async def load_publics(work: Work, case_id: str) -> Publics:
    """The public halves of a case's compartments."""
    rows = await work.connection.execute(_PUBLICS, {"case_id": case_id})
    return Publics(case_id, {row.name: (row.generation, row.public) for row in rows})


async def members_of(work: Work, organisations: tuple[str, ...]) -> list[str]:
    """Everyone of these organisations, coordinators without a team included."""
    found = await work.connection.execute(
        select(members.c.id).where(
            members.c.organisation_id.in_(organisations), members.c.disabled_at.is_(None)
        )
    )
    return list(found.scalars())
