"""The one key whose rosters count: pinned in the settings, or the marked key of the demo."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from backend.errors import ConfigurationError
from backend.settings import Settings
from backend.vault.day_files import read_or_create
from sealing import SigningKey

DEMO_KEY: Final = "demo-coordinator.key"


def pinned_root(settings: Settings) -> bytes | None:
    """The 32 public bytes that rosters must be signed under; None in a demo not yet begun."""
    if settings.mode == "demo":
        try:
            return SigningKey((settings.data_dir / "keys" / DEMO_KEY).read_bytes()).public
        except FileNotFoundError:
            return None
    padded = settings.roster_root + "=" * (-len(settings.roster_root) % 4)
    try:
        root = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError("RELAIS_ROSTER_ROOT is not base64url") from error
    if len(root) != 32:
        raise ConfigurationError("RELAIS_ROSTER_ROOT must hold the 32 bytes of an Ed25519 key")
    return root


def root_text(root: bytes) -> str:
    """base64url without padding, as it stands in the invitation's URL."""
    return base64.urlsafe_b64encode(root).rstrip(b"=").decode("ascii")


def demo_signing_key(settings: Settings, random: Callable[[int], bytes]) -> SigningKey:
    """The demo coordinator's key (mode 0600, made at the first start). Production refuses."""
    if settings.mode != "demo":
        raise ConfigurationError("only the demo has a coordinator key on the server")
    path = settings.data_dir / "keys" / DEMO_KEY
    return SigningKey(read_or_create(path, lambda: random(32)))
