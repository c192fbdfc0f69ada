"""Signed lists of members: a chain that holds, and what must not be believed.

Every key comes from a fixed seed and Ed25519 is deterministic: a new run writes the same bytes.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from backend.ambient import DAY
from backend.vault.roster import (
    MAX_SIGNERS,
    Roster,
    RosterMember,
    SignedRoster,
    Signer,
    canonical,
    sign_roster,
    vouch,
)
from sealing import KeyPair, SigningKey

START: Final = 1_793_491_200_000
"""2026-11-01T00:00:00Z."""
_AT: Final = START + DAY
ROOT: Final = SigningKey(b"\x11" * 32)
BEN: Final = SigningKey(b"\x12" * 32)
CAM: Final = SigningKey(b"\x13" * 32)
STRANGER: Final = SigningKey(b"\x14" * 32)
_SMALL_ORDER: Final = (0).to_bytes(32, "little"), (1).to_bytes(32, "little")
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_YES: Final = (None, None)
_ODD: Final = 'Zoë "\\/ \u007f\u2028\ufeff\uffff\U0001f54a\n\t\x01 مريم'


@dataclass(frozen=True)
class Case:
    """One list offered to a server and a browser that have seen ``after`` last.

    ``python`` and ``typescript``: the reason that each must give; None where it must believe.
    """

    name: str
    after: str | None
    signed: SignedRoster
    python: str | None
    typescript: str | None
    now: int = _AT


def b64(raw: bytes) -> str:
    """As documents spell bytes."""
    return base64.b64encode(raw).decode("ascii")


@cache
def _kem(number: int) -> bytes:
    return KeyPair(bytes([number]) * 32).public.raw


def _member(number: int, name: str, key: SigningKey, role: str = "coordinator") -> RosterMember:
    return RosterMember(f"{number:032x}", name, "Lantern", (role,), _kem(number), key.public)


_ANA: Final = _member(0xA, "Ana", ROOT)
_BEN: Final = _member(0xB, "Ben", BEN)
_CAM: Final = _member(0xC, "Cam", CAM)
BEN_VOUCHED: Final = vouch(BEN.public, "Ben", ROOT.public, ROOT)
CAM_VOUCHED: Final = vouch(CAM.public, "Cam", ROOT.public, BEN)


def _next(before: SignedRoster, roster: Roster, by: SigningKey, **changes: Any) -> SignedRoster:
    following = replace(
        roster, version=roster.version + 1, previous=before.digest, signer=by.public
    )
    return sign_roster(replace(following, **changes), by)


def _first() -> Roster:
    return Roster(
        version=1,
        previous="",
        issued_at=START,
        valid_until=START + 90 * DAY,
        signer=ROOT.public,
        demo=False,
        members=(_ANA, _BEN),
        recovery=_kem(0xD),
        signers=(BEN_VOUCHED,),
        recovery_from=START,
    )


@cache
def chain() -> dict[str, SignedRoster]:
    """Lists that were used one after the other: by the root, by Ben; Ben is taken out."""
    first = _first()
    one = sign_roster(first, ROOT)
    second = replace(first, signers=(BEN_VOUCHED, CAM_VOUCHED), members=(_ANA, _CAM))
    two = _next(one, second, BEN)
    third = replace(second, version=2, revoked=(BEN.public,))
    return {"first": one, "second": two, "without_ben": _next(two, third, ROOT)}


def before(name: str) -> list[SignedRoster]:
    """The chain up to and with the list of this name."""
    names = list(chain())
    return [chain()[one] for one in names[: names.index(name) + 1]]


def _changed(
    signed: SignedRoster, change: Callable[[dict[str, Any]], object], by: SigningKey = ROOT
) -> SignedRoster:
    """The document after ``change``, rightly signed by ``by``."""
    document = json.loads(signed.document)
    change(document)
    return _text(canonical(document), by)


def _text(document: bytes, by: SigningKey = ROOT) -> SignedRoster:
    return SignedRoster(document, by.sign("roster", document))


def _set(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update(fields)


def _in_member(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["members"][0].update(fields)


def respelled(text: str) -> str:
    """The same bytes in another spelling: base64 reads over the last bits of its last letter."""
    at = _BASE64.index(text[-2])
    return f"{text[:-2]}{_BASE64[at ^ 1]}="


def _believed() -> list[Case]:
    first, second = chain()["first"], chain()["second"]
    one = _first()
    two = replace(one, version=2, signers=(BEN_VOUCHED, CAM_VOUCHED), members=(_ANA, _CAM))
    later = {"issued_at": START + 30 * DAY, "valid_until": START + 120 * DAY}
    odd = replace(_ANA, name=_ODD)
    gone = replace(one, revoked=(ROOT.public,))
    skipped = _next(first, replace(one, version=2), ROOT)
    return [
        Case("the first, signed by the root", None, first, None, None),
        Case("the next, signed by a coordinator for whom the root vouched", "first", second, *_YES),
        Case(
            "signed by a key at the end of a chain of two", "second", _next(second, two, CAM), *_YES
        ),
        Case("the last of the chain", "second", chain()["without_ben"], *_YES),
        Case("signed again for the same people", "first", _next(first, one, ROOT, **later), *_YES),
        Case(
            "the root was taken out, a coordinator signs", "first", _next(first, gone, BEN), *_YES
        ),
        Case(
            "names that are awkward to write",
            None,
            sign_roster(replace(one, members=(odd, _BEN)), ROOT),
            *_YES,
        ),
        Case("the same list once more", "second", second, "wrong_version", None),
        Case("one that a browser missed lies between", "first", skipped, "wrong_version", None),
    ]


def _out_of_place() -> list[Case]:
    """Rightly signed, but not what may come next here."""
    first, second = chain()["first"], chain()["second"]
    one = _first()
    two = replace(one, version=2, signers=(BEN_VOUCHED, CAM_VOUCHED), members=(_ANA, _CAM))
    other = _next(first, one, ROOT)
    foreign = sign_roster(replace(one, signer=STRANGER.public, signers=()), STRANGER)
    over = START + 90 * DAY
    return [
        Case("a lower version", "second", first, "wrong_version", "older"),
        Case("the same version with another text", "second", other, "wrong_version", "forked"),
        Case(
            "another list before it",
            "second",
            _next(first, two, ROOT),
            "wrong_previous",
            "wrong_previous",
        ),
        Case(
            "no list before it",
            "second",
            _next(second, two, ROOT, previous=""),
            "wrong_previous",
            "wrong_previous",
        ),
        Case("another root", "first", foreign, "bad_signature", "other_signer"),
        Case("another root, for one who saw none", None, foreign, "bad_signature", "other_signer"),
        Case("its last moment", None, first, "expired", "expired", over),
        Case(
            "valid for more than 90 days",
            None,
            sign_roster(replace(one, valid_until=over + 1000), ROOT),
            "too_long_valid",
            "too_long_valid",
        ),
    ]


def _falsely_signed() -> list[Case]:
    first = chain()["first"]
    one = _first()
    ghost = _changed(
        first,
        lambda document: document["members"].append(document["members"][0] | {"id": "f" * 32}),
    )
    tampered = _changed(first, _in_member(kem=b64(_kem(0xE))))
    by_stranger = _text(first.document, STRANGER)
    unvouched = sign_roster(replace(one, signer=STRANGER.public), STRANGER)
    moved = vouch(CAM.public, "Cam", STRANGER.public, ROOT)
    bad = replace(CAM_VOUCHED, name="Somebody else")
    claimed = _changed(first, _set(signer=b64(STRANGER.public)))
    inbox = SignedRoster(first.document, ROOT.sign("inbox-key", first.document))
    cut = SignedRoster(first.document, first.signature[:-1])
    no = ("bad_signature", "bad_signature")
    return [
        Case(
            "a member's key changed after signing",
            None,
            replace(tampered, signature=first.signature),
            *no,
        ),
        Case("a member added after signing", None, replace(ghost, signature=first.signature), *no),
        Case("signed by a stranger in the root's name", None, by_stranger, *no),
        Case("signed for another purpose", None, inbox, *no),
        Case("a signature that is cut", None, cut, *no),
        Case(
            "signed by a key that is not in the chain",
            None,
            unvouched,
            "bad_signature",
            "other_signer",
        ),
        Case(
            "signed by the root in a stranger's name", None, claimed, "wrong_root", "other_signer"
        ),
        Case(
            "signed by a key that was vouched for under another root",
            None,
            sign_roster(replace(one, signers=(moved,), signer=CAM.public), CAM),
            "bad_signature",
            "other_signer",
        ),
        Case(
            "a link of the chain that does not hold",
            None,
            sign_roster(replace(one, signers=(BEN_VOUCHED, bad)), ROOT),
            "bad_chain",
            "bad_chain",
        ),
        Case(
            "a link of the chain before the one that carries it",
            None,
            sign_roster(replace(one, signers=(CAM_VOUCHED, BEN_VOUCHED)), ROOT),
            "bad_chain",
            "bad_chain",
        ),
        Case(
            "a link of the chain twice",
            None,
            sign_roster(replace(one, signers=(BEN_VOUCHED, BEN_VOUCHED)), ROOT),
            "bad_chain",
            "bad_chain",
        ),
    ]


def _by_the_revoked() -> list[Case]:
    last = chain()["without_ben"]
    signers = (BEN_VOUCHED, CAM_VOUCHED)
    three = replace(
        _first(), version=3, signers=signers, members=(_ANA, _CAM), revoked=(BEN.public,)
    )
    fresh = vouch(STRANGER.public, "Eve", ROOT.public, BEN)
    spelled = _changed(_next(last, three, ROOT), _set(signer=respelled(b64(BEN.public))), BEN)
    hidden = _changed(_next(last, three, BEN), _set(revoked=[respelled(b64(BEN.public))]), BEN)
    no = ("revoked", "revoked")
    return [
        Case("signed by a key that it says is revoked", None, _next(last, three, BEN), *no),
        Case(
            "signed by a key that was revoked before",
            "without_ben",
            _next(last, three, BEN, revoked=()),
            *no,
        ),
        Case(
            "a revoked key is let back in", "without_ben", _next(last, three, ROOT, revoked=()), *no
        ),
        Case(
            "a revoked key vouched for a new one",
            "without_ben",
            _next(last, three, ROOT, signers=(*signers, fresh)),
            *no,
        ),
        Case(
            "signed by whom a revoked key let in",
            "without_ben",
            _next(last, three, STRANGER, signers=(*signers, fresh)),
            *no,
        ),
        Case(
            "a revoked signer spelled otherwise",
            "without_ben",
            spelled,
            "bad_signature",
            "malformed",
        ),
        Case("a revocation spelled otherwise", None, hidden, "malformed", "malformed"),
    ]


def _malformed() -> list[Case]:
    first = chain()["first"]
    one = _first()
    many = tuple(_link(number) for number in range(MAX_SIGNERS + 1))
    broken: dict[str, Callable[[dict[str, Any]], object]] = {
        "a missing field": lambda document: document.pop("previous"),
        "version 0": _set(version=0),
        "a version that is true": _set(version=True),
        "a version that is a text": _set(version="1"),
        "a version beyond what is counted exactly": _set(version=2**53),
        "a demo mark that is a number": _set(demo=0),
        "members that are no list": _set(members={}),
        "two members of one id": lambda document: document["members"].append(
            document["members"][0]
        ),
        "a member without a key": lambda document: document["members"][0].pop("kem"),
        "a name that is a number": _in_member(name=5),
        "roles that are a text": _in_member(roles="coordinator"),
        "a role that is a number": _in_member(roles=[1]),
        "a member's key that is too short": _in_member(kem=b64(_kem(0xA)[:-1])),
        "a member's key that is none": _in_member(kem=b64(b"\xff" * 1216)),
        "a member's key of small order": _in_member(kem=b64(_kem(0xA)[:1184] + _SMALL_ORDER[0])),
        "a member's key of small order, again": _in_member(
            kem=b64(_kem(0xA)[:1184] + _SMALL_ORDER[1])
        ),
        "a member's signing key that is too short": _in_member(sign=b64(bytes(31))),
        "a member's key without its padding": _in_member(sign=b64(ROOT.public).rstrip("=")),
        "a member's key with a space": _in_member(sign=f" {b64(ROOT.public)}"),
        "a recovery key that is none": _set(recovery=b64(bytes(10))),
        "a day alone": _set(valid_until="2027-01-30"),
        "a moment without its zeros": _set(valid_until="2027-1-30T0:00:00Z"),
        "a day that no month has": _set(issued_at="2026-11-31T00:00:00Z"),
        "a moment in another zone": _set(valid_until="2027-01-30T00:00:00+00:00"),
        "revoked keys that are no list": _set(revoked=b64(BEN.public)),
        "signers that are no list": _set(signers={}),
    }
    texts = {
        "no JSON": b"roster",
        "no text": b"\xff\xfe",
        "nothing": b"",
        "a list": b"[]",
        "an empty document": b"{}",
        "half a surrogate in a name": first.document.replace(b'"Ana"', b'"\\ud800"'),
        "great depth": b"[" * 5000,
    }
    made = [(why, _changed(first, change)) for why, change in broken.items()]
    made += [(why, _text(document)) for why, document in texts.items()]
    made += [("more signers than there may be", sign_roster(replace(one, signers=many), ROOT))]
    return [Case(why, None, signed, "malformed", "malformed") for why, signed in made]


def _link(number: int) -> Signer:
    return vouch(SigningKey(bytes([100 + number]) * 32).public, f"{number}", ROOT.public, ROOT)


def _other_spellings() -> list[Case]:
    document = chain()["first"].document
    spelled = {
        "a space": document.replace(b'"demo":', b'"demo": '),
        "a line at the end": document + b"\n",
        "a field twice": document.replace(b'{"demo":false', b'{"demo":true,"demo":false'),
        "fields in another order": document.replace(b'{"demo":false,', b"{").replace(
            b'"version":1}', b'"version":1,"demo":false}'
        ),
        "a letter written as its number": document.replace(b'"Ana"', b'"\\u0041na"'),
        "a mark of byte order": b"\xef\xbb\xbf" + document,
        "a version with a point": document.replace(b'"version":1}', b'"version":1.00}'),
    }
    assert all(one != document for one in spelled.values())
    no = ("not_canonical", "not_canonical")
    return [Case(f"spelled with {why}", None, _text(one), *no) for why, one in spelled.items()]


def _of_later_formats() -> list[Case]:
    first = chain()["first"]
    later: dict[str, Callable[[dict[str, Any]], object]] = {
        "a format that is not known": _set(format=2),
        "a field that is not known": _set(only_for=["Ana"]),
        "a field of a member that is not known": _in_member(until="2026-12-01T00:00:00Z"),
        "a field of a signer that is not known": lambda document: document["signers"][0].update(
            until=""
        ),
    }
    no = ("unknown_format", "unknown_format")
    return [Case(why, None, _changed(first, change), *no) for why, change in later.items()]


@cache
def cases() -> tuple[Case, ...]:
    """Everything that Python and TypeScript are asked, in order."""
    return (
        *_believed(),
        *_out_of_place(),
        *_falsely_signed(),
        *_by_the_revoked(),
        *_malformed(),
        *_other_spellings(),
        *_of_later_formats(),
    )


def written() -> dict[str, Any]:
    """The cases, ready for JSON: documents with their long keys named once, a letter a byte."""
    long = sorted({_kem(one) for one in range(0xA, 0xF)})
    keys = [b64(one) for one in long]

    def put(signed: SignedRoster) -> dict[str, str]:
        text = signed.document.decode("latin-1")
        for number, key in enumerate(keys):
            text = text.replace(key, f"<{number}>")
        return {"document": text, "signature": b64(signed.signature)}

    return {
        "root": base64.urlsafe_b64encode(ROOT.public).decode("ascii").rstrip("="),
        "keys": keys,
        "chain": {name: put(signed) for name, signed in chain().items()},
        "cases": [
            {
                "name": one.name,
                "after": one.after,
                "now": one.now,
                **put(one.signed),
                "python": one.python,
                "typescript": one.typescript,
            }
            for one in cases()
        ],
    }
