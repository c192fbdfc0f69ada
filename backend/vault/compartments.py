"""Compartments of a case and their first grants.

A compartment is an X-Wing key pair. Its seed is sealed to its recipients at once and forgotten in
the same call: the server keeps the public half, so that it can add and never read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sealing import Context, KeyPair, PublicKey, seal_text

COMPARTMENTS: Final = (
    "brief",
    "medical",
    "account",
    "perpetrator",
    "evidence",
    "messages",
    "team",
)
HELP: Final = ("brief", "medical", "team")
"""Created when help is asked for."""
RECOVERY: Final = "recovery"
"""Holder of the year's recovery grants."""
ACCOUNT: Final = ("account", "perpetrator", "evidence")
"""Created when part 2 begins."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Someone in the signed roster (or the year's recovery key) who is granted a compartment."""

    id: str
    kem: PublicKey


@dataclass(frozen=True, slots=True)
class Grant:
    """A compartment's seed, sealed to one holder."""

    holder: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Compartment:
    """The public half and the grants that were made with it."""

    name: str
    generation: int
    public: PublicKey
    grants: tuple[Grant, ...]


def create_compartments(
    case_id: str,
    names: Iterable[str],
    holders: Iterable[Holder],
    random: Callable[[int], bytes],
    *,
    generation: int = 1,
) -> list[Compartment]:
    """Make key pairs for ``names`` and seal each seed to every holder.

    Raises ``ValueError`` without a holder: what nobody can open must not be collected.
    """
    recipients = list(holders)
    if not recipients:
        raise ValueError("a compartment needs at least one holder")
    made = []
    for name in names:
        seed = random(32)
        grants = tuple(
            Grant(
                holder.id,
                seal_text(seed, holder.kem, Context(case_id, name, generation, holder.id, "grant")),
            )
            for holder in recipients
        )
        made.append(Compartment(name, generation, KeyPair(seed).public, grants))
    return made


def seal_item(
    plaintext: bytes,
    *,
    case_id: str,
    compartment: str,
    generation: int,
    public: bytes,
    item_id: str,
    kind: str,
) -> bytes:
    """Seal one item (answer, consent, step) for the holders of its compartment."""
    context = Context(case_id, compartment, generation, item_id, kind)
    return seal_text(plaintext, PublicKey(public), context)
