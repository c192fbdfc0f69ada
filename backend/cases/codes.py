"""Return codes as they stand: several of one person may hold, until she writes one of them back.

She may have noted any of those that she was shown, so a new one alone ends none. The newest that
she wrote ends those from before it.
"""

from typing import Final

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.changes import Codes
from backend.chats import leads, marked
from backend.database.tables import conversations, return_codes
from backend.relais import Relais

MOST: Final = 20
"""Of one request that were not written back, besides the first: those in between end."""


async def apply_codes(
    tx: AsyncConnection, relais: Relais, conversation_id: str, codes: Codes
) -> None:
    """Write what a turn did to the codes of its chat."""
    if codes.echoed is not None:
        await _echo(tx, relais.world.now(), codes.echoed)
    present = _of_present(conversation_id)
    if codes.gone:
        await tx.execute(delete(return_codes).where(present))
    elif codes.to_case is not None:
        await lead(tx, relais, present, case_id=codes.to_case)
    if codes.shown is not None:
        await _show(tx, relais, conversation_id, codes.shown)


def leading_to(case_id: str) -> ColumnElement[bool]:
    """Every code of a request, in whichever chat it was shown."""
    chats = select(conversations.c.id).where(conversations.c.case_id == case_id)
    shown = and_(return_codes.c.case_id.is_(None), return_codes.c.conversation_id.in_(chats))
    return or_(return_codes.c.case_id == case_id, shown)


async def lead(
    tx: AsyncConnection, relais: Relais, which: ColumnElement[bool], **values: str | None
) -> None:
    """Codes lead somewhere else from now on; those that this server did not make do not."""
    keyring = relais.vault.keyring
    rows = (await tx.execute(select(return_codes).where(which))).mappings().all()
    for row in rows:
        if leads(keyring, return_codes, row):
            this = return_codes.c.code_index == row["code_index"]
            changed = marked(keyring, return_codes, {**row, **values})
            await tx.execute(update(return_codes).where(this).values(changed))


async def forget_codes(
    tx: AsyncConnection, *, case_id: str = "", conversation_id: str = ""
) -> None:
    """Nothing leads to this request any more, or to what this chat has and had."""
    if case_id:
        await tx.execute(delete(return_codes).where(leading_to(case_id)))
    if conversation_id:
        mine = return_codes.c.conversation_id == conversation_id
        await tx.execute(delete(return_codes).where(mine))


def _of_present(conversation_id: str) -> ColumnElement[bool]:
    mine = return_codes.c.conversation_id == conversation_id
    return and_(mine, return_codes.c.case_id.is_(None))


async def _show(tx: AsyncConnection, relais: Relais, conversation_id: str, index: bytes) -> None:
    row = {
        "code_index": index,
        "conversation_id": conversation_id,
        "case_id": None,
        "shown_at": relais.world.now(),
    }
    await tx.execute(insert(return_codes), marked(relais.vault.keyring, return_codes, row))
    waiting = and_(_of_present(conversation_id), return_codes.c.echoed_at.is_(None))
    newest = (
        select(return_codes.c.code_index)
        .where(waiting)
        .order_by(return_codes.c.shown_at.desc(), return_codes.c.code_index)
        .limit(MOST)
    )
    first = select(return_codes.c.code_index).where(waiting).order_by(return_codes.c.shown_at)
    kept = [
        *(await tx.execute(newest)).scalars(),
        *(await tx.execute(first.limit(1))).scalars(),
    ]
    await tx.execute(delete(return_codes).where(waiting, return_codes.c.code_index.not_in(kept)))


async def _echo(tx: AsyncConnection, now: int, index: bytes) -> None:
    """She has this one: those that were shown before it for the same request end."""
    this = return_codes.c.code_index == index
    row = (await tx.execute(select(return_codes).where(this))).one_or_none()
    if row is None:
        return
    await tx.execute(update(return_codes).where(this).values(echoed_at=now))
    same = _of_present(row.conversation_id) if row.case_id is None else leading_to(row.case_id)
    await tx.execute(delete(return_codes).where(same, return_codes.c.shown_at < row.shown_at))
