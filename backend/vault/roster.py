"""The roster: who may be sealed to. One signed document, each naming the one before it.

Canonical JSON (sorted keys, no spaces, UTF-8), signed under the purpose ``roster`` by a
coordinator. The root is the first coordinator's key; its public half is pinned outside the database
and travels in the invitation's URL. Other coordinators may sign because a key that may sign vouched
for theirs (``signers``, a chain from the root, signed under the purpose ``roster-signer``). A key
in ``revoked`` signs nothing and vouches for nobody new. A field that is not known here may be one
that takes something away, as ``revoked`` does: such a document is of a later format and refused.
The browser verifies the same bytes by the same rules (``console/src/crypto/roster.ts``); both pass
the cases of ``tests/vectors``.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sealing import PUBLIC_BYTES, PublicKey, SealError, SigningKey, verify

VALID_DAYS: Final = 90
PURPOSE: Final = "roster"
SIGNER_PURPOSE: Final = "roster-signer"
MAX_SIGNERS: Final = 64
MAX_BYTES: Final = 4 * 1024 * 1024
MAX_VERSION: Final = 2**53 - 1
"""As far as a browser counts exactly."""
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_FIELDS: Final = frozenset(
    ("version", "previous", "issued_at", "valid_until", "signer", "demo", "members", "recovery")
)
_LATER_FIELDS: Final = frozenset(("signers", "revoked", "recovery_from"))
_MEMBER: Final = frozenset(("id", "name", "organisation", "roles", "kem", "sign"))
_SIGNER: Final = frozenset(("key", "name", "by", "signature"))
_KEY: Final = 32
_SIGNATURE: Final = 64


class RosterError(Exception):
    """A roster that is not to be used.

    ``code``: malformed, not_canonical, unknown_format, wrong_root, bad_signature, bad_chain,
    expired, wrong_version, wrong_previous, not_the_last, too_long_valid, revoked, too_few.
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
class Signer:
    """A key that may sign rosters, because ``by`` (the root, or an earlier one) says so."""

    key: bytes
    name: str
    by: bytes
    signature: bytes


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
    signers: tuple[Signer, ...] = ()
    revoked: tuple[bytes, ...] = ()
    recovery_from: int | None = None
    """When the recovery key was made."""

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
        _later_fields(roster)
        | {
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


def _later_fields(roster: Roster) -> dict[str, Any]:
    """Fields that a document has only where they say something; older releases wrote none."""
    found: dict[str, Any] = {}
    if roster.signers:
        found["signers"] = [
            {
                "key": _b64(one.key),
                "name": one.name,
                "by": _b64(one.by),
                "signature": _b64(one.signature),
            }
            for one in roster.signers
        ]
    if roster.revoked:
        found["revoked"] = [_b64(one) for one in sorted(roster.revoked)]
    if roster.recovery_from is not None:
        found["recovery_from"] = _iso(roster.recovery_from)
    return found


def vouch(key: bytes, name: str, root: bytes, by: SigningKey) -> Signer:
    """Let ``key`` sign rosters under this root from now on."""
    signature = by.sign(SIGNER_PURPOSE, _vouched(root, key, name))
    return Signer(key, name, by.public, signature)


def _vouched(root: bytes, key: bytes, name: str) -> bytes:
    return root + key + name.encode("utf-8")


@lru_cache(maxsize=8)
def read_roster(signed: SignedRoster, root: bytes) -> Roster:
    """Verify the signature under ``root`` and read the document; says nothing about expiry.

    Raises :class:`RosterError`.
    """
    if len(signed.document) > MAX_BYTES:
        raise RosterError("malformed")
    if not verify(_claimed(signed.document, root), PURPOSE, signed.document, signed.signature):
        raise RosterError("bad_signature")
    try:
        parsed = json.loads(signed.document)
        if canonical(parsed) != signed.document:
            raise RosterError("not_canonical")
        _hold_known(parsed)
        roster = _read(parsed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RosterError("malformed") from error
    _hold_rules(roster, root)
    return roster


def _claimed(document: bytes, root: bytes) -> bytes:
    """The key under which the document says it is signed, if the root leads to it; else the root.

    What is read here is not believed yet: the signature is checked next.
    """
    try:
        parsed = json.loads(document)
        signer = _raw(parsed["signer"], _KEY)
        signers = tuple(_signer(one) for one in parsed.get("signers", ()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return root
    return signer if signer in authorised(signers, root) else root


def authorised(signers: tuple[Signer, ...], root: bytes) -> set[bytes]:
    """The root, and every key to which a chain of signatures leads from it."""
    found = {root}
    for one in signers[:MAX_SIGNERS]:
        known = one.by in found and one.key not in found
        if known and verify(
            one.by, SIGNER_PURPOSE, _vouched(root, one.key, one.name), one.signature
        ):
            found.add(one.key)
    return found


def _signer(one: dict[str, Any]) -> Signer:
    return Signer(
        _raw(one["key"], _KEY),
        _text(one["name"]),
        _raw(one["by"], _KEY),
        _raw(one["signature"], _SIGNATURE),
    )


def _hold_rules(roster: Roster, root: bytes) -> None:
    known = authorised(roster.signers, root)
    if roster.signer not in known:
        raise RosterError("wrong_root")
    if roster.signer in roster.revoked:
        raise RosterError("revoked")
    if len(roster.signers) > MAX_SIGNERS or len(roster.revoked) > MAX_SIGNERS:
        raise RosterError("malformed")
    if len(known) != 1 + len(roster.signers):  # each entry adds one key, or it is none
        raise RosterError("bad_chain")
    if not 1 <= roster.version <= MAX_VERSION:
        raise RosterError("malformed")
    if len({one.id for one in roster.members}) != len(roster.members):
        raise RosterError("malformed")
    if roster.valid_until - roster.issued_at > VALID_DAYS * 86_400_000:
        raise RosterError("too_long_valid")


def _hold_known(parsed: dict[str, Any]) -> None:
    """Refuse what this release would read over."""
    unknown = set(parsed) - _FIELDS - _LATER_FIELDS
    for one in parsed["members"]:
        unknown |= set(one) - _MEMBER
    for one in parsed.get("signers", ()):
        unknown |= set(one) - _SIGNER
    if unknown:
        raise RosterError("unknown_format")


def _ms(text: str) -> int:
    found = int(datetime.strptime(text, _FORMAT).replace(tzinfo=UTC).timestamp() * 1000)
    if _iso(found) != text:  # strptime forgives missing zeros
        raise ValueError("moment")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("list")
    return value


def _raw(text: str, size: int) -> bytes:
    """Exactly ``size`` bytes in the one spelling that base64 has for them."""
    raw = base64.b64decode(text, validate=True)  # binascii.Error is a ValueError
    if len(raw) != size or _b64(raw) != text:
        raise ValueError("base64")
    return raw


def _kem(text: str) -> bytes:
    raw = _raw(text, PUBLIC_BYTES)
    try:
        PublicKey(raw).hold()
    except SealError as error:
        raise ValueError("kem") from error
    return raw


def _read(parsed: dict[str, Any]) -> Roster:
    version = parsed["version"]
    if type(version) is not int or type(parsed["demo"]) is not bool:
        raise RosterError("malformed")
    return Roster(
        version=version,
        previous=_text(parsed["previous"]),
        issued_at=_ms(parsed["issued_at"]),
        valid_until=_ms(parsed["valid_until"]),
        signer=_raw(parsed["signer"], _KEY),
        demo=parsed["demo"],
        members=tuple(_member(one) for one in _list(parsed["members"])),
        recovery=_kem(parsed["recovery"]) if parsed["recovery"] is not None else None,
        signers=tuple(_signer(one) for one in _list(parsed.get("signers", []))),
        revoked=tuple(_raw(one, _KEY) for one in _list(parsed.get("revoked", []))),
        recovery_from=_ms(parsed["recovery_from"]) if "recovery_from" in parsed else None,
    )


def _member(one: dict[str, Any]) -> RosterMember:
    return RosterMember(
        id=_text(one["id"]),
        name=_text(one["name"]),
        organisation=_text(one["organisation"]),
        roles=tuple(_text(role) for role in _list(one["roles"])),
        kem=_kem(one["kem"]),
        sign=_raw(one["sign"], _KEY),
    )


def hold_succession(new: Roster, before: Roster) -> None:
    """What a roster owes to the one before it besides its number.

    Who was revoked stays so, signs nothing, and vouches for nobody who was not there before.
    Raises :class:`RosterError` ``revoked``.
    """
    gone, known = set(before.revoked), {one.key for one in before.signers}
    fresh = {one.by for one in new.signers if one.key not in known}
    if not gone <= set(new.revoked) or new.signer in gone or fresh & gone:
        raise RosterError("revoked")
