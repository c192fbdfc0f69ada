"""What the console's TypeScript seals, Python opens."""

import base64
import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.vault.roster import SignedRoster, read_roster
from sealing import Context, KeyPair, SigningKey, bind, open_text, verify
from sealing.errors import SealError

_CONSOLE: Final = Path(__file__).parents[2] / "console"
_SEED: Final = bytes(range(32))
_TO: Final = KeyPair.from_seed(b"\x33" * 32)
_CONTEXT: Final = Context("d" * 32, "team", 2, "e" * 32, "step")
_PLAIN: Final = "Note · ملاحظة · " * 30
_SALT: Final = b"\x09" * 16
_NAME: Final = "Amélie Nzapa"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _hkdf(secret: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=label).derive(secret)


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    """Everything that one run of ``console/tests/seal.mjs`` made, decoded."""
    node = shutil.which("node")
    if node is None or not (_CONSOLE / "node_modules").is_dir():
        if os.environ.get("CI"):
            pytest.fail("node and `npm ci` in console/ are needed")
        pytest.skip("node and `npm ci` in console/ are needed")
    asked: dict[str, Any] = {
        "seed": _b64(_SEED),
        "to": _b64(_TO.public.raw),
        "plain": _PLAIN,
        "context": asdict(_CONTEXT),
        "passphrase": "Abaisser  académie LAGUNE olive prairie zèbre",
        "salt": _b64(_SALT),
        "name": _NAME,
        "other": _b64(b"\x44" * 32),
    }
    done = subprocess.run(
        [node, "tests/seal.mjs"],
        cwd=_CONSOLE,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return {key: base64.b64decode(value) for key, value in json.loads(done.stdout).items()}


def test_python_opens_what_typescript_sealed(made: dict[str, bytes]) -> None:
    """A text sealed by the browser's code opens under its seed and its place."""
    assert open_text(made["sealed"], _TO, _CONTEXT).decode() == _PLAIN


def test_another_place_does_not_open_it(made: dict[str, bytes]) -> None:
    """The browser's code binds a text to its place as Python does."""
    moved = Context(_CONTEXT.case, _CONTEXT.compartment, 3, _CONTEXT.item, _CONTEXT.kind)
    with pytest.raises(SealError) as refused:
        open_text(made["sealed"], _TO, moved)
    assert refused.value.code == "cannot_open"


def test_one_seed_makes_the_same_keys(made: dict[str, bytes]) -> None:
    """A seed gives the same public halves in both languages."""
    assert made["kem_public"] == KeyPair.from_seed(_SEED).public.raw
    assert made["sign_public"] == SigningKey(_hkdf(_SEED, b"relais sign")).public


def test_python_verifies_what_typescript_signed(made: dict[str, bytes]) -> None:
    """A signature of the browser's code holds in Python, and only for its purpose."""
    signature, public = made["signature"], made["sign_public"]
    assert verify(public, "roster", _PLAIN.encode(), signature)
    assert not verify(public, "inbox-key", _PLAIN.encode(), signature)


def test_the_person_key_is_wrapped_as_the_format_says(made: dict[str, bytes]) -> None:
    """Argon2id, HKDF and AES-GCM of the browser's code give back the seed in Python."""
    words = "abaisser acade\u0301mie lagune olive prairie ze\u0300bre"
    argon = Argon2id(salt=_SALT, length=32, iterations=3, lanes=1, memory_cost=64 * 1024)
    master = argon.derive(words.encode())
    assert made["login"] == _hkdf(master, b"relais login")
    wrapped = made["wrapped"]
    opened = AESGCM(_hkdf(master, b"relais wrap")).decrypt(
        wrapped[:12], wrapped[12:], bind("relais", "person-key", _NAME)
    )
    assert opened == _SEED


def test_python_believes_the_list_that_typescript_signed(made: dict[str, bytes]) -> None:
    """A first list of the browser's code, with a second coordinator vouched for, reads here."""
    roster = read_roster(SignedRoster(made["list"], made["list_signature"]), made["sign_public"])
    second = SigningKey(_hkdf(b"\x44" * 32, b"relais sign")).public
    assert [(one.id, one.name) for one in roster.members] == [("a", _NAME), ("b", _NAME)]
    assert roster.recovery == _TO.public.raw
    assert [one.key for one in roster.signers] == [second]


def test_python_opens_a_grant_that_typescript_sealed(made: dict[str, bytes]) -> None:
    """A compartment's seed given on in the browser opens for its holder, in its place."""
    assert open_text(made["grant"], _TO, Context("c", "brief", 2, "h", "grant")) == _SEED
