"""The three kinds of keys the backend holds, in one object."""

from dataclasses import dataclass

from backend.ambient import World
from backend.settings import Settings
from backend.vault.draft_keys import DraftKeys
from backend.vault.inbox import InboxKeys
from backend.vault.keyring import Keyring
from backend.vault.keyring_source import load_keyring, passphrase_from


@dataclass(frozen=True, slots=True)
class Vault:
    """Keyring (outlives conversations), draft keys (a few days), inbox keys (weeks)."""

    keyring: Keyring
    drafts: DraftKeys
    inbox: InboxKeys

    def __repr__(self) -> str:
        return "<sealed>"


def open_vault(settings: Settings, world: World) -> Vault:
    """Load the keys; in demo mode a missing keyring is made. Raises ``ConfigurationError``."""
    keyring = load_keyring(
        settings.keyring_path,
        world.random,
        create=settings.mode == "demo",
        passphrase=passphrase_from(settings),
    )
    directory = settings.draft_keys_path
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Vault(
        keyring=keyring,
        drafts=DraftKeys(directory, world.random),
        inbox=InboxKeys(directory, world.random, keyring.signer()),
    )
