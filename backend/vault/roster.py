"""The roster: who may be sealed to. One signed document, each naming the one before it.

Canonical JSON (sorted keys, no spaces, UTF-8), signed under the purpose ``roster`` by the key whose
public half is pinned in the settings and travels in the invitation's URL. The browser verifies the
same bytes.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sealing import PublicKey, SealError, SigningKey, verify

VALID_DAYS: Final = 90
PURPOSE: Final = "roster"
MAX_BYTES: Final = 4 * 1024 * 1024
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


class RosterError(Exception):
    """A roster that is not to be used.

    ``code``: malformed, not_canonical, wrong_root, bad_signature, expired, wrong_version,
    wrong_previous, too_long_valid.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class RosterMember:
    """One person whose keys a coordinator vouched for. ``kem`` X-Wing, ``sign`` Ed25519."""

    id: str
    name: str
    organisation: str
    roles: tuple[str, ...]
    kem: bytes
    sign: bytes


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster as read. Moments are UTC milliseconds; ``previous`` is a SHA-256 in hex or empty."""

    version: int
    previous: str
    issued_at: int
    valid_until: int
    signer: bytes
    demo: bool
    members: tuple[RosterMember, ...]
    recovery: bytes | None

    def member(self, member_id: str) -> RosterMember | None:
        """The entry of this member, or None."""
        return next((one for one in self.members if one.id == member_id), None)


@dataclass(frozen=True, slots=True)
class SignedRoster:
    """The document's bytes and the 64-byte signature over them."""

    document: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the document in hex: the next roster's ``previous``."""
        return hashlib.sha256(self.document).hexdigest()


def canonical(document: dict[str, Any]) -> bytes:
    """The one way to write this document down."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime(_FORMAT)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def sign_roster(roster: Roster, key: SigningKey) -> SignedRoster:
    """Write ``roster`` down and sign it; ``roster.signer`` must be this key's public half."""
    if roster.signer != key.public:
        raise RosterError("wrong_root")
    document = canonical(
        {
            "version": roster.version,
            "previous": roster.previous,
            "issued_at": _iso(roster.issued_at),
            "valid_until": _iso(roster.valid_until),
            "signer": _b64(roster.signer),
            "demo": roster.demo,
            "members": [
                {
                    "id": one.id,
                    "name": one.name,
                    "organisation": one.organisation,
                    "roles": list(one.roles),
                    "kem": _b64(one.kem),
                    "sign": _b64(one.sign),
                }
                for one in sorted(roster.members, key=lambda one: one.id)
            ],
            "recovery": _b64(roster.recovery) if roster.recovery is not None else None,
        }
    )
    return SignedRoster(document, key.sign(PURPOSE, document))


@lru_cache(maxsize=8)
def read_roster(signed: SignedRoster, root: bytes) -> Roster:
    """Verify the signature under ``root`` and read the document; says nothing about expiry.

    Raises :class:`RosterError`.
    """
    if len(signed.document) > MAX_BYTES:
        raise RosterError("malformed")
    if not verify(root, PURPOSE, signed.document, signed.signature):
        raise RosterError("bad_signature")
    try:
        parsed = json.loads(signed.document)
        if canonical(parsed) != signed.document:
            raise RosterError("not_canonical")
        roster = _read(parsed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RosterError("malformed") from error
    _hold_rules(roster, root)
    return roster


def _hold_rules(roster: Roster, root: bytes) -> None:
    if roster.signer != root:
        raise RosterError("wrong_root")
    if roster.version < 1 or len({one.id for one in roster.members}) != len(roster.members):
        raise RosterError("malformed")
    if roster.valid_until - roster.issued_at > VALID_DAYS * 86_400_000:
        raise RosterError("too_long_valid")


def _ms(text: str) -> int:
    return int(datetime.strptime(text, _FORMAT).replace(tzinfo=UTC).timestamp() * 1000)


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error


def _kem(text: str) -> bytes:
    raw = _raw(text)
    try:
        PublicKey(raw).handle  # noqa: B018  (raises for bytes that are no key)
    except SealError as error:
        raise ValueError("kem") from error
    return raw


def _read(parsed: dict[str, Any]) -> Roster:
    version = parsed["version"]
    if type(version) is not int or type(parsed["demo"]) is not bool:
        raise RosterError("malformed")
    return Roster(
        version=version,
        previous=str(parsed["previous"]),
        issued_at=_ms(parsed["issued_at"]),
        valid_until=_ms(parsed["valid_until"]),
        signer=_raw(parsed["signer"]),
        demo=parsed["demo"],
        members=tuple(
            RosterMember(
                id=str(one["id"]),
                name=str(one["name"]),
                organisation=str(one["organisation"]),
                roles=tuple(str(role) for role in one["roles"]),
                kem=_kem(one["kem"]),
                sign=_raw(one["sign"]),
            )
            for one in parsed["members"]
        ),
        recovery=_kem(parsed["recovery"]) if parsed["recovery"] is not None else None,
    )
