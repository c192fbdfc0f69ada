"""What was told before compartments existed moves into them."""

from contextlib import suppress
from typing import Any

from msgspec.structs import replace
from sqlalchemy import bindparam, select

from backend.cases.filing import KIND, move_file
from backend.cases.recording import DraftItem, answer, item_slot, open_draft
from backend.cases.work import Work
from backend.database.tables import draft_items
from backend.vault import DraftKeyGone
from conversation import Step

_WAITING = select(draft_items).where(draft_items.c.conversation_id == bindparam("conversation"))


async def move_draft(work: Work, places: tuple[str, ...]) -> None:
    """Seal into the new compartments what she told before they existed."""
    if work.publics is None:
        return
    for step_id, value in work.before.answers.items():
        step = work.edition.interview.steps.get(step_id)
        if step is None or step.compartment not in places or isinstance(value, dict):
            continue
        _seal_closed(work, step, value)
    moved = set()
    for slot, item in await _waiting(work):
        if item.compartment not in places:
            continue
        sealed = work.sealed(item)
        work.changes.items.append(sealed)
        work.changes.drop_drafts.append(slot)
        moved.add(slot)
        if item.kind == KIND and "file" in item.content:
            await move_file(work, item, sealed)
    work.changes.drafts = [row for row in work.changes.drafts if row["slot"] not in moved]


async def _waiting(work: Work) -> list[tuple[bytes, DraftItem]]:
    """The draft as it will be after this turn; what went dark with its day is left out."""
    rows = await work.connection.execute(_WAITING, {"conversation": work.conversation_id})
    dropped = set(work.changes.drop_drafts)
    kept: list[Any] = [row for row in rows if row.slot not in dropped]
    kept += [_Attributes(row) for row in work.changes.drafts]
    found = []
    for row in kept:
        with suppress(DraftKeyGone):
            found.append((row.slot, open_draft(work.relais, row)))
    return found


def _seal_closed(work: Work, step: Step, value: Any) -> None:
    if work.publics is None or value is None:
        return
    name = work.named(step.id)
    slot = item_slot(work.relais, work.publics.case_id, "answer", name)
    if any(row["slot"] == slot for row in work.changes.items):
        return
    work.changes.drop_slots.append(slot)  # sealed before, to fewer people
    item = answer(
        work.relais,
        step=step.id,
        compartment=step.compartment,
        code=step.code,
        value=value,
        text=None,
        prompt=step.prompt,
        locale=work.locale,
    )
    work.changes.items.append(work.sealed(replace(item, name=name)))


class _Attributes:
    """A row's dict read by attribute, as rows of the database are."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
