"""Bodies of the endpoints about members."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.base64_field import Base64

Role = Literal["responder", "coordinator", "translator", "analyst", "auditor", "operator"]
ROLES: tuple[Role, ...] = (
    "responder",
    "coordinator",
    "translator",
    "analyst",
    "auditor",
    "operator",
)


class Person(BaseModel):
    """A member. ``kem`` and ``sign`` are her public keys, once she has enrolled."""

    id: str
    name: str
    organisation: str
    team_id: str | None
    roles: list[str]
    kem: Base64 | None
    sign: Base64 | None
    enrolled_at: str | None
    invited_until: str | None


class OrganisationOut(BaseModel):
    """An organisation of the directory."""

    id: str
    name: str


class TeamOut(BaseModel):
    """A team of the directory."""

    id: str
    organisation_id: str


class PeopleOut(BaseModel):
    """Everybody, and where a new member can belong."""

    members: list[Person]
    organisations: list[OrganisationOut]
    teams: list[TeamOut]


class NewPerson(BaseModel):
    """Who is to be invited. An organisation that is new is made."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=64)
    organisation: str = Field(min_length=2, max_length=120)
    team_id: str | None = Field(None, max_length=64)
    roles: list[Role] = Field(min_length=1, max_length=6)
    sex: Literal["female", "male", ""] = ""
    locale: str = Field("en", min_length=2, max_length=16)


class InvitedOut(BaseModel):
    """The link to hand over; it is shown once."""

    id: str
    url: str
