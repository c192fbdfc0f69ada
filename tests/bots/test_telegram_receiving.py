"""What people do on Telegram, as the backend reads it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bots.fake_backend import FakeBackend
from tests.bots.slow_world import until
from tests.bots.telegrams import telegrams
from tests.e2e.processes import free_port


def answer_nothing(_inbound: dict[str, Any]) -> list[dict[str, Any]]:
    """A script that answers nothing."""
    return []


async def test_each_kind_of_event(tmp_path: Path) -> None:
    """Text, start link, button, media, edit: each arrives as its kind with its parts."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        run.telegram.write(7, "/start from-a-poster", language="fr")
        first = run.telegram.write(7, "hello", language="fr")
        run.telegram.press(7, "q1:yes")
        run.telegram.send(7, {"photo": [{"file_id": "f"}], "caption": "my photo"})
        run.telegram.send(7, {"brand_new_thing": {"x": 1}})
        run.telegram.edit(7, first, "hello again")
        await until(lambda: len(backend.received) == 6)
        start, text, press, photo, unknown, edit = (inbound for _, inbound in backend.received)
        assert (start["kind"], start["payload"]) == ("start", "from-a-poster")
        assert start["locale_hint"] == "fr"
        assert (text["kind"], text["text"], text["address"]) == ("text", "hello", "7")
        assert text["message_id"] == str(first)
        assert text["sent_at"] == "2026-09-21T14:13:20Z"
        assert (press["kind"], press["token"]) == ("choice", "q1:yes")
        assert (photo["kind"], photo["media"], photo["text"]) == ("media", "photo", "my photo")
        assert (unknown["kind"], unknown["media"]) == ("media", "other")
        assert (edit["kind"], edit["text"]) == ("edit", "hello again")
        assert edit["message_id"] == str(first)


async def test_spinner_is_stopped(tmp_path: Path) -> None:
    """A pressed button's callback is answered after it is spooled."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        callback = run.telegram.press(7, "q1:yes")
        await until(lambda: len(run.telegram.made("answerCallbackQuery")) == 1)
        call = run.telegram.made("answerCallbackQuery")[0]
        assert str(call.parameters["callback_query_id"]) == callback


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"text": "no chat"}},
        {"message": "no message at all"},
        {"callback_query": {"data": 1}},
        {"message": {"chat": {"id": "not a number", "type": "private"}, "message_id": 1}},
        {"edited_message": []},
    ],
)
async def test_malformed_update_is_put_aside(tmp_path: Path, update: dict[str, Any]) -> None:
    """A malformed update between two good ones is quarantined once; the good ones arrive."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        run.telegram.write(7, "before")
        run.telegram.push(update)
        run.telegram.write(7, "after")
        await until(lambda: backend.texts("7") == ["before", "after"])
        await until(lambda: run.telegram.unconfirmed() == 0)
        assert await run.relay._spool.quarantined() == 1


async def test_no_update_at_all_does_not_blind(tmp_path: Path) -> None:
    """A string where an update should be, or one without an id, is passed over."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        run.telegram.push_raw("what is this")
        run.telegram.push_raw({"message": {"text": "no id"}})
        run.telegram.write(7, "after")
        await until(lambda: backend.texts("7") == ["after"])
        events = run.relay.health.metrics.events
        await until(lambda: events.labels("quarantined")._value.get() >= 2)
        assert await run.relay._spool.quarantined() == 2


async def test_duplicate_update_is_one_turn(tmp_path: Path) -> None:
    """An update that Telegram delivers twice is one event for the backend."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        message = {
            "message_id": 5,
            "date": 1_790_000_000,
            "chat": {"id": 7, "type": "private"},
            "text": "twice",
        }
        run.telegram.push({"message": message}, 5000)
        await until(lambda: backend.texts("7") == ["twice"])
        run.telegram.push({"message": message}, 5000)
        run.telegram.write(7, "and on")
        run.telegram.push({"message": message | {"text": "and on"}}, 5001)
        await until(lambda: "and on" in backend.texts("7"))
        assert backend.texts("7").count("twice") == 1


async def test_groups_are_refused(tmp_path: Path) -> None:
    """In a group the bot says one sentence and leaves; nothing of it reaches the backend."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        for number in (1, 2):
            run.telegram.push(
                {
                    "message": {
                        "message_id": number,
                        "chat": {"id": -100, "type": "supergroup"},
                        "from": {"id": 7, "language_code": "fr"},
                        "text": "in a group",
                    }
                }
            )
        await until(lambda: len(run.telegram.made("leaveChat")) >= 1)
        run.telegram.write(7, "alone")
        await until(lambda: backend.texts() == ["alone"])
        assert run.telegram.texts(-100) == ["<offline/group_refused/text>"]


async def test_being_blocked_is_counted(tmp_path: Path) -> None:
    """A person who blocks the bot makes no event and no error."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        change = {"chat": {"id": 7, "type": "private"}, "new_chat_member": {"status": "kicked"}}
        run.telegram.push({"my_chat_member": change})
        await until(lambda: run.telegram.unconfirmed() == 0)
        counted = run.relay.health.metrics.events.labels("blocked")
        await until(lambda: counted._value.get() == 1)
        assert backend.received == []


async def test_conflict_raises_alarm_and_recovers(tmp_path: Path) -> None:
    """409 means a doubled or stolen token: health is bad until it stops, and nothing is lost."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend, slow=True) as run:
        run.telegram.conflict = True
        await until(lambda: "telegram_conflict" in run.relay.health.problems)
        assert run.relay.health.report()[0] == 503
        run.telegram.write(7, "hello")
        run.telegram.conflict = False
        await run.clock.advance_until(lambda: backend.texts("7") == ["hello"])
        await until(lambda: "telegram_conflict" not in run.relay.health.problems)


async def test_full_disk_confirms_nothing(tmp_path: Path) -> None:
    """While the spool refuses, the offset stays, and Telegram repeats until it is kept."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend, slow=True) as run:
        run.telegram.write(7, "first")
        await run.clock.advance_until(lambda: backend.texts("7") == ["first"])
        spool = run.relay._spool._connection
        spool.execute("PRAGMA query_only = ON")
        run.telegram.write(7, "second")
        run.telegram.write(7, "third")
        await until(lambda: "spool_failed" in run.relay.health.problems)
        assert run.telegram.unconfirmed() == 2
        spool.execute("PRAGMA query_only = OFF")
        await run.clock.advance_until(lambda: backend.texts("7") == ["first", "second", "third"])


SECRET = "a-secret-of-the-webhook"


async def test_webhook(tmp_path: Path) -> None:
    """In webhook mode updates arrive by POST, confirmed only once they are spooled."""
    backend = FakeBackend()
    port = free_port()
    async with telegrams(
        tmp_path,
        backend,
        telegram_webhook_url=f"http://127.0.0.1:{port}/hook",
        telegram_webhook_secret=SECRET,
        telegram_webhook_port=port,
    ) as run:
        await until(lambda: bool(run.telegram.webhook.get("url")))
        for n in range(5):
            run.telegram.write(7, str(n))
        run.telegram.push({"message": {"text": "malformed"}})
        run.telegram.write(7, "last")
        await until(lambda: len(run.telegram.texts(7)) == 6)
        assert backend.texts("7") == ["0", "1", "2", "3", "4", "last"]
        assert set(run.telegram.webhook_answers) == {200}
        assert await run.relay._spool.quarantined() == 1


async def test_webhook_wants_the_secret(tmp_path: Path) -> None:
    """A POST without Telegram's secret, or with another, is refused and nothing is kept."""
    backend = FakeBackend()
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    async with telegrams(
        tmp_path,
        backend,
        telegram_webhook_url=url,
        telegram_webhook_secret=SECRET,
        telegram_webhook_port=port,
    ) as run:
        await until(lambda: bool(run.telegram.webhook.get("url")))
        update = {
            "update_id": 1,
            "message": {"message_id": 1, "chat": {"id": 7, "type": "private"}, "text": "forged"},
        }
        name = "X-Telegram-Bot-Api-Secret-Token"
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(url, json=update)).status_code == 401
            for wrong in (SECRET.encode() + b"x", b"", "ä".encode()):
                answer = await http.post(url, json=update, headers={name.encode(): wrong})
                assert answer.status_code == 401
            big = await http.post(url, content=b" " * 1_100_000, headers={name: SECRET})
            assert big.status_code == 413
            good = await http.post(url, json=update, headers={name: SECRET})
            assert good.status_code == 200
        await until(lambda: backend.texts() == ["forged"])


async def test_webhook_refuses_while_the_disk_is_full(tmp_path: Path) -> None:
    """A webhook answers 503 while nothing can be kept; Telegram tries again and it arrives."""
    backend = FakeBackend(script=answer_nothing)
    port = free_port()
    async with telegrams(
        tmp_path,
        backend,
        telegram_webhook_url=f"http://127.0.0.1:{port}/hook",
        telegram_webhook_secret=SECRET,
        telegram_webhook_port=port,
    ) as run:
        await until(lambda: bool(run.telegram.webhook.get("url")))
        await run.relay._inbox.seal("x", b"")  # the key is there
        spool = run.relay._spool._connection
        spool.execute("PRAGMA query_only = ON")
        run.telegram.write(7, "hello")
        await until(lambda: 503 in run.telegram.webhook_answers)
        spool.execute("PRAGMA query_only = OFF")
        await until(lambda: backend.texts("7") == ["hello"])
