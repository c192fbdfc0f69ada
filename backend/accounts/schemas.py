"""Bodies of the account endpoints."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.accounts.argon import Argon
from backend.accounts.base64_field import Base64


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RosterOut(BaseModel):
    """The signed roster: the document's exact bytes and the signature over them."""

    version: int
    document: Base64
    signature: Base64


class RosterIn(_In):
    """A roster signed elsewhere."""

    document: Base64 = Field(max_length=4_194_304)
    signature: Base64 = Field(min_length=64, max_length=64)


class InvitationOut(BaseModel):
    """What an invited member's browser needs to make its keys."""

    member: str
    organisation: str
    roles: list[str]
    totp_secret: str
    totp_uri: str
    passkeys_possible: bool
    mode: Literal["demo", "production"]
    roster: RosterOut | None


class CredentialAnswer(BaseModel):
    """What the device signed; ``attestationObject`` of a new one, the others of one in use."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    client_data: str = Field("", alias="clientDataJSON", max_length=8192)
    attestation: str | None = Field(None, alias="attestationObject", max_length=32_768)
    authenticator: str | None = Field(None, alias="authenticatorData", max_length=8192)
    signature: str | None = Field(None, max_length=8192)
    user: str | None = Field(None, alias="userHandle", max_length=1024)


class Credential(BaseModel):
    """A WebAuthn credential as browsers write it (base64url); other fields are not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1, max_length=1400)
    raw_id: str = Field(alias="rawId", min_length=1, max_length=1400)
    type: Literal["public-key"]
    response: CredentialAnswer

    def plain(self) -> dict[str, Any]:
        """As the library reads it."""
        return {
            "id": self.id,
            "rawId": self.raw_id,
            "type": self.type,
            "response": self.response.model_dump(by_alias=True, exclude_none=True),
        }


class EnrolIn(_In):
    """Public keys, the wrapped seed (nonce, ciphertext, tag), and proofs of both factors.

    The second is either ``totp``, a code of the authenticator, or ``passkey``: what
    ``navigator.credentials.create`` gave, as JSON.
    """

    kem_public: Base64 = Field(min_length=1216, max_length=1216)
    sign_public: Base64 = Field(min_length=32, max_length=32)
    wrapped_seed: Base64 = Field(min_length=60, max_length=60)
    argon: Argon
    login: Base64 = Field(min_length=32, max_length=32)
    totp: str | None = Field(None, min_length=6, max_length=7)
    passkey: Credential | None = None

    @model_validator(mode="after")
    def _one_factor(self) -> Self:
        if (self.totp is None) == (self.passkey is None):
            raise ValueError("one second factor is needed: totp or passkey")
        return self

    @property
    def factor(self) -> str | dict[str, Any]:
        """The code, or the passkey as the library reads it."""
        return self.passkey.plain() if self.passkey is not None else self.totp or ""


class EnrolledOut(BaseModel):
    """The new member. A session was opened: the response sets the cookie."""

    member_id: str
    name: str


class LoginStartIn(_In):
    """Whose parameters are asked for."""

    name: str = Field(min_length=1, max_length=64)


class LoginStartOut(BaseModel):
    """Parameters for Argon2id in the browser."""

    argon: Argon


class PasskeyStartIn(LoginStartIn):
    """Whose passkeys are asked for, with proof of the words."""

    login: Base64 = Field(min_length=32, max_length=32)


class LoginIn(_In):
    """Proof of the passphrase (from HKDF "relais login") and of the second factor.

    ``totp``: six digits, or a recovery code; or ``passkey``: what ``navigator.credentials.get``
    gave, as JSON.
    """

    name: str = Field(min_length=1, max_length=64)
    login: Base64 = Field(min_length=32, max_length=32)
    totp: str = Field("", max_length=16)
    passkey: Credential | None = None


class LinkOut(BaseModel):
    """A linked messenger."""

    channel: str


class Me(BaseModel):
    """The signed-in member. ``roster_version`` is 0 while the roster does not vouch for her."""

    id: str
    name: str
    organisation: str
    roles: list[str]
    locale: str
    on_call: bool
    links: list[LinkOut]
    roster_version: int
    in_roster: bool
    wrapped_seed: Base64


class LoginOut(BaseModel):
    """The member and the seed that her passphrase unwraps."""

    me: Me
    wrapped_seed: Base64


class OnCallIn(_In):
    """Whether alerts reach her."""

    on_call: bool


class LocaleIn(_In):
    """The language that console and bot use with her."""

    locale: str = Field(min_length=2, max_length=16)


class LinkCodeOut(BaseModel):
    """A code to send to the bot from the messenger that is to be linked."""

    code: str
    expires_at: str
    channels: list[str]
