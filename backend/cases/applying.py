"""Writing a turn's changes, inside its transaction."""

from typing import Any

from msgspec.structs import replace
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import alerts
from backend.cases.changes import Changes, Left
from backend.cases.erasing import erase_case
from backend.cases.history import KEYS, LEFT_OUT
from backend.cases.routing import dump_routing, load_routing
from backend.cases.stones import chat_stone, write_tombstone
from backend.database.statements import insert_or_ignore, upsert
from backend.database.tables import (
    case_log,
    cases,
    compartments,
    conversations,
    draft_items,
    earlier_cases,
    grants,
    items,
    media,
    quarantine,
    topics,
)
from backend.jobs.folding import fold_soon
from backend.media import remove_files
from backend.media.linking import apply_links, drop_files
from backend.relais import Relais
from backend.vault.compartments import ACCOUNT

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
        await _erase_all(tx, relais, conversation_id, changes.case_id)
    elif changes.case_id is not None and changes.seen is not None:
        await _unmoved(tx, changes.case_id, changes.seen)
    await _apply_drafts(tx, relais, conversation_id, changes)
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


def _keys(granted: list[dict[str, Any]]) -> str:
    """Which compartments and their generation, as it stands in the history.

    Not for how many: the difference would tell how large a team is that she left out.
    """
    names = "+".join(sorted({one["name"][:3] for one in granted}))
    newest = max((one["generation"] for one in granted), default=1)
    return f"{names}/{newest}"


async def _lock_all(tx: AsyncConnection, changes: Changes) -> None:
    """In one order, as erasing takes them: two chats may lead to the same requests."""
    if changes.also:
        for one in sorted({*changes.also, *filter(None, [changes.case_id])}):
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


async def _erase_all(
    tx: AsyncConnection, relais: Relais, conversation_id: str, case_id: str | None
) -> None:
    """Every case that this chat ever had, what was set aside of it, and the chat as it was.

    The stones are written once nothing but the commit can fail any more: they let no restore bring
    a case back.
    """
    earlier = await tx.execute(
        select(earlier_cases.c.case_id).where(earlier_cases.c.conversation_id == conversation_id)
    )
    found = {*earlier.scalars(), *([case_id] if case_id is not None else [])}
    for one in sorted(found):
        await tx.execute(_LOCK, {"the_case": one})
        await erase_case(tx, relais, one)
    mine = earlier_cases.c.conversation_id == conversation_id
    await tx.execute(delete(earlier_cases).where(mine))
    await tx.execute(delete(quarantine).where(quarantine.c.conversation_id == conversation_id))
    version = await tx.execute(
        select(conversations.c.version).where(conversations.c.id == conversation_id)
    )
    stones = [*sorted(found), chat_stone(conversation_id, version.scalar_one() - 1)]
    await fold_soon(tx, relais.world)
    for stone in stones:
        write_tombstone(relais.settings.data_dir, stone)


async def _part(tx: AsyncConnection, relais: Relais, row: dict[str, Any]) -> None:
    """Remember a case that the chat had. What led to it alone before still does."""
    await tx.execute(insert_or_ignore(relais.db.dialect, earlier_cases).values(**row))
    leads = {name: row[name] for name in ("return_index", "sign_index") if row[name] is not None}
    now = {name: row[name] for name in ("told_group", "contact")}
    await tx.execute(
        update(earlier_cases)
        .where(
            earlier_cases.c.conversation_id == row["conversation_id"],
            earlier_cases.c.case_id == row["case_id"],
        )
        .values(**leads, **now)
    )


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
        gone = await tx.execute(
            delete(grants).where(grants.c.case_id == case_id, grants.c.holder.in_(changes.ungrant))
        )
        if gone.rowcount:  # neither whose nor how many: whom she left out is hers alone
            await log(tx, relais, case_id, LEFT_OUT)
    await _apply_her_word(tx, relais, case_id, changes)
    values = _case_columns(relais, changes)
    if changes.settle_lost:
        values |= await _settle_lost(tx, relais, conversation_id, case_id)
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
        await _drop_unsent(tx, relais, case_id, changes.drop_unsent)
    if changes.submit_account:
        await _release(tx, case_id, changes.run)
        await log(tx, relais, case_id, "submitted")
    if changes.withdraw:
        await _withdraw(tx, relais, case_id)


async def _take_back(tx: AsyncConnection, relais: Relais, case_id: str, changes: Changes) -> None:
    if changes.drop_account:
        await _drop_account(tx, relais, case_id)
    elif changes.drop_evidence:
        await _drop_places(tx, relais, case_id, ("evidence",))


async def _withdraw(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """She took her request back: nobody is to write, and who was told hears so."""
    await alerts.withdraw(tx, relais, case_id)
    await tx.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(status="done", deadline_at=None, closed_at=relais.world.now())
    )
    await alerts.forget_contact(tx, relais.world, case_id)
    await log(tx, relais, case_id, "withdrawn")


def _unsent(case_id: str, run: str) -> Any:
    """Items of one telling that wait for her word."""
    return (items.c.case_id == case_id) & (items.c.held == run)


async def _drop_unsent(tx: AsyncConnection, relais: Relais, case_id: str, run: str) -> None:
    """She did not send it: ciphertext and files go, and keys that then open nothing."""
    await fold_soon(tx, relais.world)
    waiting = _unsent(case_id, run)
    slots = select(items.c.slot).where(waiting)
    await remove_files(tx, relais.world, (media.c.case_id == case_id) & media.c.slot.in_(slots))
    await tx.execute(delete(items).where(waiting))
    left = await tx.execute(
        select(items.c.id)
        .where(items.c.case_id == case_id, items.c.compartment.in_(ACCOUNT))
        .limit(1)
    )
    if left.first() is None:
        await _drop_account(tx, relais, case_id)


async def _release(tx: AsyncConnection, case_id: str, run: str) -> int:
    """What she told in this telling may be handed out. How many items waited."""
    freed = await tx.execute(update(items).where(_unsent(case_id, run)).values(held=None))
    return freed.rowcount


async def _settle(
    tx: AsyncConnection, relais: Relais, case_id: str, run: str, *, keep: bool
) -> dict[str, Any]:
    """What she did not send is kept or destroyed. Returns columns of the case to set."""
    if not keep:
        await _drop_unsent(tx, relais, case_id, run)
        return {}
    if not await _release(tx, case_id, run):
        return {}
    await log(tx, relais, case_id, "submitted")
    return {"account_served": True, "submitted_at": relais.world.now()}


async def _settle_lost(
    tx: AsyncConnection, relais: Relais, conversation_id: str, case_id: str
) -> dict[str, Any]:
    """The chat's state is gone: the account that it had under way ends as she chose for silence."""
    mine = conversations.c.id == conversation_id
    found = await tx.execute(
        select(conversations.c.unsent_run, conversations.c.unsent_keep).where(mine)
    )
    row = found.one()
    if row.unsent_run is None:
        return {}
    await tx.execute(update(conversations).where(mine).values(unsent_run=None, unsent_keep=None))
    return await _settle(tx, relais, case_id, row.unsent_run, keep=bool(row.unsent_keep))


async def _leave(tx: AsyncConnection, relais: Relais, left: Left) -> None:
    """The chat goes on without this case."""
    row = (await tx.execute(_LOCK, {"the_case": left.case_id})).one()
    values: dict[str, Any] = {"remembered_sealed": left.remembered}
    danger = left.danger and row.status in {"open", "taken"}
    if danger:
        values["routing_sealed"] = _made_urgent(relais, left.case_id, row.routing_sealed)
    if left.run:
        values |= await _settle(tx, relais, left.case_id, left.run, keep=left.keep)
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


async def _drop_account(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Silence after "drop", or her word: what was told in part 2 is destroyed."""
    await _drop_places(tx, relais, case_id, ACCOUNT)


async def _drop_places(
    tx: AsyncConnection, relais: Relais, case_id: str, places: tuple[str, ...]
) -> None:
    """Destroy these compartments: files, grants, what was sealed in them."""
    await fold_soon(tx, relais.world)
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
