"""What one turn changes in a case: worked out and sealed before the transaction, applied in it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.media.linking import Link


@dataclass(slots=True)
class NewCase:
    """Rows of a case that is being created."""

    row: dict[str, Any]
    compartments: list[dict[str, Any]]
    grants: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Left:
    """A case that the chat leaves for another one, or for none."""

    case_id: str
    remembered: bytes
    """Sealed, for whoever takes it up again with its sign."""
    run: str = ""
    """The account that was not sent; empty: none was under way."""
    keep: bool = False
    """Silence keeps it."""
    danger: bool = False
    """Whoever writes says that they are in danger: whoever has this case hears of it."""


@dataclass(slots=True)
class Codes:
    """What becomes of the return codes that lead to what the chat has at present."""

    shown: bytes | None = None
    """The index of one that she sees now; those from before still hold."""
    echoed: bytes | None = None
    """The index of one that she wrote: those shown before it hold no more."""
    to_case: str | None = None
    """They stay with this request, which the chat leaves."""
    gone: bool = False


@dataclass(slots=True)
class Changes:
    """Everything to write about cases and drafts in the turn's transaction."""

    case_id: str | None
    new_case: NewCase | None = None
    more_compartments: list[dict[str, Any]] = field(default_factory=list)
    more_grants: list[dict[str, Any]] = field(default_factory=list)
    alert: bool = False
    asked_again: Literal["", "same", "more"] = ""
    """She asked while the case lives: for the same, or for something that was not known."""
    added: bool = False
    """Something was added that whoever has the case should know of."""
    seen: tuple[str, bytes | None] | None = None
    """Status and routing of the case as this turn was thought; else it is thought anew."""
    earlier: dict[str, Any] | None = None
    """Row of ``earlier_cases``: the chat goes on with another case, or with none."""
    left: "Left | None" = None
    """The case that the chat leaves, with what ends there."""
    also: list[str] = field(default_factory=list)
    """Earlier cases of hers that what she takes back reaches, too."""
    reopened: bool = False
    """It was over, and she needs help in the middle of a telling that belongs to it."""
    run: str = ""
    """The telling that is sent, or let go."""
    drop_unsent: str = ""
    """The telling whose account she did not send, and wanted destroyed then."""
    settle_lost: bool = False
    """The chat's state is gone: what it did not send is kept or destroyed, as for silence."""
    routing: bytes | None = None
    ungrant: tuple[str, ...] = ()
    items: list[dict[str, Any]] = field(default_factory=list)
    drop_slots: list[bytes] = field(default_factory=list)
    drafts: list[dict[str, Any]] = field(default_factory=list)
    drop_drafts: list[bytes] = field(default_factory=list)
    clear_drafts: bool = False
    links: list[Link] = field(default_factory=list)
    drop_files: list[str] = field(default_factory=list)
    """Ids of files that no turn named, or that the draft has."""
    drop_file_slots: list[bytes] = field(default_factory=list)
    keep: bool | None = None
    submit_account: bool = False
    erase: bool = False
    erase_later: bool = False
    """With ``erase``: the requests wait some days, in which her code undoes it."""
    owed: bool = False
    """She wanted everything erased in a chat that leads nowhere genuine: a person has to look."""
    undo_erase: str | None = None
    """A request that waits to be erased, to which she came back by her code."""
    codes: Codes = field(default_factory=Codes)
    withdraw: bool = False
    drop_account: bool = False
    drop_evidence: bool = False
    topic: str | None = None
    conversation: dict[str, Any] = field(default_factory=dict)
    """Columns of the conversation's row that the effects set."""
