"""The keyring: versioned keys that live outside the database and its backups.

One random root a version; keys for each purpose come from it by HKDF. Sealed values carry the
version that sealed them (first two bytes), so a new version can be added while serving. Blind
indexes (HMAC) always use version 1's index root, since an index cannot be looked up under two.
"""

import hmac
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

from backend.errors import ConfigurationError
from sealing import Box, SealError, SigningKey, bind, derive

Purpose = Literal["addresses", "routing", "contact", "members", "statistics"]
IndexPurpose = Literal[
    "address", "event", "return_code", "sign", "slot", "token", "login", "throttle"
]
_KEY: Final = 32


class KeyringError(ConfigurationError):
    """The keyring cannot be used; the text tells the operator what to do."""


def _derive(root: bytes, label: str) -> bytes:
    return derive(root, "keyring", label)


class Keyring:
    """Seals under the newest version, opens under any. Prints as ``<sealed>``."""

    def __init__(self, roots: Mapping[int, bytes], random: Callable[[int], bytes]) -> None:
        if not roots or any(len(root) != _KEY for root in roots.values()):
            raise KeyringError("the keyring holds no valid key; restore it from its own copy")
        self._roots = dict(roots)
        self._random = random
        self._newest = max(roots)
        self._boxes: dict[tuple[int, str], Box] = {}
        self._index_keys: dict[str, bytes] = {}

    @property
    def version(self) -> int:
        """The version that seals now."""
        return self._newest

    def seal(self, purpose: Purpose, plaintext: bytes, *place: str) -> bytes:
        """Seal a column's value for its place (table, column, row)."""
        version = self._newest
        box = self._box(version, purpose)
        return version.to_bytes(2, "big") + box.seal(plaintext, purpose, str(version), *place)

    def open(self, purpose: Purpose, sealed: bytes, *place: str) -> bytes:
        """Open it; raises :class:`SealError` when the place, key or bytes are wrong."""
        version = int.from_bytes(sealed[:2], "big")
        if version not in self._roots:
            raise SealError("key_missing", "this keyring lacks the version that sealed the value")
        return self._box(version, purpose).open(sealed[2:], purpose, str(version), *place)

    def index(self, purpose: IndexPurpose, *fields: str) -> bytes:
        """Blind index: 32 bytes that find a row without telling what it stands for."""
        key = self._index_keys.get(purpose)
        if key is None:
            key = _derive(self._roots[min(self._roots)], f"index.{purpose}")
            self._index_keys[purpose] = key
        return hmac.digest(key, bind(*fields), "sha256")

    def signer(self) -> SigningKey:
        """The server's own signing key (inbox keys are served under it)."""
        return SigningKey(_derive(self._roots[min(self._roots)], "server-signing"))

    def _box(self, version: int, purpose: str) -> Box:
        box = self._boxes.get((version, purpose))
        if box is None:
            box = Box(_derive(self._roots[version], f"box.{purpose}"), self._random)
            self._boxes[version, purpose] = box
        return box

    def __repr__(self) -> str:
        return "<sealed>"


def load_keyring(path: Path, random: Callable[[int], bytes], *, create: bool) -> Keyring:
    """Read the keyring file (mode 0600, JSON ``{"format": 1, "keys": {"1": hex}}``).

    With ``create`` a missing one is made (first ``make run``). Without, a missing keyring stops
    the start: a fresh one would open nothing that was sealed before.
    """
    if create and not path.exists():
        _write_new(path, random(_KEY))
    try:
        document = json.loads(path.read_text("utf-8"))
        roots = {int(v): bytes.fromhex(key) for v, key in document["keys"].items()}
    except FileNotFoundError as error:
        raise KeyringError(
            f"no keyring at {path.name}: mount it, or make one with `relais keys init`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyringError(
            f"the keyring {path.name} cannot be read; restore it from its own copy"
        ) from error
    return Keyring(roots, random)


def _write_new(path: Path, root: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"format": 1, "keys": {"1": root.hex()}}, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # fails if another process was first; then theirs is read
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
