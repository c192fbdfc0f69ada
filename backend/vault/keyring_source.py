"""Opening the keyring at a start: its file, and a passphrase if it is under one."""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from backend.settings import Settings
from backend.vault.keyring import Keyring, fixed_keys
from backend.vault.keyring_file import (
    KeyringError,
    Material,
    PassphraseNeeded,
    Wrap,
    read_keyring,
    write_keyring,
)

_TRIES: Final = 3
_KEY: Final = 32


def new_material(random: Callable[[int], bytes]) -> Material:
    """A first version, and keys of its own for what no rotation changes."""
    return Material({1: random(_KEY)}, fixed_keys(random(_KEY)))


def passphrase_from(settings: Settings) -> Callable[[], str] | None:
    """How this process asks for the keyring's passphrase; None when it cannot."""
    file = settings.keyring_passphrase_file
    if file is not None:
        return lambda: _first_line(file)
    return _asked if sys.stdin is not None and sys.stdin.isatty() else None


def _first_line(path: Path) -> str:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise KeyringError(f"the passphrase file {path.name} cannot be read") from error
    return lines[0] if lines else ""


def _asked() -> str:
    return getpass.getpass("Passphrase of the keyring: ")


def load_keyring(
    path: Path,
    random: Callable[[int], bytes],
    *,
    create: bool,
    passphrase: Callable[[], str] | None = None,
) -> Keyring:
    """Open the keyring file.

    With ``create`` a missing one is made (first ``make run``). Without, a missing keyring stops
    the start: a fresh one would open nothing that was sealed before.
    """
    if create and not path.exists():
        write_keyring(path, new_material(random), random, new=True)
    material, wrap = _opened(path, passphrase)
    return Keyring(
        material.roots,
        random,
        fixed=material.fixed,
        reload=lambda: read_keyring(path, wrap=wrap)[0],
    )


def _opened(path: Path, passphrase: Callable[[], str] | None) -> tuple[Material, Wrap | None]:
    """Whoever types the passphrase may mistype it."""
    for _ in range(_TRIES - 1 if passphrase is _asked else 0):
        try:
            return read_keyring(path, passphrase=passphrase)
        except PassphraseNeeded as error:
            sys.stderr.write(f"{error}\n")
    return read_keyring(path, passphrase=passphrase)
