"""Write ``tests/vectors/sealing.json``: sealed things that the console's TypeScript must open.

Seeds are fixed; ciphertexts are fresh at every run, so run this only when a format changes:
``python -m tests.vectors.make``.
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

from sealing import Context, KeyPair, SigningKey, bind, seal_text
from sealing.text import padded_size

TARGET: Final = Path(__file__).with_name("sealing.json")
_SEEDS: Final = (bytes(range(32)), b"\xa5" * 32)
_NAME: Final = "Amélie Nzapa"
_WORDS: Final = "Abaisser  académie zèbre\tprairie lagune OLIVE"
_LENGTHS: Final = (0, 1, 60, 61, 124, 4092, 4093, 5000, 70000)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _hkdf(secret: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=label).derive(secret)


def _texts() -> list[dict[str, Any]]:
    made = []
    for number, (seed, plain) in enumerate(
        ((_SEEDS[0], "short"), (_SEEDS[1], "كلمات · ပြော · mots «longs» " * 40), (_SEEDS[0], "")), 1
    ):
        context = Context("c" * 32, "account", number, "é" * number, "answer")
        sealed = seal_text(plain.encode(), KeyPair.from_seed(seed).public, context)
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


def vectors() -> dict[str, Any]:
    """Everything, ready for JSON; bytes are base64."""
    return {
        "bind": {"fields": ["", "a", "é"], "bytes": _b64(bind("", "a", "é"))},
        "padded_size": {str(length): padded_size(length) for length in _LENGTHS},
        "texts": _texts(),
        "person": _person(),
        "roster": _roster(),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
