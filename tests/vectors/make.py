"""Write ``tests/vectors/sealing.json``: what Python and the console's TypeScript must both pass.

Seeds are fixed, and a ciphertext that was written down and still opens is kept: a run changes
nothing unless a format or a case changed. ``python -m tests.vectors.make``.
"""

import base64
import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sealing import Context, KeyPair, SealError, SigningKey, bind, open_text, seal_text
from sealing.text import padded_size
from tests.vectors import grants, rosters

TARGET: Final = Path(__file__).with_name("sealing.json")
_SEEDS: Final = (bytes(range(32)), b"\xa5" * 32)
_NAME: Final = "Amélie Nzapa"
_WORDS: Final = "Abaisser  académie zèbre\tprairie lagune OLIVE"
_LENGTHS: Final = (0, 1, 60, 61, 124, 4092, 4093, 5000, 70000)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _hkdf(secret: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=label).derive(secret)


def _sealed(plain: bytes, keys: KeyPair, context: Context, known: list[str]) -> bytes:
    """Of what was written down before, the one that is this text here; else a fresh one."""
    for one in known:
        try:
            if open_text(base64.b64decode(one), keys, context) == plain:
                return base64.b64decode(one)
        except SealError:
            continue
    return seal_text(plain, keys.public, context)


def _texts(known: list[str]) -> list[dict[str, Any]]:
    made = []
    for number, (seed, plain) in enumerate(
        ((_SEEDS[0], "short"), (_SEEDS[1], "كلمات · ပြော · mots «longs» " * 40), (_SEEDS[0], "")), 1
    ):
        context = Context("c" * 32, "account", number, "é" * number, "answer")
        sealed = _sealed(plain.encode(), KeyPair.from_seed(seed), context, known)
        made.append(
            {
                "seed": _b64(seed),
                "public": _b64(KeyPair.from_seed(seed).public.raw),
                "plain": plain,
                "case": context.case,
                "compartment": context.compartment,
                "generation": context.generation,
                "item": context.item,
                "kind": context.kind,
                "sealed": _b64(sealed),
            }
        )
    return made


def _person() -> dict[str, Any]:
    seed, salt, nonce = _SEEDS[0], b"\x01" * 16, b"\x02" * 12
    words = " ".join(unicodedata.normalize("NFKD", _WORDS).lower().split())
    argon = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=64 * 1024)
    master = argon.derive(words.encode())
    wrap = _hkdf(master, b"relais wrap")
    sealed = AESGCM(wrap).encrypt(nonce, seed, bind("relais", "person-key", _NAME))
    return {
        "name": _NAME,
        "passphrase": _WORDS,
        "salt": _b64(salt),
        "seed": _b64(seed),
        "login": _b64(_hkdf(master, b"relais login")),
        "wrapped": _b64(nonce + sealed),
        "kem_public": _b64(KeyPair.from_seed(seed).public.raw),
        "sign_public": _b64(SigningKey(_hkdf(seed, b"relais sign")).public),
    }


def _roster() -> dict[str, Any]:
    root = SigningKey(b"\x07" * 32)
    member = KeyPair.from_seed(_SEEDS[0]).public.raw
    document = json.dumps(
        {
            "version": 4,
            "previous": hashlib.sha256(b"").hexdigest(),
            "issued_at": "2026-11-01T00:00:00Z",
            "valid_until": "2027-01-30T00:00:00Z",
            "signer": _b64(root.public),
            "demo": True,
            "members": [
                {
                    "id": "m" * 32,
                    "name": _NAME,
                    "organisation": "Invented",
                    "roles": ["responder"],
                    "kem": _b64(member),
                    "sign": _b64(SigningKey(_hkdf(_SEEDS[0], b"relais sign")).public),
                }
            ],
            "recovery": None,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
    return {
        "root": base64.urlsafe_b64encode(root.public).decode("ascii").rstrip("="),
        "version": 4,
        "document": _b64(document),
        "signature": _b64(root.sign("roster", document)),
    }


def vectors(known: dict[str, Any]) -> dict[str, Any]:
    """Everything, ready for JSON; bytes are base64. ``known``: what was written down before."""
    return {
        "bind": {"fields": ["", "a", "é"], "bytes": _b64(bind("", "a", "é"))},
        "padded_size": {str(length): padded_size(length) for length in _LENGTHS},
        "texts": _texts([one["sealed"] for one in known.get("texts", [])]),
        "person": _person(),
        "roster": _roster(),
        "rosters": rosters.written(),
        "grants": grants.written(known.get("grants", {}).get("sealed", {})),
    }


def written_down() -> dict[str, Any]:
    """What lies in the file."""
    if not TARGET.exists():
        return {}
    found: dict[str, Any] = json.loads(TARGET.read_text("utf-8"))
    return found


if __name__ == "__main__":
    made = json.dumps(vectors(written_down()), ensure_ascii=False, indent=1)
    TARGET.write_text(made + "\n", encoding="utf-8")
