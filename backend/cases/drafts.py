"""What was told before compartments existed moves into them."""

from typing import Any

from sqlalchemy import bindparam, select

from backend.cases.recording import answer, item_row, item_slot, open_draft
from backend.cases.work import Work
from backend.database.tables import draft_items

_WAITING = select(draft_items).where(draft_items.c.conversation_id == bindparam("conversation"))


async def move_draft(work: Work, places: tuple[str, ...]) -> None:
    """Seal into the new compartments what she told before they existed."""
    if work.publics is None:
        return
    for step_id, value in work.before.answers.items():
        step = work.edition.interview.steps.get(step_id)
        if step is None or step.compartment not in places or isinstance(value, dict):
            continue
        _seal_closed(work, step_id, step.compartment, step.code or "", value)
    rows = await work.connection.execute(_WAITING, {"conversation": work.conversation_id})
    dropped = set(work.changes.drop_drafts)
    waiting = [(row.slot, open_draft(work.relais, row)) for row in rows if row.slot not in dropped]
    waiting += [
        (row["slot"], open_draft(work.relais, _Attributes(row))) for row in work.changes.drafts
    ]
    for slot, item in waiting:
        if item.compartment in places:
            work.changes.items.append(item_row(work.relais, work.publics, item))
            work.changes.drop_drafts.append(slot)
    moved = {slot for slot, item in waiting if item.compartment in places}
    work.changes.drafts = [row for row in work.changes.drafts if row["slot"] not in moved]


def _seal_closed(work: Work, step_id: str, place: str, code: str, value: Any) -> None:
    if work.publics is None or value is None:
        return
    slot = item_slot(work.relais, work.publics.case_id, "answer", step_id)
    if any(row["slot"] == slot for row in work.changes.items):
        return
    item = answer(
        work.relais,
        step=step_id,
        compartment=place,
        code=code,
        value=value,
        text=None,
        prompt=f"{work.edition.interview.id}/{step_id}/text",
        locale=work.locale,
    )
    work.changes.items.append(item_row(work.relais, work.publics, item))


class _Attributes:
    """A row's dict read by attribute, as rows of the database are."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
