"""npm ``age-encryption`` and the format's vectors, run by node (tests/node/age.mjs)."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

_NODE: Final = Path(__file__).parents[1] / "node"


def ask(what: str, **request: Any) -> Any:
    """The peer's answer; skips where node or its packages are missing, fails so in CI."""
    node = shutil.which("node")
    if node is None or not (_NODE / "node_modules" / "cctv-age").is_dir():
        missing = "node and `npm ci` in tests/node/ are needed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    done = subprocess.run(
        [node, "age.mjs"],
        cwd=_NODE,
        input=json.dumps({"ask": what, **request}),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return json.loads(done.stdout)


def b64(raw: bytes) -> str:
    """Bytes as the peer takes them."""
    return base64.b64encode(raw).decode("ascii")


def unb64(text: str) -> bytes:
    """Bytes as the peer gives them."""
    return base64.b64decode(text)


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector of CCTV: a file, and what must become of it."""

    name: str
    expect: str
    file: bytes
    file_key: bytes
    payload: str | None
    identities: tuple[str, ...]
    armored: bool

    def releases(self, plain: bytes) -> bool:
        """Whether ``plain`` is exactly what may be released."""
        return self.payload == hashlib.sha256(plain).hexdigest()


def vectors() -> dict[str, Vector]:
    """All of them, by name."""
    return {name: _vector(name, unb64(text)) for name, text in ask("vectors").items()}


def _vector(name: str, raw: bytes) -> Vector:
    top, _, file = raw.partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in top.decode().splitlines()]
    keys = dict(pairs)
    if keys.get("compressed") == "zlib":
        file = zlib.decompress(file)
    return Vector(
        name,
        keys["expect"],
        file,
        bytes.fromhex(keys["file key"]),
        keys.get("payload"),
        tuple(value for key, value in pairs if key == "identity"),
        "armored" in keys,
    )
