"""Somebody who writes in the database, or holds a copy of it, gets no further than that."""

import ast
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from backend.alerts.unreachable import act_on_unreachable
from backend.chats import MARKED
from backend.database.tables import (
    cases,
    compartments,
    conversations,
    deliveries,
    earlier_cases,
    items,
    quarantine,
    return_codes,
)
from backend.deliveries.settling import UNREACHABLE
from backend.errors import ConfigurationError
from backend.jobs import Job
from backend.vault.genuine import mark_of
from backend.vault.vouching import hold_restored, vouch_once
from sealing import KeyPair
from tests.backend.chats import Chat
from tests.backend.console_cases import open_case
from tests.backend.nights import TO_MORE, Night, another_phone

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
    victim = next(one["id"] for one in before["items"] if one["kind"] == "answer")
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


# -- where a chat leads --------------------------------------------------------------------------


async def _hers(night: Night) -> Any:
    (row,) = await night.rows(
        select(conversations).where(
            conversations.c.member_id.is_(None), conversations.c.case_id.is_not(None)
        )
    )
    return row


async def _write(night: Night, statement: Any) -> None:
    async with night.console.relais.db.write() as tx:
        await tx.execute(statement)


async def test_a_chat_that_is_pointed_at_another_case_seals_nothing_to_it(night: Night) -> None:
    """What she tells is set aside; she can leave, and erasing takes nobody else's request."""
    theirs = await open_case(night.console.relais, [night.ada.member_id], number=5)
    await night.says(*TO_MORE)
    hers = await _hers(night)
    before = await _many(night)
    await _write(night, update(conversations).where(_is(hers)).values(case_id=theirs))
    for _ in range(3):
        await night.chat.posts({"kind": "text", "text": "1"}, "after")
    assert await _many(night) == before
    assert len(await night.rows(select(quarantine))) == 1
    before_row = await _hers(night)
    assert "A person will look at it" in await night.says("erase", "1")
    left = {row.id: row.status for row in await night.rows(select(cases))}
    assert (left[theirs], left[hers.case_id]) == ("open", "open")
    after = await _hers(night)
    assert (after.case_id, after.mark) == (before_row.case_id, before_row.mark), "for the operator"
    await night.jobs()
    sent = await night.rows(select(deliveries.c.purpose, deliveries.c.dedupe_key))
    assert any((row.dedupe_key or "").startswith("owed:") for row in sent)


async def test_who_is_given_her_chat_hears_nothing_of_it(night: Night) -> None:
    """Another's address in her row: whoever writes from there learns no word and no status."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    stranger = another_phone(night)
    await stranger.says("hello")
    index = night.console.relais.vault.keyring.index("address", "telegram", "777")
    await _write(night, delete(deliveries).where(deliveries.c.conversation_id != "-"))
    mine = conversations.c.address_index == index
    await _write(night, delete(conversations).where(mine))
    hers = await _hers(night)
    await _write(night, update(conversations).where(_is(hers)).values(address_index=index))
    for number, text in enumerate(("hello", "hello", "hello", "1", "status", "status")):
        event = f"try-{number // 3}"
        answer = await stranger.chat.posts({"kind": "text", "text": text}, event)
        assert "helper has" not in answer.text.lower()


async def test_a_chat_that_is_called_a_members_is_sent_no_alert(night: Night) -> None:
    """Nor does it answer to a member's words."""
    stranger = another_phone(night)
    await stranger.says("hello")
    index = night.console.relais.vault.keyring.index("address", "telegram", "777")
    theirs = conversations.c.address_index == index
    await _write(night, update(conversations).where(theirs).values(member_id=night.ada.member_id))
    await night.says(*TO_MORE)
    await night.jobs()
    (chat,) = await night.rows(select(conversations.c.id).where(theirs))
    sent = await night.rows(select(deliveries.c.conversation_id, deliveries.c.purpose))
    told = {row.conversation_id for row in sent if row.purpose == "alert"}
    assert told
    assert chat.id not in told


async def test_a_code_that_was_put_into_the_database_leads_nowhere(night: Night) -> None:
    """Not even one whose row was copied from a genuine one."""
    await night.says(*TO_MORE, "3")
    hers = await _hers(night)
    keyring = night.console.relais.vault.keyring
    (row, *_) = await night.rows(select(return_codes))
    copied = {**row._mapping, "code_index": keyring.index("return_code", "1" * 16)}
    led = {"code_index": keyring.index("return_code", "2" * 16), "case_id": hers.case_id}
    await _write(night, insert(return_codes).values(copied))
    await _write(night, insert(return_codes).values({**copied, **led}))
    for code in ("1" * 16, "2" * 16):
        phone = another_phone(night, code[:3])
        await phone.says(code)
        assert await phone.present_of_chat() is None


async def test_an_earlier_request_that_was_put_into_the_database_is_not_taken_up(
    night: Night,
) -> None:
    """Somebody else's case under a chat, with a sign that its owner knows; nor is it erased."""
    theirs = await open_case(night.console.relais, [night.ada.member_id], number=5)
    stranger = another_phone(night)
    await stranger.says("hello", "1", "1")
    index = night.console.relais.vault.keyring.index("address", "telegram", "777")
    (chat,) = await night.rows(select(conversations).where(conversations.c.address_index == index))
    sign = night.console.relais.vault.keyring.index("sign", chat.id, "rose")
    await _write(
        night,
        insert(earlier_cases).values(
            conversation_id=chat.id, case_id=theirs, sign_index=sign, contact=False
        ),
    )
    await stranger.says("00", "hello", "1", "1", "rose")
    assert await stranger.present_of_chat() is None
    await stranger.says("erase", "1")
    (row,) = await night.rows(select(cases.c.status).where(cases.c.id == theirs))
    assert row.status == "open"


async def test_chats_of_an_earlier_version_are_marked_once(night: Night) -> None:
    """Like keys and items; a chat goes on as it was."""
    await night.says(*TO_MORE)
    relais = night.console.relais
    days = relais.settings.draft_keys_path
    (days / "links-made").unlink(missing_ok=True)
    for table in (conversations, earlier_cases, return_codes):
        await _write(night, update(table).values(mark=None))
    assert await vouch_once(relais.db, relais.vault.keyring, days) >= 4
    assert await vouch_once(relais.db, relais.vault.keyring, days) == 0
    assert "shall I keep" in await night.says("1")


def _is(row: Any) -> Any:
    return conversations.c.id == row.id


async def test_a_backup_of_before_marks_does_not_start_unseen(night: Night) -> None:
    """Its chats would lead nowhere; the start says what to do. A first start is not one."""
    days = night.console.relais.settings.draft_keys_path
    for name in ("marks-made", "links-made"):
        (days / name).touch()
    await hold_restored(None, days)
    await hold_restored("0008", days)
    for older in ("0006", "0007"):
        with pytest.raises(ConfigurationError, match="relais keys vouch"):
            await hold_restored(older, days)
    (days / "links-made").unlink()
    await hold_restored("0007", days)


async def test_a_responder_whose_chat_was_given_up_is_alerted_again_once_linked(
    night: Night,
) -> None:
    """The messenger took nothing; she links the same chat anew: it is hers, with its mark."""
    relais = night.console.relais
    (chat,) = await night.rows(
        select(conversations).where(conversations.c.member_id == night.ada.member_id)
    )
    async with relais.db.write() as tx:
        await act_on_unreachable(tx, relais, Job("j", UNREACHABLE, "k", chat.id, 0))
    phone = Chat(night.chat.client, relais, "ada-chat", count=9)
    linked = await phone.says((await night.ada.post("/v1/me/link-codes")).json()["code"])
    assert "Linked" in linked
    await night.ada.post("/v1/me/on-call", {"on_call": True})
    await night.says(*TO_MORE)
    await night.jobs()
    sent = await night.rows(select(deliveries.c.conversation_id, deliveries.c.purpose))
    assert chat.id in {row.conversation_id for row in sent if row.purpose == "alert"}


def test_every_writer_of_where_a_chat_leads_makes_its_mark() -> None:
    """No statement elsewhere sets these columns: `relink`, the turn, and what makes rows do."""
    links = {name for names in MARKED.values() for name in names} - {"id", "channel"}
    allowed = {"chats.py", "vouching.py", "codes.py", "applying.py", "committing.py"}
    tables = {table.name for table in MARKED}
    wrong = []
    for path in sorted(Path("backend").rglob("*.py")):
        if path.name in allowed or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "values":
                continue
            on = {one.id for one in ast.walk(node.func) if isinstance(one, ast.Name)}
            sets = {str(one.arg) for one in node.keywords}
            if on & tables and sets & links:
                wrong.append((str(path), node.lineno, sorted(sets & links)))
    assert wrong == []
