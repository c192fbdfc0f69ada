"""The keyring's file: format 2, plain or under a passphrase; format 1 is still read.

Plain: ``{"format": 2, "keys": {"1": hex}, "fixed": {label: hex}}``. Under a passphrase:
``{"format": 2, "argon": {salt, memory_kib, passes, lanes}, "sealed": base64}``, whose inside is the
plain document. Mode 0600, written whole and moved into place.
"""

import base64
import binascii
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from backend.errors import ConfigurationError
from backend.vault.day_files import sync_directory
from sealing import Box, SealError

FORMAT: Final = 2
_PLACE: Final = ("keyring", "file", "2")
_ARGON: Final = {"memory_kib": 65_536, "passes": 3, "lanes": 1}
_SALT: Final = 16


class KeyringError(ConfigurationError):
    """The keyring cannot be used; the text tells the operator what to do."""


class PassphraseNeeded(KeyringError):
    """The file is under a passphrase, and none was given or it was wrong."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a keyring file holds: 32 bytes a version, and the keys that never change."""

    roots: dict[int, bytes]
    fixed: dict[str, bytes] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "<sealed>"


@dataclass(frozen=True, slots=True)
class Wrap:
    """The key that a passphrase gives, and the parameters it came from."""

    argon: dict[str, Any]
    key: bytes

    def __repr__(self) -> str:
        return "<sealed>"


def make_wrap(passphrase: str, random: Callable[[int], bytes]) -> Wrap:
    """For a file that is to be protected from now on."""
    argon = {"salt": base64.b64encode(random(_SALT)).decode(), **_ARGON}
    return Wrap(argon, _derive(passphrase, argon))


def _derive(passphrase: str, argon: dict[str, Any]) -> bytes:
    try:
        return Argon2id(
            salt=base64.b64decode(argon["salt"], validate=True),
            length=32,
            iterations=int(argon["passes"]),
            lanes=int(argon["lanes"]),
            memory_cost=int(argon["memory_kib"]),
        ).derive(passphrase.encode())
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise KeyringError("the keyring's passphrase parameters are damaged") from error


def read_keyring(
    path: Path, *, passphrase: Callable[[], str] | None = None, wrap: Wrap | None = None
) -> tuple[Material, Wrap | None]:
    """The file's material, and the wrap if it is under a passphrase.

    ``wrap`` of an earlier reading opens it again without asking. Raises :class:`KeyringError`.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if "sealed" in document:
            document, wrap = _unwrapped(document, passphrase, wrap)
        else:
            wrap = None
        return _material(document), wrap
    except FileNotFoundError as error:
        raise KeyringError(
            f"no keyring at {path.name}: mount it, or make one with `relais keys init`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyringError(
            f"the keyring {path.name} cannot be read; restore it from its own copy"
        ) from error


def _material(document: dict[str, Any]) -> Material:
    if document.get("format", 1) > FORMAT:
        raise KeyringError("this keyring was written by a newer release; upgrade first")
    roots = {int(v): bytes.fromhex(key) for v, key in document["keys"].items()}
    fixed = {str(n): bytes.fromhex(key) for n, key in document.get("fixed", {}).items()}
    return Material(roots, fixed)


def _unwrapped(
    document: dict[str, Any], passphrase: Callable[[], str] | None, wrap: Wrap | None
) -> tuple[dict[str, Any], Wrap]:
    argon, sealed = document["argon"], base64.b64decode(document["sealed"], validate=True)
    if wrap is None or wrap.argon != argon:
        if passphrase is None:
            raise PassphraseNeeded(
                "the keyring is under a passphrase: set RELAIS_KEYRING_PASSPHRASE_FILE, "
                "or start from a terminal"
            )
        wrap = Wrap(argon, _derive(passphrase(), argon))
    try:
        inside: dict[str, Any] = json.loads(Box(wrap.key, _no_random).open(sealed, *_PLACE))
    except SealError as error:
        raise PassphraseNeeded("that passphrase does not open the keyring; try again") from error
    return inside, wrap


def _no_random(_: int) -> bytes:
    raise AssertionError("opening draws no random bytes")


def write_keyring(
    path: Path,
    material: Material,
    random: Callable[[int], bytes],
    *,
    wrap: Wrap | None = None,
    new: bool = False,
) -> None:
    """Write the whole file and move it into place; ``new``: an existing one is left as it is."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "keys": {str(v): root.hex() for v, root in sorted(material.roots.items())},
        "fixed": {name: key.hex() for name, key in sorted(material.fixed.items())},
    }
    if wrap is not None:
        sealed = Box(wrap.key, random).seal(json.dumps(document).encode(), *_PLACE)
        document = {
            "format": FORMAT,
            "argon": wrap.argon,
            "sealed": base64.b64encode(sealed).decode(),
        }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Never the name of one that a crash left: in a container every process has the same number.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{random(6).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        if new:
            with suppress(FileExistsError):  # another process was first; then theirs is read
                os.link(temporary, path)
        else:
            temporary.replace(path)
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Whoever changes the file is alone: of two that add a version one would lose its own.

    Raises :class:`KeyringError` when another command is at it, or where there is no such folder.
    """
    try:
        descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise KeyringError(
            f"the folder of {path.name} cannot be used ({error.strerror}): mount it, or see "
            "RELAIS_KEYRING_FILE"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise KeyringError("another `relais keys` command is at work; wait for it") from error
    finally:
        os.close(descriptor)
