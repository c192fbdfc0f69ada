"""Writing a turn's changes, inside its transaction."""

from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts
from backend.cases.changes import Changes
from backend.cases.erasing import erase_case
from backend.database.statements import upsert
from backend.database.tables import (
    case_log,
    cases,
    compartments,
    draft_items,
    grants,
    items,
    media,
    topics,
)
from backend.media import remove_files
from backend.media.linking import apply_links, drop_files
from backend.relais import Relais

_CLEAR_DRAFTS = delete(draft_items).where(
    draft_items.c.conversation_id == bindparam("the_conversation")
)
_DROP_DRAFT = _CLEAR_DRAFTS.where(draft_items.c.slot == bindparam("the_slot"))
_KEEP_DRAFT = {
    name: upsert(name, draft_items, ["conversation_id", "slot"], ("sealed", "key"))
    for name in ("sqlite", "postgresql")
}
_INSERT_ITEMS = insert(items)


async def apply(
    tx: AsyncConnection, relais: Relais, conversation_id: str, changes: Changes
) -> None:
    """Everything of ``changes`` but the conversation's own row."""
    await _apply_drafts(tx, relais, conversation_id, changes)
    if changes.new_case is not None:
        await tx.execute(insert(cases), changes.new_case.row)
        await tx.execute(insert(compartments), changes.new_case.compartments)
        await tx.execute(insert(grants), changes.new_case.grants)
        await log(tx, relais, changes.new_case.row["id"], "opened")
    if changes.more_compartments:
        await tx.execute(insert(compartments), changes.more_compartments)
        await tx.execute(insert(grants), changes.more_grants)
    await _apply_files(tx, relais, conversation_id, changes)
    case_id = changes.case_id
    if case_id is not None:
        await _apply_case(tx, relais, case_id, changes)
    if changes.topic is not None:
        await _count(tx, relais, changes.topic)


async def _apply_drafts(
    tx: AsyncConnection, relais: Relais, conversation_id: str, changes: Changes
) -> None:
    mine = {"the_conversation": conversation_id}
    if changes.clear_drafts:
        await tx.execute(_CLEAR_DRAFTS, mine)
        return
    for slot in changes.drop_drafts:
        await tx.execute(_DROP_DRAFT, mine | {"the_slot": slot})
    for row in changes.drafts:
        await tx.execute(_KEEP_DRAFT[relais.db.dialect], row)


async def _apply_files(
    tx: AsyncConnection, relais: Relais, conversation_id: str, changes: Changes
) -> None:
    """Links before removals: what moves into the case is not the draft's any more."""
    if changes.links:
        await apply_links(tx, conversation_id, changes.links)
    if changes.clear_drafts or changes.drop_files or changes.drop_file_slots:
        await drop_files(
            tx,
            relais,
            conversation_id,
            files=changes.drop_files,
            slots=changes.drop_file_slots,
            whole_draft=changes.clear_drafts,
        )


async def _apply_case(tx: AsyncConnection, relais: Relais, case_id: str, changes: Changes) -> None:
    if changes.erase:
        await erase_case(tx, relais, case_id)
        return
    if changes.drop_slots:
        await tx.execute(
            delete(items).where(items.c.case_id == case_id, items.c.slot.in_(changes.drop_slots))
        )
    if changes.items:
        await tx.execute(_INSERT_ITEMS, changes.items)
    if changes.ungrant:
        await tx.execute(
            delete(grants).where(grants.c.case_id == case_id, grants.c.holder.in_(changes.ungrant))
        )
    await _apply_her_word(tx, relais, case_id, changes)
    values = _case_columns(relais, changes)
    if values:
        await tx.execute(update(cases).where(cases.c.id == case_id).values(**values))
    if changes.alert:
        await alerts.begin(tx, relais, case_id)
    elif changes.routing is not None:
        await alerts.facts_changed(tx, relais, case_id)


def _case_columns(relais: Relais, changes: Changes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if changes.routing is not None:
        values["routing_sealed"] = changes.routing
    if changes.keep is not None:
        values["keep"] = changes.keep
    if changes.submit_account:
        values |= {"account_served": True, "submitted_at": relais.world.now()}
    if changes.alert and changes.new_case is None:
        values["status"] = "open"
    return values


async def _apply_her_word(
    tx: AsyncConnection, relais: Relais, case_id: str, changes: Changes
) -> None:
    """She sent part 2, or took something back."""
    if changes.drop_account:
        await _drop_account(tx, relais, case_id)
    elif changes.drop_evidence:
        await _drop_places(tx, relais, case_id, ("evidence",))
    if changes.submit_account:
        await log(tx, relais, case_id, "submitted")
    if changes.withdraw:
        await _withdraw(tx, relais, case_id)


async def _withdraw(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """She took her request back: nobody is to write, and who was told hears so."""
    await alerts.withdraw(tx, relais, case_id)
    await tx.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(status="done", deadline_at=None, closed_at=relais.world.now())
    )
    await log(tx, relais, case_id, "withdrawn")


async def _drop_account(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Silence after "drop", or her word: what was told in part 2 is destroyed."""
    await _drop_places(tx, relais, case_id, ("account", "perpetrator", "evidence"))


async def _drop_places(
    tx: AsyncConnection, relais: Relais, case_id: str, places: tuple[str, ...]
) -> None:
    """Destroy these compartments: files, grants, what was sealed in them."""
    await remove_files(
        tx, relais.world, (media.c.case_id == case_id) & media.c.compartment.in_(places)
    )
    for table, column in ((grants, grants.c.name), (items, items.c.compartment)):
        await tx.execute(delete(table).where(table.c.case_id == case_id, column.in_(places)))
    await tx.execute(
        delete(compartments).where(
            compartments.c.case_id == case_id, compartments.c.name.in_(places)
        )
    )


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


async def _count(tx: AsyncConnection, relais: Relais, topic: str) -> None:
    month = relais.world.day()[:7]
    here = (topics.c.month == month) & (topics.c.topic == topic)
    found = (await tx.execute(select(topics.c.count).where(here))).scalar_one_or_none()
    if found is None:
        await tx.execute(insert(topics), {"month": month, "topic": topic, "count": 1})
    else:
        await tx.execute(update(topics).where(here).values(count=topics.c.count + 1))
