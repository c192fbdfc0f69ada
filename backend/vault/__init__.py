"""Keys, and everything that is sealed under them."""

from backend.vault.compartments import (
    COMPARTMENTS,
    Compartment,
    Holder,
    create_compartments,
    seal_item,
)
from backend.vault.draft_keys import DraftKeyGone, DraftKeys
from backend.vault.inbox import InboxKeys, InboxKeyUnknown
from backend.vault.keyring import Keyring
from backend.vault.keyring_file import KeyringError
from backend.vault.vault import Vault, open_vault

__all__ = [
    "COMPARTMENTS",
    "Compartment",
    "DraftKeyGone",
    "DraftKeys",
    "Holder",
    "InboxKeyUnknown",
    "InboxKeys",
    "Keyring",
    "KeyringError",
    "Vault",
    "create_compartments",
    "open_vault",
    "seal_item",
]
