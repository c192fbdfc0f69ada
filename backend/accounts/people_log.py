"""What was done to members and to the list of them: for auditors, in codes and ids."""

from typing import Literal

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import World
from backend.database.tables import people_log

Kind = Literal["invited", "invited_again", "enrolled", "reset", "removed", "roster", "audited"]


async def write_down(
    tx: AsyncConnection,
    world: World,
    kind: Kind,
    *,
    by: str,
    subject: str | None = None,
    detail: str = "",
) -> None:
    """One line: ``by`` did it to ``subject`` (member ids); ``detail`` is a number."""
    await tx.execute(
        insert(people_log).values(
            id=world.new_id(),
            kind=kind,
            member_id=by,
            subject_id=subject,
            at=world.now(),
            detail=detail,
        )
    )
