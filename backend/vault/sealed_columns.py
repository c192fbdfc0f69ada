"""Every column that is sealed under the keyring: a test holds this list against the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, ColumnElement, Table, and_

from backend.database.tables import (
    KEYRING,
    case_log,
    cases,
    conversations,
    invitations,
    members,
    referrals,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.vault.keyring import Purpose


@dataclass(frozen=True, slots=True)
class Sealed:
    """``place`` of a row is what its value is bound to, from the row's primary key."""

    table: Table
    column: Column[bytes]
    purpose: Purpose
    place: Callable[[Any], tuple[str, ...]]
    only: ColumnElement[bool] | None = None
    """Rows in which this column is under the keyring; elsewhere it is under a draft key."""

    @property
    def name(self) -> str:
        """``table.column``."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def key(self) -> Column[Any]:
        """The primary key."""
        return next(iter(self.table.primary_key.columns))

    @property
    def filled(self) -> ColumnElement[bool]:
        """There is a value, and it is under the keyring."""
        there = and_(self.column.is_not(None), self.column != b"")
        return there if self.only is None else and_(there, self.only)


def _bound(*names: str) -> Callable[[Any], tuple[str, ...]]:
    return lambda key: (*names, key.hex() if isinstance(key, bytes) else str(key))


SEALED: Final = (
    Sealed(
        conversations,
        conversations.c.address_sealed,
        "addresses",
        _bound("conversations", "address"),
    ),
    Sealed(
        conversations,
        conversations.c.state_sealed,
        "contact",
        _bound("conversations", "state"),
        conversations.c.state_key == KEYRING,
    ),
    Sealed(cases, cases.c.routing_sealed, "routing", _bound("cases", "routing")),
    Sealed(cases, cases.c.remembered_sealed, "contact", _bound("cases", "remembered")),
    Sealed(case_log, case_log.c.reason_sealed, "members", _bound("case_log", "reason")),
    Sealed(referrals, referrals.c.consent_sealed, "members", _bound("referrals", "consent")),
    Sealed(referrals, referrals.c.note_sealed, "members", _bound("referrals", "note")),
    Sealed(referrals, referrals.c.answer_sealed, "members", _bound("referrals", "answer")),
    Sealed(members, members.c.key_sealed, "members", _bound("members", "key")),
    Sealed(members, members.c.totp_sealed, "members", _bound("members", "totp")),
    Sealed(members, members.c.totp_next_sealed, "members", _bound("members", "totp_next")),
    Sealed(invitations, invitations.c.totp_sealed, "members", _bound("invitations", "totp")),
)
