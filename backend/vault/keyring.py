"""The keyring: versioned keys that live outside the database and its backups.

One random root a version; keys for each purpose come from it by HKDF. Sealed values carry the
version that sealed them (first two bytes), so a new version can be added while serving: a backend
that meets a version it does not know reads the file again.

Blind indexes (HMAC) and the server's signing key never change with a version, since an index
cannot be looked up under two keys; they are a part of the keyring of their own.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

from backend.vault.keyring_file import KeyringError, Material
from sealing import Box, SealError, SigningKey, bind, derive

Purpose = Literal["addresses", "routing", "contact", "members", "statistics"]
IndexPurpose = Literal[
    "address",
    "event",
    "return_code",
    "sign",
    "slot",
    "token",
    "login",
    "throttle",
    "compartment",
    "item",
    "chat",
]
_SIGNING: Final = "server-signing"
_LATER: Final = ("chat",)
"""Index purposes that came after files had fixed keys."""
_KEY: Final = 32


def fixed_keys(root: bytes) -> dict[str, bytes]:
    """The keys that no rotation changes, each derived for its purpose."""
    labels = [f"index.{purpose}" for purpose in get_args(IndexPurpose)]
    return {label: derive(root, "keyring", label) for label in (*labels, _SIGNING)}


class Keyring:
    """Seals under the newest version, opens under any. Prints as ``<sealed>``.

    ``fixed``: see :func:`fixed_keys`; without them the oldest root's, as files of format 1 have it.
    ``reload``: reads the file again.
    """

    def __init__(
        self,
        roots: Mapping[int, bytes],
        random: Callable[[int], bytes],
        *,
        fixed: Mapping[str, bytes] | None = None,
        reload: Callable[[], Material] | None = None,
    ) -> None:
        if not roots or any(len(root) != _KEY for root in roots.values()):
            raise KeyringError("the keyring holds no valid key; restore it from its own copy")
        self._roots = dict(roots)
        self._random = random
        self._reload = reload
        self._newest = max(roots)
        self._boxes: dict[tuple[int, str], Box] = {}
        self._fixed = fixed_keys(self._roots[min(self._roots)]) | dict(fixed or {})
        if fixed and _SIGNING in fixed:
            # A file of before has no key for these: of one that no retired root takes away.
            later = {f"index.{one}" for one in _LATER} - set(fixed)
            self._fixed |= {label: derive(fixed[_SIGNING], "keyring", label) for label in later}
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """The version that seals now."""
        return self._newest

    @property
    def versions(self) -> list[int]:
        """Every version that can be opened, oldest first."""
        return sorted(self._roots)

    @property
    def fixed(self) -> dict[str, bytes]:
        """The keys that no rotation changes, for the file."""
        return dict(self._fixed)

    def seal(self, purpose: Purpose, plaintext: bytes, *place: str) -> bytes:
        """Seal a column's value for its place (table, column, row)."""
        version = self._newest
        box = self._box(version, purpose)
        return version.to_bytes(2, "big") + box.seal(plaintext, purpose, str(version), *place)

    def open(self, purpose: Purpose, sealed: bytes, *place: str) -> bytes:
        """Open it; raises :class:`SealError` when the place, key or bytes are wrong."""
        version = version_of(sealed)
        if version not in self._roots:
            self.refresh()
        if version not in self._roots:
            raise SealError("key_missing", "this keyring lacks the version that sealed the value")
        return self._box(version, purpose).open(sealed[2:], purpose, str(version), *place)

    def index(self, purpose: IndexPurpose, *fields: str) -> bytes:
        """Blind index: 32 bytes that find a row without telling what it stands for."""
        return hmac.digest(self._fixed[f"index.{purpose}"], bind(*fields), "sha256")

    def signer(self) -> SigningKey:
        """The server's own signing key (inbox keys are served under it)."""
        return SigningKey(self._fixed[_SIGNING])

    def refresh(self) -> None:
        """Take up versions that were added to the file, and let go of those that were retired.

        A file that cannot be read now changes nothing: what is known keeps working.
        """
        if self._reload is None:
            return
        try:
            material = self._reload()
        except KeyringError:
            return
        if any(len(root) != _KEY for root in material.roots.values()) or not material.roots:
            return
        with self._lock:
            self._roots = dict(material.roots)
            self._boxes = {at: box for at, box in self._boxes.items() if at[0] in self._roots}
            self._newest = max(self._roots)

    def _box(self, version: int, purpose: str) -> Box:
        box = self._boxes.get((version, purpose))
        if box is None:
            key = derive(self._roots[version], "keyring", f"box.{purpose}")
            box = self._boxes[version, purpose] = Box(key, self._random)
        return box

    def __repr__(self) -> str:
        return "<sealed>"


def version_of(sealed: bytes) -> int:
    """The version that sealed this value."""
    return int.from_bytes(sealed[:2], "big")
