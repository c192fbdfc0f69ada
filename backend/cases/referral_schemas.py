"""Bodies of the endpoints about referrals. Moments are ISO 8601."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.cases.granting_schemas import SealedFor

Priority = Literal["high", "medium", "low"]
State = Literal["in_progress", "accepted", "rejected", "done", "revoked"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ReferIn(_In):
    """Keys sealed for one receiver. ``consent``: who agreed to it, and when."""

    receiver: str = Field(pattern=r"^[0-9a-f]{32}$")
    grants: list[SealedFor] = Field(min_length=1, max_length=200)
    priority: Priority
    consent: str = Field("", max_length=300)
    note: str = Field("", max_length=1000)
    reason: str = Field("", max_length=300)


class ReasonIn(_In):
    """Why a referral is not accepted."""

    reason: str = Field(min_length=1, max_length=300)


class RevokeIn(_In):
    """Why it is taken back; needed of a coordinator where another has the case."""

    reason: str = Field("", max_length=300)


class NoteBackIn(_In):
    """What the receiver tells the sender at the end."""

    note: str = Field("", max_length=1000)


class ReferralOut(BaseModel):
    """A referral as one of its two sides sees it; words that are not for that side are empty.

    ``late``: nobody answered it in time.
    """

    id: str
    case_id: str
    code: str
    sender: str
    sender_organisation: str
    receiver: str
    receiver_organisation: str
    priority: Priority
    status: State
    compartments: list[str]
    asked_at: str
    due_at: str
    settled_at: str | None
    late: bool
    consent: str
    note: str
    answer: str


class ReferralsOut(BaseModel):
    """Those that are alive, and the last ones that are over; the newest first."""

    to_me: list[ReferralOut]
    by_me: list[ReferralOut]
    now: str


class CaseReferralsOut(BaseModel):
    """Of one case, with the ids of those to whom it may be referred."""

    referrals: list[ReferralOut]
    allowed: list[str]


class ReferredOut(BaseModel):
    """How a referral stands after what was done."""

    id: str
    status: State
