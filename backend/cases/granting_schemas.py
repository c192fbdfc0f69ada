"""Bodies of the endpoints about keys of a case."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.base64_field import Base64

Compartment = Literal["brief", "medical", "account", "perpetrator", "evidence", "messages", "team"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class HoldersOut(BaseModel):
    """Compartment -> ids of its holders (``recovery`` among them); and who else may get a key.

    ``asked``: to whom it was referred, and who did not accept it yet.
    """

    held: dict[str, list[str]]
    asked: dict[str, list[str]]
    allowed: list[str]


class SealedFor(_In):
    """A compartment's seed, sealed by a browser to one member."""

    compartment: Compartment
    generation: int = Field(ge=1, le=1_000_000)
    holder: str = Field(pattern=r"^[0-9a-f]{32}$")
    sealed: Base64 = Field(min_length=1140, max_length=2048)


class GrantIn(_In):
    """Keys for other members. ``consent``: how she agreed, where her account is among them."""

    grants: list[SealedFor] = Field(min_length=1, max_length=200)
    why: Literal["returned", "few_keys", "agreed", "new_key"]
    consent: str = Field("", max_length=300)
    reason: str = Field("", max_length=300)


class RecoveryGrantOut(BaseModel):
    """A compartment's seed, sealed to the recovery key of its year."""

    compartment: str
    generation: int
    public: Base64
    sealed: Base64


class RecoverableOut(BaseModel):
    """A case, as the recovery page opens it."""

    id: str
    code: str
    grants: list[RecoveryGrantOut]


class SpoiledIn(_In):
    """A key of one's own that does not open."""

    compartment: str = Field(max_length=12)
    generation: int = Field(ge=1, le=10_000)


class PackageIn(_In):
    """Which cases are to be opened, and to whom they are to be sealed."""

    codes: list[str] = Field(min_length=1, max_length=50)
    to: str = Field(pattern=r"^[0-9a-f]{32}$")
    reason: str = Field(min_length=3, max_length=300)


class PackageOut(BaseModel):
    """To be carried to the recovery page. It opens nothing without the papers.

    ``root``, ``document`` and ``signature``: the list of members in force and the key that it
    begins with; the page seals to nobody whom that list does not name.
    """

    format: Literal[2] = 2
    to: str
    root: Base64
    document: Base64
    signature: Base64
    cases: list[RecoverableOut]


class RecoveredIn(_In):
    """What the recovery page made of it."""

    grants: list[SealedFor] = Field(min_length=1, max_length=200)
