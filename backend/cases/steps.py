"""Noted steps: items that a responder's browser sealed, which the server only puts away."""

import hashlib
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.recording import item_slot
from backend.cases.schemas import StepIn
from backend.database.statements import insert_or_ignore
from backend.database.tables import compartments, items, members
from backend.errors import RelaisError
from backend.relais import Relais
from backend.vault.genuine import item_mark
from sealing import Context, verify

STEP: Final = "step"
"""Purpose of the signature over a step."""
_PLACE: Final = "team"
_KIND: Final = "step"
_MAGIC: Final = b"RLS\x01"


async def add_step(
    tx: AsyncConnection, relais: Relais, case_id: str, author: str, step: StepIn
) -> None:
    """Store the sealed step. Sending the same one again changes nothing.

    ``author``: the member. Raises 422 ``not_sealed`` or ``not_signed``, 409 ``other_generation`` or
    409 ``item_exists``. The caller has made sure that the member has the case.
    """
    if not step.sealed.startswith(_MAGIC):
        raise RelaisError(422, "not_sealed", "Seal the step before you send it.")
    known = await tx.execute(
        select(compartments.c.generation).where(
            compartments.c.case_id == case_id,
            compartments.c.name == _PLACE,
            compartments.c.generation == step.generation,
        )
    )
    if known.first() is None:
        raise RelaisError(409, "other_generation", "Open the case again, then note the step.")
    key = await tx.execute(select(members.c.sign_public).where(members.c.id == author))
    what = Context(case_id, _PLACE, step.generation, step.item_id, _KIND)
    if not verify(key.scalar_one(), STEP, signed_step(what, step.sealed), step.signature):
        raise RelaisError(422, "not_signed", "Sign the step with your own key.")
    row: dict[str, Any] = {
        "id": step.item_id,
        "case_id": case_id,
        "compartment": _PLACE,
        "generation": step.generation,
        "kind": _KIND,
        "slot": item_slot(relais, case_id, _KIND, step.item_id),
        "sealed": step.sealed,
        "made_at": relais.world.now(),
        "author": author,
        "signature": step.signature,
    }
    row["mark"] = item_mark(relais.vault.keyring, row)
    added = await tx.execute(insert_or_ignore(relais.db.dialect, items).values(**row))
    if added.rowcount != 1 and not await _same(tx, case_id, step):
        raise RelaisError(409, "item_exists", "Send the step under a new id.")


def signed_step(place: Context, sealed: bytes) -> bytes:
    """What its author signs: the place that the ciphertext is bound to, and the SHA-256 of it."""
    return place.info() + hashlib.sha256(sealed).digest()


async def _same(tx: AsyncConnection, case_id: str, step: StepIn) -> bool:
    found = await tx.execute(
        select(items.c.sealed).where(items.c.id == step.item_id, items.c.case_id == case_id)
    )
    return found.scalar_one_or_none() == step.sealed
