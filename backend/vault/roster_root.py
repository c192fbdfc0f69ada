"""The one key whose rosters count: pinned in the settings or beside the draft keys; the demo's own.

Nobody need type it: the first coordinator's key becomes the root with the first roster, and is
kept in a file outside the database, as the settings would have it.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from backend.errors import ConfigurationError
from backend.settings import Settings
from backend.vault.day_files import read_or_create
from sealing import SigningKey

DEMO_KEY: Final = "demo-coordinator.key"
NAME: Final = "roster-root"


def pinned_root(settings: Settings) -> bytes | None:
    """The 32 public bytes to which every roster's signature leads; None before the first one."""
    if settings.mode == "demo":
        try:
            return SigningKey((settings.data_dir / "keys" / DEMO_KEY).read_bytes()).public
        except FileNotFoundError:
            return None
    kept = _kept(settings)
    if not settings.roster_root:
        return kept
    root = _decoded(settings.roster_root, "RELAIS_ROSTER_ROOT")
    if kept is not None and kept != root:
        raise ConfigurationError(
            f"RELAIS_ROSTER_ROOT is another root than {NAME} beside the draft keys; "
            "find out which is right before you remove either"
        )
    return root


def _kept(settings: Settings) -> bytes | None:
    try:
        text = (settings.draft_keys_path / NAME).read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{NAME} beside the draft keys cannot be read") from error
    return _decoded(text, NAME)


def _decoded(text: str, name: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    try:
        root = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError(f"{name} is not base64url") from error
    if len(root) != 32:
        raise ConfigurationError(f"{name} must hold the 32 bytes of an Ed25519 key")
    return root


def pin_root(settings: Settings, root: bytes) -> bytes:
    """Keep the root that the first roster brought; returns the one that is kept now."""
    text = f"{root_text(root)}\n".encode("ascii")
    kept = read_or_create(settings.draft_keys_path / NAME, lambda: text)
    return _decoded(kept.decode("ascii").strip(), NAME)


def root_text(root: bytes) -> str:
    """base64url without padding, as it stands in the invitation's URL."""
    return base64.urlsafe_b64encode(root).rstrip(b"=").decode("ascii")


def demo_signing_key(settings: Settings, random: Callable[[int], bytes]) -> SigningKey:
    """The demo coordinator's key (mode 0600, made at the first start). Production refuses."""
    if settings.mode != "demo":
        raise ConfigurationError("only the demo has a coordinator key on the server")
    path = settings.data_dir / "keys" / DEMO_KEY
    return SigningKey(read_or_create(path, lambda: random(32)))
