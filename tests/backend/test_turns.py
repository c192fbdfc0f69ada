"""The bot API: one message is one turn, replays are harmless, order holds, rubbish is refused."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from backend.ambient import DAY
from backend.database import metadata
from backend.database.tables import conversations, deliveries, quarantine, return_codes
from backend.deliveries import Outgoing, enqueue
from backend.handlers import all_handlers
from backend.jobs import Runner
from backend.jobs.expiring import expire_conversations
from backend.turns import service
from conversation import Part, Reply
from sealing import Context, SealError, open_text
from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Console, running_console

SENTINEL = "Qzx7 vermillion heron"
TO_CONSENT = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "3")


async def test_a_conversation_moves_on(chat: Chat) -> None:
    """Greeting, safety, who reads: three messages, three answers."""
    assert "Choose your language" in await chat.says("hello")
    assert "Are you safe" in await chat.says("1")
    assert "Which fits" in await chat.says("1")


async def test_a_replay_changes_nothing_and_hands_out_what_is_unsettled(chat: Chat) -> None:
    """The same event twice is one turn; the second answer carries a newer fence."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    again = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    assert again["id"] == first["id"]
    assert again["fence"] == first["fence"] + 1
    late = await chat.reports(first, outcome="sent")
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    assert (await chat.reports(again, outcome="sent")).json() == {"delivery": None}
    settled = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()
    assert settled == {"delivery": None}
    assert "Are you safe" in await chat.says("1")


async def test_a_lost_settle_answer_may_be_asked_again(chat: Chat) -> None:
    """Settling twice with the same fence is the same as once."""
    delivery = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    for _ in range(2):
        answer = await chat.reports(delivery, outcome="sent", message_ids=["7"])
        assert answer.json() == {"delivery": None}


async def test_only_the_lowest_unsettled_is_handed_out(chat: Chat) -> None:
    """While an answer is on its way, later ones wait; they follow in order when it is settled."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    assert (await chat.posts({"kind": "text", "text": "1"}, "e2")).json() == {"delivery": None}
    assert await chat.waiting() == []
    follows = (await chat.reports(first, outcome="sent")).json()["delivery"]
    assert follows["seq"] == first["seq"] + 1
    assert "Are you safe" in follows["text"]


async def test_a_dead_bots_lease_passes_on(console: Console, chat: Chat) -> None:
    """When the lease is over another poll gets the delivery, and the old fence is refused."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    assert await chat.waiting() == []
    console.clock.forward(minutes=2)
    (taken,) = await chat.waiting()
    assert taken["id"] == first["id"]
    assert (await chat.reports(first, outcome="sent")).status_code == 409


async def test_later_waits_and_renew_holds(console: Console, chat: Chat) -> None:
    """`later` puts a delivery off; `renew` keeps the lease while the messenger makes it wait."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    console.clock.forward(minutes=0.3)
    await chat.reports(first, outcome="renew")
    console.clock.forward(minutes=0.3)
    assert await chat.waiting() == []
    await chat.reports(first, outcome="later", retry_after=30)
    assert await chat.waiting() == []
    console.clock.forward(minutes=1)
    assert [one["id"] for one in await chat.waiting()] == [first["id"]]


async def test_a_blocked_person_settles_everything(console: Console, chat: Chat) -> None:
    """After a permanent failure nothing of that conversation is handed out any more."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    await chat.posts({"kind": "text", "text": "1"}, "e2")
    await chat.reports(first, outcome="failed", reason="blocked")
    console.clock.forward(minutes=5)
    assert await chat.waiting() == []


async def test_a_responder_who_cannot_be_reached_is_off_call(console: Console) -> None:
    """A blocked alert is not lost in silence: that chat is unlinked, and the shift ends."""
    ada = await console.enrolled("Ada (demo)")
    async with console.client() as client:
        phone = Chat(client, console.relais, "responder")
        await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
        await ada.post("/v1/me/on-call", {"on_call": True})
        answer = await phone.posts({"kind": "text", "text": "mine"}, "asks")
        await phone.reports(answer.json()["delivery"], outcome="failed", reason="blocked")
        await Runner(console.relais, all_handlers()).run_due()
        me = (await ada.get("/v1/me")).json()
    assert (me["on_call"], me["links"]) == (False, [])


async def test_a_refused_bubble_silences_nobody(chat: Chat) -> None:
    """What the messenger will not take is failed alone; the next answer follows at once."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    await chat.posts({"kind": "text", "text": "1"}, "e2")
    follows = await chat.reports(first, outcome="failed", reason="refused")
    assert "Are you safe" in follows.json()["delivery"]["text"]


async def test_many_people_and_doubled_events_at_once(console: Console) -> None:
    """Thirty people, each event posted three times at once: one conversation each, one answer."""
    async with console.client() as client:
        chats = [Chat(client, console.relais, f"person-{n}") for n in range(30)]
        answers = await asyncio.gather(
            *(
                one.posts({"kind": "text", "text": "hello"}, f"{one.address}-e")
                for one in chats
                for _ in range(3)
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    async with console.relais.db.read() as connection:
        rows = (await connection.execute(select(conversations))).all()
    assert len(rows) == 30
    assert {row.last_seq for row in rows} == {1}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"envelope": "!!"}, 422, "malformed"),
        ({"envelope": base64.b64encode(b"RLS\x01" + bytes(1300)).decode()}, 422, "malformed"),
        ({"event_id": "other"}, 422, "malformed"),
        ({"event_id": ""}, 422, "malformed"),
        ({"event_id": "x" * 201}, 422, "malformed"),
        ({"event_id": None}, 422, "malformed"),
        ({"key_id": "2020-W01"}, 409, "inbox_key_unknown"),
        ({"key_id": "../../keyring"}, 409, "inbox_key_unknown"),
        ({"envelope": "A" * 300_000}, 413, "too_large"),
    ],
)
async def test_a_spoilt_turn_is_refused_with_advice(
    chat: Chat, changes: dict[str, str], status: int, code: str
) -> None:
    """Each fault has its status, its code and a sentence; the next message is taken as ever."""
    answer = await chat.posts({"kind": "text", "text": SENTINEL}, "e1", **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["advice"]
    assert SENTINEL not in answer.text
    assert "Choose your language" in await chat.says("hello")


@pytest.mark.parametrize("inbound", [{"kind": 7}, {"address": ""}, {"kind": "text", "text": 1}])
async def test_an_event_that_is_none_is_refused(chat: Chat, inbound: dict[str, object]) -> None:
    """The envelope opens, what is inside is rubbish: the bot is told to set it aside."""
    answer = await chat.posts(inbound, "e1")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [("", 401, "bad_token"), ("wrong", 401, "bad_token"), ("page-token", 403, "other_channel")],
)
async def test_a_token_opens_its_own_channel_only(
    chat: Chat, token: str, status: int, code: str
) -> None:
    """No token, a wrong one, another channel's: refused, each with its code."""
    for method, path in (("POST", "turns"), ("GET", "deliveries"), ("POST", "deliveries/x")):
        answer = await chat.client.request(
            method,
            f"/v1/channels/telegram/{path}",
            headers={"Authorization": f"Bearer {token}"},
            json={},
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b\u200e",
        "\u202egnirts\u202c",
        "💥" * 500,
        "x" * 60_000,
        "\x00\x01",
        "٣",
        "{a}",
    ],
)
async def test_strange_text_is_answered(chat: Chat, text: str) -> None:
    """Empty, invisible, reversed, huge, control characters: always an answer, never a crash."""
    await chat.says("hello")
    assert await chat.says(text) != ""
    assert await chat.says("0") != ""


async def test_stale_and_forged_buttons_redraw_the_question(chat: Chat) -> None:
    """An old button does not answer the present question."""
    await chat.says("hello")
    old = chat.last["buttons"][0][0]["token"]
    await chat.says("1")
    for token in (old, "nonsense", "x" * 500, ""):
        answer = await chat.posts({"kind": "choice", "token": token}, f"press-{token[:9]}")
        assert "Are you safe" in await chat.settles(answer.json()["delivery"])


async def test_a_poison_event_is_set_aside_after_three_failures(
    console: Console, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice "try again", then quarantined still sealed, answered kindly; the next goes through."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError(SENTINEL)

    monkeypatch.setattr(service, "think", broken)
    for _ in range(2):
        answer = await chat.posts({"kind": "text", "text": SENTINEL}, "e1")
        assert (answer.status_code, answer.json()["code"]) == (500, "turn_failed")
    third = await chat.posts({"kind": "text", "text": SENTINEL}, "e1")
    assert "on our side" in await chat.settles(third.json()["delivery"])
    monkeypatch.undo()
    async with console.relais.db.read() as connection:
        (kept,) = (await connection.execute(select(quarantine))).all()
    assert kept.error == "ZeroDivisionError"
    assert SENTINEL.encode() not in kept.envelope
    health = (await chat.client.get("/healthz")).json()
    assert "quarantined" in {one["code"] for one in health["problems"]}
    assert "Choose your language" in await chat.says("hello")


async def test_quick_exit_deletes_what_is_shown(chat: Chat) -> None:
    """`00` first brings a `forget` with both sides' message ids, then one neutral line."""
    await chat.says("hello")
    await chat.says("1")
    answer = await chat.posts({"kind": "text", "text": "00"}, "bye")
    forget = answer.json()["delivery"]
    assert forget["kind"] == "forget"
    assert {"m", "555-1", "555-2", "bye"} <= set(forget["target"])
    goodbye = (await chat.reports(forget, outcome="sent")).json()["delivery"]
    assert goodbye["neutral"]
    assert "Goodbye" in goodbye["text"]


async def test_what_was_sealed_opens_in_the_browser_and_nowhere_else(
    console: Console, tmp_path: Path
) -> None:
    """No column shows her words, no key of the server opens them; the member's key does."""
    ada = await console.enrolled("Ada (demo)")
    async with console.client() as client:
        link = (await ada.post("/v1/me/link-codes")).json()["code"]
        phone = Chat(client, console.relais, "responder")
        await phone.says(link)
        await ada.post("/v1/me/on-call", {"on_call": True})
        person = Chat(client, console.relais, "person")
        heard = ""
        for text in (*TO_CONSENT, "1", "1", "blue kite", "1"):
            heard = await person.says(text)
        assert "tell more" in heard
        heard = await person.says("1")
        heard = await person.says("1")
        for text in ("1", "1", "s", "1", "1", "12.5.2026", "s", "1", "2"):
            heard = await person.says(text)
        assert "own words" in heard
        await person.says(SENTINEL)
    console.clock.forward(days=9)
    console.relais.vault.drafts.destroy_before(console.relais.world.day())
    async with console.relais.db.read() as connection:
        dump = b""
        for table in metadata.sorted_tables:
            for row in await connection.execute(select(table)):
                dump += b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
        item = metadata.tables["items"]
        grant = metadata.tables["grants"]
        items = (await connection.execute(select(item))).all()
        grants = (await connection.execute(select(grant))).all()
    assert b"vermillion" not in dump
    words = 0
    for one in items:
        place = Context(one.case_id, one.compartment, one.generation, one.id, one.kind)
        for held in grants:
            if (held.name, held.holder) != (one.compartment, ada.member_id):
                continue
            seat = Context(held.case_id, held.name, held.generation, held.holder, "grant")
            seed = open_text(held.sealed, ada.keys, seat)
            words += SENTINEL.encode() in open_text(one.sealed, type(ada.keys)(seed), place)
        for purpose in ("addresses", "routing", "contact", "members", "statistics"):
            with pytest.raises(SealError):
                console.relais.vault.keyring.open(purpose, one.sealed, "items", one.id)
    assert words == 1


async def test_without_leave_to_write_her_address_goes_two_days_later(
    console: Console, chat: Chat
) -> None:
    """Help without contact, to the end: after 48 hours only the code leads to her request."""
    ada = await console.enrolled("Ada (demo)")
    phone = Chat(chat.client, console.relais, "responder")
    await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
    await ada.post("/v1/me/on-call", {"on_call": True})
    heard = ""
    for words in (*TO_CONSENT, "1", "5", "1", "3"):
        heard = await chat.says(words)
    assert "Come back any time" in heard
    (row,) = await _rows(console, select(conversations).where(conversations.c.case_id.is_not(None)))
    assert row.expires_at == console.clock() + 2 * DAY
    console.clock.forward(days=2, minutes=1)
    await expire_conversations(console.relais)
    (row,) = await _rows(console, select(conversations).where(conversations.c.id == row.id))
    assert (row.address_sealed, row.state_sealed) == (b"", None)
    assert len(await _rows(console, select(return_codes))) == 1


async def test_a_state_that_cannot_be_read_stops_nobody_else(console: Console, chat: Chat) -> None:
    """Damaged: her third try is put aside with a kind answer, others are served as ever."""
    await chat.says("hello")
    async with console.relais.db.write() as tx:
        await tx.execute(update(conversations).values(state_sealed=b"damaged"))
    codes = [(await chat.posts({"kind": "text", "text": "1"}, "e")).status_code for _ in range(3)]
    assert codes == [500, 500, 200]
    other = Chat(chat.client, console.relais, "somebody else")
    assert "Choose your language" in await other.says("hello")
    (row,) = await _rows(
        console, select(conversations).where(conversations.c.state_sealed == b"damaged")
    )
    assert row.last_seq == 2


async def test_a_spoilt_row_holds_up_no_other_delivery(console: Console, chat: Chat) -> None:
    """An address that cannot be opened expires its own deliveries; the poll serves the rest."""
    await chat.posts({"kind": "text", "text": "hello"}, "e1")
    other = Chat(chat.client, console.relais, "somebody else")
    await other.posts({"kind": "text", "text": "hello"}, "e2")
    async with console.relais.db.write() as tx:
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == select(func.min(conversations.c.id)).scalar_subquery())
            .values(address_sealed=b"damaged")
        )
    for _ in range(2):
        console.clock.forward(minutes=2)
        assert len(await chat.waiting()) == 1
    rows = await _rows(console, select(deliveries.c.failure))
    assert sorted(str(row.failure) for row in rows) == ["None", "unreadable"]


async def test_a_late_renewal_takes_nothing(chat: Chat) -> None:
    """A renewal that arrives after `sent` does not lease what comes next."""
    first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    await chat.posts({"kind": "text", "text": "1"}, "e2")
    following = (await chat.reports(first, outcome="sent")).json()["delivery"]
    assert (await chat.reports(first, outcome="renew")).json() == {"delivery": None}
    assert (await chat.reports(following, outcome="sent")).status_code == 200


async def test_what_is_queued_while_a_chat_is_given_up_is_not_stranded(
    postgres_url: str, tmp_path: Path
) -> None:
    """PostgreSQL: `blocked` meets a turn that has not committed yet; all of it is settled."""
    async with (
        running_console(postgres_url, tmp_path, **TOKENS) as console,
        console.client() as client,
    ):
        chat = Chat(client, console.relais, "555")
        first = (await chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
        async with console.relais.db.write() as tx:
            outgoing = [Outgoing("en", Reply(parts=(Part("engine/help/text"),)))]
            await enqueue(tx, console.relais, first["conversation"], "telegram", outgoing)
            giving_up = asyncio.create_task(chat.reports(first, outcome="failed", reason="blocked"))
            await _until_somebody_waits(console)
        await giving_up
        rows = await _rows(console, select(deliveries.c.status).order_by(deliveries.c.seq))
        assert [row.status for row in rows] == ["failed", "failed"]
        (head,) = await _rows(console, select(conversations))
        assert (head.settled_seq, head.last_seq) == (2, 2)


async def _until_somebody_waits(console: Console) -> None:
    """Until a transaction of this database waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while not (await _rows(console, waiting))[0][0]:  # noqa: ASYNC110  (another session's state)
            await asyncio.sleep(0.02)


async def _rows(console: Console, query: Any) -> list[Any]:
    async with console.relais.db.read() as connection:
        return list((await connection.execute(query)).all())


async def test_a_press_is_shown_where_its_buttons_were(chat: Chat) -> None:
    """The next words carry what was pressed, in the language that the buttons had."""
    started = await chat.posts({"kind": "start", "payload": ""}, "link")
    picker = started.json()["delivery"]
    await chat.settles(picker)
    token = chat.last["buttons"][0][0]["token"]
    press = {"kind": "choice", "token": token, "message_id": "555-7"}
    answer = await chat.posts(press, "press")
    following = answer.json()["delivery"]
    label = chat.last["buttons"][0][0]["text"]
    assert following["pressed"] == {"message_id": "555-7", "texts": [f"✓ {label}"]}
    # ... also when it is handed out again, from what was stored
    again = await chat.posts(press, "press")
    assert again.json()["delivery"]["pressed"] == following["pressed"]


async def test_where_the_chat_clears_itself_no_press_is_shown(chat: Chat) -> None:
    """Quick exit deletes the question: nothing is left there to be shown."""
    await chat.says("hello")
    leave = chat.last["buttons"][-1][-1]["token"]
    answer = await chat.posts({"kind": "choice", "token": leave, "message_id": "555-7"}, "leave")
    assert answer.json()["delivery"]["kind"] == "forget"
    assert answer.json()["delivery"]["pressed"] is None
