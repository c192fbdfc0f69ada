"""A compartment's seed sealed to a holder, and what must not open it.

Nobody can choose the randomness of a sealing, so ciphertexts that were written down and still open
are kept: only a change of the format makes new ones.
"""

import base64
from typing import Any, Final

from backend.vault.compartments import Holder, create_compartments
from sealing import Context, KeyPair, SealError, open_text

HOLDER: Final = "a" * 32
_OTHER: Final = "b" * 32
_CASE: Final = "c" * 32
_HOLDER_SEED: Final = b"\x21" * 32
_OTHER_SEED: Final = b"\x22" * 32
_PLACE: Final[dict[str, Any]] = {
    "case": _CASE,
    "compartment": "brief",
    "generation": 2,
    "holder": HOLDER,
}


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _sealed(compartment: str, seed: bytes, known: dict[str, str]) -> bytes:
    """What was written down before, if it still opens; a fresh grant otherwise."""
    holder = KeyPair(_HOLDER_SEED)
    context = Context(_CASE, compartment, 2, HOLDER, "grant")
    before = base64.b64decode(known.get(compartment, ""))
    try:
        if open_text(before, holder, context) == seed:
            return before
    except SealError:
        pass
    [made] = create_compartments(
        _CASE, [compartment], [Holder(HOLDER, holder.public)], lambda _: seed, generation=2
    )
    return made.grants[0].sealed


def _flipped(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def _refused(sealed: bytes, other: bytes) -> list[dict[str, Any]]:
    """Each with the code that Python and TypeScript give."""
    size = len(sealed)
    moved: dict[str, dict[str, Any]] = {
        "another case": {"case": "d" * 32},
        "another compartment": {"compartment": "medical"},
        "another generation": {"generation": 1},
        "another holder": {"holder": _OTHER},
        "fields that run together": {"case": _CASE + "b", "compartment": "rief"},
    }
    changed = {
        "another compartment's ciphertext": (other, "cannot_open"),
        "nothing": (b"", "not_sealed"),
        "the magic alone": (sealed[:4], "cannot_open"),
        "cut in the encapsulation": (sealed[:500], "cannot_open"),
        "cut after the encapsulation": (sealed[: 4 + 1120], "cannot_open"),
        "the last byte missing": (sealed[:-1], "cannot_open"),
        "one byte more": (sealed + b"\0", "cannot_open"),
        "another magic": (_flipped(sealed, 0), "not_sealed"),
        "a version that is not known": (sealed[:3] + b"\x02" + sealed[4:], "wrong_version"),
        "a bit of the ML-KEM part": (_flipped(sealed, 4), "cannot_open"),
        "a bit of the X25519 part": (_flipped(sealed, 4 + 1088), "cannot_open"),
        "an X25519 part of small order": (
            sealed[: 4 + 1088] + bytes(32) + sealed[4 + 1120 :],
            "cannot_open",
        ),
        "a bit of the ciphertext": (_flipped(sealed, 4 + 1120), "cannot_open"),
        "a bit of the tag": (_flipped(sealed, size - 1), "cannot_open"),
        "two halves of two": (sealed[: 4 + 1120] + other[4 + 1120 :], "cannot_open"),
    }
    return [
        *(
            {"why": why, "place": _PLACE | place, "sealed": _b64(sealed), "code": "cannot_open"}
            for why, place in moved.items()
        ),
        *(
            {"why": why, "place": _PLACE, "sealed": _b64(body), "code": code}
            for why, (body, code) in changed.items()
        ),
    ]


def written(known: dict[str, str]) -> dict[str, Any]:
    """Ready for JSON. ``known``: ciphertexts by compartment, as they were written down before."""
    seeds = {"brief": b"\x31" * 32, "medical": b"\x32" * 32}
    sealed = {name: _sealed(name, seed, known) for name, seed in seeds.items()}
    return {
        "place": _PLACE,
        "holder_seed": _b64(_HOLDER_SEED),
        "other_seed": _b64(_OTHER_SEED),
        "seed": _b64(seeds["brief"]),
        "public": _b64(KeyPair(seeds["brief"]).public.raw),
        "sealed": {name: _b64(one) for name, one in sealed.items()},
        "refused": _refused(sealed["brief"], sealed["medical"]),
    }
