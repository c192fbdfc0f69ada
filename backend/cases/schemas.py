"""Bodies of the case endpoints. Moments are ISO 8601, bytes base64."""

from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.base64_field import Base64
from backend.cases.referral_schemas import ReferralOut


class CaseLine(BaseModel):
    """A case as it stands in a list: nothing that she told."""

    id: str
    code: str
    status: str
    urgency: str
    needs: list[str]
    area: str
    deadline: str | None
    taker: str | None
    created_at: str
    mine: bool
    answered: bool


class Tonight(BaseModel):
    """Open to this member, taken by her, and accounts without a request for help."""

    open: list[CaseLine]
    mine: list[CaseLine]
    accounts: list[CaseLine]
    now: str


class GrantOut(BaseModel):
    """A compartment's public half, and its seed sealed to the member who asks."""

    compartment: str
    generation: int
    public: Base64
    sealed: Base64
    holder: str


class ItemOut(BaseModel):
    """Ciphertext of one answer, consent or step; of a step, whose it is and their signature."""

    id: str
    compartment: str
    generation: int
    kind: str
    sealed: Base64
    made_at: str
    author: str | None = None
    author_name: str | None = None
    signature: Base64 | None = None


class LogLine(BaseModel):
    """One event of the case's history: codes and names of members."""

    kind: str
    member: str | None
    at: str
    detail: str


class CaseFile(BaseModel):
    """Everything that is served of a case to one member."""

    case: CaseLine
    content: str
    interview: str
    grants: list[GrantOut]
    items: list[ItemOut]
    strange: int = 0
    """Items that lie in the database and that this server did not put there; not served."""
    log: list[LogLine]
    own: bool = True
    """To be worked on by this member; else it is read by the referral, and no more."""
    referral: ReferralOut | None = None


class StatusOut(BaseModel):
    """How the case stands after what was done."""

    status: str
    taker: str | None = None


class StepIn(BaseModel):
    """A noted step, sealed by the browser to the ``team`` compartment under this item id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    generation: int = Field(ge=1, le=1_000_000)
    sealed: Base64 = Field(min_length=1140, max_length=65_536)
    signature: Base64 = Field(min_length=64, max_length=64)
