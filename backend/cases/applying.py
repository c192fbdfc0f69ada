"""Writing a turn's changes, inside its transaction."""

from typing import Any

from msgspec.structs import replace
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts
from backend.cases import referrals
from backend.cases.changes import Changes, Left
from backend.cases.codes import apply_codes
from backend.cases.erasing_all import erase_all
from backend.cases.erasing_later import undo_erase
from backend.cases.history import KEYS, LEFT_OUT, log
from backend.cases.routing import dump_routing, load_routing
from backend.cases.stones import undone_stone, write_tombstone
from backend.cases.unsent import (
    drop_account,
    drop_places,
    drop_unsent,
    release,
    settle,
    settle_chat,
)
from backend.chats import leads, marked
from backend.database.statements import upsert
from backend.database.tables import (
    cases,
    compartments,
    draft_items,
    earlier_cases,
    grants,
    items,
    topics,
)
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
_LOCK = (
    select(cases.c.status, cases.c.routing_sealed)
    .where(cases.c.id == bindparam("the_case"))
    .with_for_update()
)


class CaseMoved(Exception):
    """The case changed between thinking and writing: think again."""


async def apply(
    tx: AsyncConnection, relais: Relais, conversation_id: str, changes: Changes
) -> None:
    """Everything of ``changes`` but the conversation's own row.

    Raises :class:`CaseMoved` when the case is not any more what this was thought for.
    """
    await _lock_all(tx, changes)
    if changes.erase:
        await erase_all(tx, relais, conversation_id, changes)
    elif changes.case_id is not None and changes.seen is not None:
        await _unmoved(tx, changes.case_id, changes.seen)
    await apply_codes(tx, relais, conversation_id, changes.codes)
    if changes.undo_erase is not None:
        await _undo(tx, relais, conversation_id, changes)
    if changes.owed:
        await alerts.owe_erasure(tx, relais.world, conversation_id)
    await _apply_drafts(tx, relais, conversation_id, changes)
    await _make_keys(tx, relais, changes)
    await _apply_files(tx, relais, conversation_id, changes)
    if changes.earlier is not None:
        await _part(tx, relais, changes.earlier)
    if changes.left is not None:
        await _leave(tx, relais, changes.left)
    for one in changes.also:
        await _take_back(tx, relais, one, changes)
    case_id = changes.case_id
    if case_id is not None and not changes.erase:
        await _apply_case(tx, relais, conversation_id, case_id, changes)
    if changes.topic is not None:
        await _count(tx, relais, changes.topic)


async def _undo(
    tx: AsyncConnection, relais: Relais, conversation_id: str, changes: Changes
) -> None:
    """What she wanted erased with this one comes back with it, as earlier requests of this chat.

    Of the same person as the one that it has now. Raises :class:`CaseMoved` when the job was
    first: then her code is a wrong one.
    """
    undone = await undo_erase(tx, relais, changes.undo_erase or "")
    if undone is None:
        raise CaseMoved
    hers = {"told_group": changes.conversation["told_group"], "contact": False}
    for one in undone:
        write_tombstone(relais.settings.data_dir, undone_stone(one))
        if one != changes.undo_erase:
            row = {"conversation_id": conversation_id, "case_id": one, "sign_index": None}
            await _part(tx, relais, row | hers)


async def _make_keys(tx: AsyncConnection, relais: Relais, changes: Changes) -> None:
    """A new case with its compartments; new ones of a case that is there."""
    if changes.new_case is not None:
        await tx.execute(insert(cases), changes.new_case.row)
        await tx.execute(insert(compartments), changes.new_case.compartments)
        await tx.execute(insert(grants), changes.new_case.grants)
        case_id = changes.new_case.row["id"]
        await log(tx, relais, case_id, "opened")
        await log(tx, relais, case_id, KEYS, detail=_keys(changes.new_case.grants))
    if changes.more_compartments:
        await tx.execute(insert(compartments), changes.more_compartments)
        await tx.execute(insert(grants), changes.more_grants)
        case_id = changes.more_compartments[0]["case_id"]
        await log(tx, relais, case_id, KEYS, detail=_keys(changes.more_grants))


def _keys(granted: list[dict[str, Any]]) -> str:
    """Which compartments and their generation, as it stands in the history.

    Not for how many: the difference would tell how large a team is that she left out.
    """
    names = "+".join(sorted({one["name"][:3] for one in granted}))
    newest = max((one["generation"] for one in granted), default=1)
    return f"{names}/{newest}"


async def _lock_all(tx: AsyncConnection, changes: Changes) -> None:
    """In one order, as erasing takes them: two chats may lead to the same requests."""
    left = changes.left.case_id if changes.left is not None else None
    if changes.also or changes.undo_erase is not None:
        others = filter(None, [changes.case_id, changes.undo_erase, left])
        for one in sorted({*changes.also, *others}):
            await tx.execute(_LOCK, {"the_case": one})


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


async def _unmoved(tx: AsyncConnection, case_id: str, seen: tuple[str, bytes | None]) -> None:
    """Lock the case, and see that nobody took, closed, erased or rerouted it meanwhile."""
    row = (await tx.execute(_LOCK, {"the_case": case_id})).one_or_none()
    if row is None or (row.status, row.routing_sealed) != seen:
        raise CaseMoved


async def _part(tx: AsyncConnection, relais: Relais, row: dict[str, Any]) -> None:
    """Remember a case that the chat had. What led to it alone before still does."""
    this = (earlier_cases.c.conversation_id == row["conversation_id"]) & (
        earlier_cases.c.case_id == row["case_id"]
    )
    keyring = relais.vault.keyring
    before = (await tx.execute(select(earlier_cases).where(this))).mappings().one_or_none()
    if before is None:
        await tx.execute(insert(earlier_cases), marked(keyring, earlier_cases, row))
        return
    if row["sign_index"] is None and leads(keyring, earlier_cases, before):
        row = {**row, "sign_index": before["sign_index"]}
    await tx.execute(update(earlier_cases).where(this), marked(keyring, earlier_cases, row))


async def _apply_case(
    tx: AsyncConnection, relais: Relais, conversation_id: str, case_id: str, changes: Changes
) -> None:
    if changes.drop_slots:
        await tx.execute(
            delete(items).where(items.c.case_id == case_id, items.c.slot.in_(changes.drop_slots))
        )
    if changes.items:
        await tx.execute(_INSERT_ITEMS, changes.items)
    if changes.ungrant:
        await referrals.revoke(tx, relais, case_id, to=changes.ungrant)
        gone = await tx.execute(
            delete(grants).where(grants.c.case_id == case_id, grants.c.holder.in_(changes.ungrant))
        )
        if gone.rowcount:  # neither whose nor how many: whom she left out is hers alone
            await log(tx, relais, case_id, LEFT_OUT)
    await _apply_her_word(tx, relais, case_id, changes)
    values = _case_columns(relais, changes)
    if changes.settle_lost:
        values |= await settle_chat(tx, relais, conversation_id, case_id)
    if values:
        await tx.execute(update(cases).where(cases.c.id == case_id).values(**values))
    await _tell(tx, relais, case_id, changes)


async def _tell(tx: AsyncConnection, relais: Relais, case_id: str, changes: Changes) -> None:
    """Whoever is to hear of it."""
    if changes.alert:
        await alerts.begin(tx, relais, case_id)
    elif changes.reopened:
        await alerts.reopen(tx, relais, case_id)
    elif changes.asked_again:
        await alerts.asked_again(tx, relais, case_id, more=changes.asked_again == "more")
    elif changes.routing is not None:
        await alerts.facts_changed(tx, relais, case_id)
    if changes.added:
        await alerts.added(tx, relais, case_id)


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
    await _take_back(tx, relais, case_id, changes)
    if changes.drop_unsent:
        await drop_unsent(tx, relais, case_id, changes.drop_unsent)
    if changes.submit_account:
        await release(tx, case_id, changes.run)
        await log(tx, relais, case_id, "submitted")
    if changes.withdraw:
        await _withdraw(tx, relais, case_id)


async def _take_back(tx: AsyncConnection, relais: Relais, case_id: str, changes: Changes) -> None:
    if changes.drop_account:
        await drop_account(tx, relais, case_id)
    elif changes.drop_evidence:
        await drop_places(tx, relais, case_id, ("evidence",))


async def _withdraw(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """She took her request back: nobody is to write, and who was told hears so."""
    await referrals.revoke(tx, relais, case_id)
    await referrals.forget_words(tx, case_id)
    await alerts.withdraw(tx, relais, case_id)
    await tx.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(status="done", deadline_at=None, closed_at=relais.world.now())
    )
    await alerts.forget_contact(tx, relais.world, case_id)
    await log(tx, relais, case_id, "withdrawn")


async def _leave(tx: AsyncConnection, relais: Relais, left: Left) -> None:
    """The chat goes on without this case."""
    row = (await tx.execute(_LOCK, {"the_case": left.case_id})).one()
    values: dict[str, Any] = {"remembered_sealed": left.remembered}
    danger = left.danger and row.status in {"open", "taken"}
    if danger:
        values["routing_sealed"] = _made_urgent(relais, left.case_id, row.routing_sealed)
    if left.run:
        values |= await settle(tx, relais, left.case_id, left.run, keep=left.keep)
    alive = (cases.c.id == left.case_id) & (cases.c.status != "erased")
    await tx.execute(update(cases).where(alive).values(**values))
    if "submitted_at" in values:
        await alerts.added(tx, relais, left.case_id)
    if danger:
        await alerts.asked_again(tx, relais, left.case_id, more=False)


def _made_urgent(relais: Relais, case_id: str, sealed: bytes) -> bytes:
    place = ("cases", "routing", case_id)
    routing = load_routing(relais.vault.keyring.open("routing", sealed, *place))
    urgent = dump_routing(replace(routing, urgency="urgent"))
    return relais.vault.keyring.seal("routing", urgent, *place)


async def _count(tx: AsyncConnection, relais: Relais, topic: str) -> None:
    month = relais.world.day()[:7]
    here = (topics.c.month == month) & (topics.c.topic == topic)
    found = (await tx.execute(select(topics.c.count).where(here))).scalar_one_or_none()
    if found is None:
        await tx.execute(insert(topics), {"month": month, "topic": topic, "count": 1})
    else:
        await tx.execute(update(topics).where(here).values(count=topics.c.count + 1))
