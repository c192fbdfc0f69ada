"""Referrals as rows: which are alive, and how one ends together with its keys.

The grants of a referral lie under its own id where a holder stands: whatever asks what a member
holds does not find them, so that nothing is handed out by forgetting to ask whether it was
accepted. Every change of a referral is made under the lock of its case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, update

from backend.ambient import DAY
from backend.cases.history import REFERRED
from backend.cases.key_lines import KeyLine, write_key_line
from backend.database.tables import case_log, cases, grants, referrals
from backend.jobs import cancel, schedule

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.cases.history import CaseKind
    from backend.relais import Relais

ASKED: Final = "in_progress"
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
DONE: Final = "done"
REVOKED: Final = "revoked"
ALIVE: Final = referrals.c.status.in_((ASKED, ACCEPTED))
"""Of those alone there are grants."""
TIME: Final = {"high": DAY, "medium": 3 * DAY, "low": 7 * DAY}
"""By priority: until the receiver is to have answered. Milliseconds."""
TELL: Final = "referral.tell"
LATE: Final = "referral.late"
TAKEN_BACK: Final = "taken_back"
"""To a job that tells: revoked by its sender, who need not hear it."""
LINES: Final[dict[str, CaseKind]] = {
    ASKED: "referred",
    ACCEPTED: "ref_accepted",
    REJECTED: "ref_rejected",
    REVOKED: "ref_revoked",
    DONE: "ref_done",
}
"""Kinds of lines in the case's history."""


def names_of(row: Any) -> tuple[str, ...]:
    """The compartments of a row of ``referrals``."""
    return tuple(row.compartments.split(","))


async def lock_case(tx: AsyncConnection, case_id: str) -> None:
    """Nobody else changes the case or its referrals until this transaction ends."""
    await tx.execute(select(cases.c.id).where(cases.c.id == case_id).with_for_update())


async def accepted_by(tx: AsyncConnection, case_id: str, member_id: str) -> Any:
    """The referral by which this member reads the case, or None."""
    found = await tx.execute(
        select(referrals).where(
            referrals.c.case_id == case_id,
            referrals.c.receiver_id == member_id,
            referrals.c.status == ACCEPTED,
        )
    )
    return found.one_or_none()


async def cases_referred_to(tx: AsyncConnection, member_id: str) -> list[str]:
    """Ids of the cases of which a referral to this member is alive."""
    found = await tx.execute(
        select(referrals.c.case_id).where(referrals.c.receiver_id == member_id, ALIVE)
    )
    return list(found.scalars())


async def write_down(
    tx: AsyncConnection, relais: Relais, row: Any, status: str, *, by: str | None, said: str = ""
) -> None:
    """A line of the case's history; and a job tells whom it concerns."""
    # Ended by her own word: to whom it was, is not written a second time at that moment.
    holder = row.receiver_id if by is not None else ""
    line = KeyLine(LINES[status], by, holder, names_of(row), said)
    await write_key_line(tx, relais, row.case_id, line)
    word = TAKEN_BACK if status == REVOKED and by == row.sender_id else status
    await schedule(
        tx,
        relais.world,
        kind=TELL,
        key=f"{TELL}:{row.id}:{word}",
        subject=row.id,
        due_at=relais.world.now(),
    )
    if status != ASKED:
        await cancel(tx, late_key(row.id))


def late_key(referral_id: str) -> str:
    """Of the job that tells that nobody answered."""
    return f"{LATE}:{referral_id}"


async def settle(
    tx: AsyncConnection, relais: Relais, row: Any, status: str, *, by: str | None, said: str = ""
) -> None:
    """It is over, and its keys are destroyed with it. The case is locked."""
    await tx.execute(delete(grants).where(grants.c.referral_id == row.id))
    await tx.execute(
        update(referrals)
        .where(referrals.c.id == row.id)
        .values(status=status, settled_at=relais.world.now())
    )
    await write_down(tx, relais, row, status, by=by, said=said)


async def revoke(
    tx: AsyncConnection,
    relais: Relais,
    case_id: str,
    *,
    to: Collection[str] | None = None,
    places: Collection[str] | None = None,
    by: str | None = None,
) -> int:
    """Every living referral of the case ends: those ``to`` these members, or of these ``places``.

    How many that were. Nobody is told why.
    """
    await lock_case(tx, case_id)
    found = await tx.execute(
        select(referrals)
        .where(*_of(case_id, to), ALIVE)
        .order_by(referrals.c.asked_at, referrals.c.id)
    )
    ending = [row for row in found if _touches(row, places)]
    for row in ending:
        await settle(tx, relais, row, REVOKED, by=by)
    return len(ending)


async def forget_words(
    tx: AsyncConnection, case_id: str, places: Collection[str] | None = None
) -> None:
    """What members wrote about it goes with what she took back, also of those that are over."""
    found = await tx.execute(select(referrals).where(*_of(case_id, None)))
    touched = [row for row in found if _touches(row, places)]
    await tx.execute(
        update(referrals)
        .where(referrals.c.id.in_([row.id for row in touched]))
        .values(consent_sealed=None, note_sealed=None, answer_sealed=None)
    )
    for row in touched:  # what was said stands in the history, too
        about = case_log.c.detail.startswith(f"{row.receiver_id}:", autoescape=True)
        await tx.execute(
            update(case_log)
            .where(case_log.c.case_id == case_id, case_log.c.kind.in_(REFERRED), about)
            .values(reason_sealed=None)
        )


def _of(case_id: str, to: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    mine = referrals.c.case_id == case_id
    return (mine,) if to is None else (mine, referrals.c.receiver_id.in_(to))


def _touches(row: Any, places: Collection[str] | None) -> bool:
    return places is None or not set(places).isdisjoint(names_of(row))
