"""Public halves and items that this server put into the database itself.

Whoever can write in the database could put a key of their own in the place of a compartment's, and
everything that is sealed from then on would be theirs to read; and since a public half is public,
they could seal words of their own as if they were hers. So each public half and each item stands
beside a keyed mark that only the keyring makes: nothing is sealed to a key without it, and nothing
is shown that lacks it.
"""

import hashlib
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import structlog

from backend.vault.keyring import Keyring

log = structlog.get_logger("relais.vault")


class NotGenuine(Exception):
    """A key of this case is not one that this server made: nothing is sealed to it.

    Somebody changed the database. What was to be sealed is set aside, still sealed as it came.
    """


def mark_of(keyring: Keyring, case_id: str, name: str, generation: int, public: bytes) -> bytes:
    """32 bytes that belong to this public half in this place alone."""
    return keyring.index("compartment", case_id, name, str(generation), public.hex())


def is_genuine(keyring: Keyring, case_id: str, row: Any) -> bool:
    """``row`` has ``name``, ``generation``, ``public`` and ``mark``."""
    right = mark_of(keyring, case_id, row.name, row.generation, row.public)
    if row.mark is not None and compare_digest(row.mark, right):
        return True
    log.error("compartment_not_genuine", compartment=row.name, generation=row.generation)
    return False


def item_mark(keyring: Keyring, item: Mapping[str, Any]) -> bytes:
    """32 bytes that belong to this row of ``items``: place, moment, author and ciphertext.

    Not to ``held``, which ends when she sends what she told.
    """
    return keyring.index(
        "item",
        item["case_id"],
        item["compartment"],
        str(item["generation"]),
        item["id"],
        item["kind"],
        item["slot"].hex(),
        str(item["made_at"]),
        item.get("author") or "",
        hashlib.sha256(item["sealed"]).hexdigest(),
        (item.get("signature") or b"").hex(),
    )


def is_genuine_item(keyring: Keyring, row: Any) -> bool:
    """Whether this server put a row of ``items`` there as it is now."""
    right = item_mark(keyring, dict(row._mapping))
    if row.mark is not None and compare_digest(row.mark, right):
        return True
    log.error("item_not_genuine", compartment=row.compartment, kind=row.kind)
    return False
