"""What a chat leads to: marks that only the keyring makes, and the one way to change it.

Whoever can write in the database could point a chat at another case, so that what is told there is
sealed to that one's holders; name their own chat a member's, to be sent the alerts; or lead a code
of their own to somebody's request. So whatever leads from an address or a code to a case or a
member stands beside a keyed mark. What lacks it leads nowhere.
"""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final, Literal, Protocol

import structlog
from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.tables import conversations, earlier_cases, return_codes


class Keyring(Protocol):
    """What of the vault's keyring is needed here."""

    def index(self, purpose: Literal["chat"], /, *fields: str) -> bytes:
        """HMAC of the fields, 32 bytes."""
        ...


log = structlog.get_logger("relais.vault")

MARKED: Final[dict[Table, tuple[str, ...]]] = {
    conversations: (
        "id",
        "channel",
        "address_index",
        "case_id",
        "member_id",
        "sign_index",
        "told_group",
        "contact",
    ),
    earlier_cases: ("conversation_id", "case_id", "sign_index", "told_group", "contact"),
    return_codes: ("code_index", "conversation_id", "case_id"),
}
"""The columns that a mark holds together, of each table."""
LINKS: Final = tuple(conversations.c[name] for name in (*MARKED[conversations], "mark"))
"""What a query needs of a chat for :func:`leads`."""


def link_mark(keyring: Keyring, table: Table, row: Mapping[Any, Any]) -> bytes:
    """32 bytes that belong to this row of ``table``, as to where it leads."""
    fields = (_text(row.get(name)) for name in MARKED[table])
    return keyring.index("chat", table.name, *fields)


def _text(value: Any) -> str:
    """Of an id, an index, a yes or no, or nothing; no two of them alike."""
    match value:
        case None:
            return "-"
        case bytes():
            return f"x{value.hex()}"
        case bool() | int():
            return f"b{int(value)}"
        case _:
            return f"s{value}"


def marked(keyring: Keyring, table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row with its mark."""
    return {**row, "mark": link_mark(keyring, table, row)}


def leads(keyring: Keyring, table: Table, row: Mapping[Any, Any]) -> bool:
    """Whether this server made the row lead where it does."""
    right = link_mark(keyring, table, row)
    if row["mark"] is not None and compare_digest(row["mark"], right):
        return True
    log.error("link_not_genuine", table=table.name)
    return False


NOWHERE: Final = {"case_id": None, "sign_index": None, "told_group": None, "contact": False}
"""Of a chat that leads to no request."""


async def relink(
    tx: AsyncConnection,
    keyring: Keyring,
    conversation_id: str,
    *,
    anew: bool = False,
    **values: Any,
) -> None:
    """Change where a chat leads, and whatever else of its row.

    A turn that was thought over the row as it was before is thought anew. What was not genuine
    does not become so; ``anew``: unless it leads to nothing of what it led to.
    """
    if anew:
        values = {"member_id": None, **NOWHERE, **values}
    mine = conversations.c.id == conversation_id
    row = (await tx.execute(select(*LINKS).where(mine).with_for_update())).mappings().one()
    if anew or leads(keyring, conversations, row):
        values["mark"] = link_mark(keyring, conversations, {**row, **values})
    await tx.execute(
        update(conversations).where(mine).values(**values, version=conversations.c.version + 1)
    )
