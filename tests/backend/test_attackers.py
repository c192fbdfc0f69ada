"""Somebody who writes in the database, or holds a copy of it, gets no further than that."""

from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from backend.database.tables import compartments, items, quarantine
from backend.vault.genuine import mark_of
from backend.vault.vouching import vouch_once
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
    """Her next answer fails, and is set aside sealed until somebody looked. She can still leave."""
    await night.says(*TO_MORE, "1", "1")
    before = await _many(night)
    await _swap(night)
    for _ in range(3):
        await night.chat.posts({"kind": "text", "text": "1"}, "after")
    assert await _many(night) == before
    assert len(await night.rows(select(quarantine))) == 1
    gone = await night.chat.posts({"kind": "text", "text": "00"}, "leave")
    assert gone.json()["delivery"]["kind"] == "forget"
    assert "Goodbye" in await night.chat.settles(gone.json()["delivery"])


async def test_who_erases_is_not_kept_by_a_key_that_is_not_genuine(night: Night) -> None:
    """Nothing is sealed for it."""
    await night.says(*TO_MORE)
    await _swap(night)
    await night.says("erase", "1", "1")
    assert (await night.case()).status == "erased"


async def test_silence_is_heard_where_a_key_is_not_genuine(night: Night) -> None:
    """Her choice for silence holds."""
    await night.says(*TO_MORE)
    await _swap(night)
    await night.silence()
    assert (await night.state()).mode != "asking"


async def test_a_new_generation_out_of_nowhere_is_not_sealed_to(night: Night) -> None:
    """Neither is one whose mark was copied from another place."""
    await night.says(*TO_MORE, "1", "1")
    (row, *_) = await night.rows(select(compartments).where(compartments.c.name == "account"))
    async with night.console.relais.db.write() as tx:
        await tx.execute(
            insert(compartments).values(
                case_id=row.case_id, name="account", generation=2, public=THEIRS, mark=row.mark
            )
        )
    for _ in range(3):
        await night.chat.posts({"kind": "text", "text": "1"}, "after")
    assert len(await night.rows(select(quarantine))) == 1


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


async def test_what_an_earlier_version_made_is_marked_once(night: Night) -> None:
    """At the first start; after that, what lacks a mark was put there by somebody else."""
    await night.says(*TO_MORE)
    case_id = await night.takes()
    relais = night.console.relais
    days = relais.settings.draft_keys_path
    (days / "marks-made").unlink(missing_ok=True)

    async def bare() -> None:
        async with relais.db.write() as tx:
            for table in (compartments, items):
                await tx.execute(update(table).values(mark=None))

    await bare()
    assert await vouch_once(relais.db, relais.vault.keyring, days) > 0
    url = f"/v1/cases/{case_id}"
    found = (await night.ada.get(url)).json()
    assert (found["strange"], bool(found["grants"])) == (0, True)
    await bare()
    assert await vouch_once(relais.db, relais.vault.keyring, days) == 0
    found = (await night.ada.get(url)).json()
    assert (found["items"], found["grants"]) == ([], [])
