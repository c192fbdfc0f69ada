"""Somebody who writes in the database, or holds a copy of it, gets no further than that."""

from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from backend.database.tables import compartments, items
from backend.vault.genuine import mark_of
from sealing import KeyPair
from tests.backend.nights import TO_MORE, Night

THEIRS = KeyPair(b"\x07" * 32).public.raw
"""A public half whose seed the attacker has."""


async def _swap(night: Night, **values: Any) -> None:
    """Every compartment gets the attacker's key."""
    async with night.console.relais.db.write() as tx:
        await tx.execute(update(compartments).values(public=THEIRS, **values))


async def _many(night: Night) -> int:
    (row,) = await night.rows(select(func.count()).select_from(items))
    return int(row[0])


async def test_nothing_is_sealed_to_a_key_that_the_database_was_given(night: Night) -> None:
    """Her next answer fails, and is not lost: the bot keeps it until somebody looked."""
    await night.says(*TO_MORE)
    before = await _many(night)
    await _swap(night)
    answer = await night.chat.posts({"kind": "text", "text": "1"}, "after")
    assert (answer.status_code, answer.json()["code"]) == (500, "not_genuine")
    assert await _many(night) == before


async def test_a_new_generation_out_of_nowhere_is_not_sealed_to(night: Night) -> None:
    """Neither is one whose mark was copied from another place."""
    await night.says(*TO_MORE)
    (row, *_) = await night.rows(select(compartments).where(compartments.c.name == "brief"))
    async with night.console.relais.db.write() as tx:
        await tx.execute(
            insert(compartments).values(
                case_id=row.case_id, name="brief", generation=2, public=THEIRS, mark=row.mark
            )
        )
    answer = await night.chat.posts({"kind": "text", "text": "1"}, "after")
    assert answer.json()["code"] == "not_genuine"


async def test_no_browser_is_given_a_key_that_the_database_was_given(night: Night) -> None:
    """What a member writes is sealed in a browser, to what the server hands out."""
    await night.says(*TO_MORE)
    case_id = await night.takes()
    url = f"/v1/cases/{case_id}"
    assert (await night.ada.get(url, reason="test")).json()["grants"]
    await _swap(night)
    answer = await night.ada.get(url, reason="test")
    assert (answer.status_code, answer.json()["grants"]) == (200, [])


@pytest.mark.parametrize("other", ["case", "name", "generation", "public"])
async def test_a_mark_belongs_to_one_place(night: Night, other: str) -> None:
    """The same key under another case, name or generation has another mark."""
    keyring = night.console.relais.vault.keyring
    place: dict[str, Any] = {"case": "a", "name": "brief", "generation": 1, "public": b"k"}
    moved = place | {other: 2 if other == "generation" else place[other] * 2}
    assert mark_of(keyring, *place.values()) != mark_of(keyring, *moved.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"mark": None},
        {"sealed": b"RLS\x01" + bytes(1200)},
        {"kind": "consent"},
        {"author": "a" * 32},
    ],
)
async def test_what_the_database_was_given_is_not_shown(
    night: Night, changes: dict[str, Any]
) -> None:
    """Anybody can seal to a public key: an item that this server did not put there is counted."""
    await night.says(*TO_MORE)
    case_id = await night.takes()
    url = f"/v1/cases/{case_id}"
    before = (await night.ada.get(url)).json()
    assert before["strange"] == 0
    victim = before["items"][0]["id"]
    async with night.console.relais.db.write() as tx:
        await tx.execute(update(items).where(items.c.id == victim).values(**changes))
    after = (await night.ada.get(url)).json()
    assert after["strange"] == 1
    assert victim not in {one["id"] for one in after["items"]}
    assert len(after["items"]) == len(before["items"]) - 1


async def test_an_item_moved_into_another_place_is_not_shown(night: Night) -> None:
    """Not even a genuine one, under another id."""
    await night.says(*TO_MORE)
    case_id = await night.takes()
    (row, *_) = await night.rows(select(items).where(items.c.compartment == "brief"))
    async with night.console.relais.db.write() as tx:
        await tx.execute(insert(items).values({**row._mapping, "id": "f" * 32}))
    assert (await night.ada.get(f"/v1/cases/{case_id}")).json()["strange"] == 1
