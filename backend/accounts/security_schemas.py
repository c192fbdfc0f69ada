"""Bodies of the endpoints about a member's own key."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.argon import Argon
from backend.accounts.base64_field import Base64
from backend.accounts.schemas import Credential


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionOut(BaseModel):
    """An open session. ``here``: the one that asks."""

    id: str
    opened_at: str
    seen_at: str
    here: bool


class PasskeyOut(BaseModel):
    """One of the member's passkeys."""

    id: str
    made_at: str


class SecurityOut(BaseModel):
    """Open sessions, how many recovery codes are left, passkeys (and whether they can be here).

    ``authenticator``: whether there is an app; then every passkey may go.
    """

    sessions: list[SessionOut]
    codes_left: int
    authenticator: bool
    passkeys: list[PasskeyOut]
    passkeys_possible: bool


class PasskeyOptions(BaseModel):
    """What the browser's WebAuthn call takes, as JSON."""

    options: dict[str, Any]


class PasskeyIn(_In):
    """What ``navigator.credentials.create`` gave."""

    credential: Credential


class Proof(_In):
    """The words, proved once more (HKDF "relais login")."""

    login: Base64 = Field(min_length=32, max_length=32)


class CodesOut(BaseModel):
    """Each stands in once for the authenticator. Shown once."""

    codes: list[str]


class AuthenticatorOut(BaseModel):
    """A new authenticator's secret; it counts once its first code was typed."""

    totp_secret: str
    totp_uri: str


class CodeIn(_In):
    """What the new authenticator shows."""

    totp: str = Field(min_length=6, max_length=7)


class NewWords(_In):
    """``before`` proves the old words; the rest is the same seed under new ones."""

    before: Base64 = Field(min_length=32, max_length=32)
    login: Base64 = Field(min_length=32, max_length=32)
    wrapped_seed: Base64 = Field(min_length=60, max_length=60)
    argon: Argon


class EndedOut(BaseModel):
    """How many sessions ended."""

    ended: int
