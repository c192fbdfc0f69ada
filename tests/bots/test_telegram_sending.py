"""Deliveries as people see them on Telegram."""

import asyncio
from pathlib import Path
from typing import Any

from bots.core import Pacer
from bots.telegram.adapter import PACE
from tests.bots.fake_backend import FakeBackend
from tests.bots.slow_world import SlowWorld, until
from tests.bots.telegrams import telegrams

BUTTONS = [[{"text": "Yes", "token": "t1"}, {"text": "No", "token": "t2"}]]


async def test_bubble_with_buttons_comes_silently(tmp_path: Path) -> None:
    """Text and inline keyboard arrive without a sound; the message id goes to the backend."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        job = backend.queue("7", text="Are you safe?", buttons=BUTTONS)
        await until(lambda: backend.job(job).status == "sent")
        (shown,) = run.telegram.shown(7)
        assert shown.silent
        assert [[b["text"] for b in row] for row in shown.buttons] == [["Yes", "No"]]
        assert shown.buttons[0][1]["callback_data"] == "t2"
        assert backend.job(job).settled["message_ids"] == [str(shown.message_id)]


async def test_edit_in_place(tmp_path: Path) -> None:
    """An edit changes text and keyboard; repeated, it is 'not modified' and as good as done."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        first = backend.queue("7", text="tick", buttons=BUTTONS)
        await until(lambda: backend.job(first).status == "sent")
        target = backend.job(first).settled["message_ids"]
        for _ in range(2):
            edit = backend.queue("7", kind="edit", text="ticked", buttons=BUTTONS, target=target)
            await until(lambda edit=edit: backend.job(edit).status == "sent")  # type: ignore[misc]
            assert backend.job(edit).settled["message_ids"] == target
        (shown,) = run.telegram.shown(7)
        assert (shown.text, shown.edits) == ("ticked", 1)


async def test_edit_of_a_message_that_is_gone_is_said_anew(tmp_path: Path) -> None:
    """Where Telegram cannot edit, the bubble is sent as a new one and its id reported."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        edit = backend.queue("7", kind="edit", text="again", target=["99999"])
        await until(lambda: backend.job(edit).status == "sent")
        (shown,) = run.telegram.shown(7)
        assert backend.job(edit).settled["message_ids"] == [str(shown.message_id)]


async def test_forget_deletes_both_sides(tmp_path: Path) -> None:
    """All known ids are deleted in batches of 100; those too old are left, and it is still done."""
    backend = FakeBackend(script=lambda _: [])
    async with telegrams(tmp_path, backend) as run:
        ids = [run.telegram.write(7, str(n)) for n in range(230)]
        for message in run.telegram.messages:
            message.old = message.text in ("3", "150")
        forget = backend.queue("7", kind="forget", target=[str(n) for n in ids], text="Bye.")
        await until(lambda: backend.job(forget).status == "sent", 40)
        left = [m.text for m in run.telegram.messages]
        assert left == ["3", "150", "Bye."]


async def test_flood_wait_holds_only_its_chat(tmp_path: Path) -> None:
    """429 for one chat: its messages wait in order, others go on, and nothing is lost."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend, slow=True) as run:
        run.telegram.flood[7] = [120]
        for n in range(3):
            backend.queue("7", text=f"slow {n}")
        for n in range(3):
            backend.queue("8", text=f"quick {n}")
        await until(lambda: run.telegram.texts(8) == ["quick 0", "quick 1", "quick 2"])
        assert run.telegram.texts(7) == []
        await run.clock.advance_until(lambda: len(run.telegram.texts(7)) == 3, 200)
        assert run.telegram.texts(7) == ["slow 0", "slow 1", "slow 2"]
        assert run.clock.seconds >= 1_000_120


async def test_failures_for_good(tmp_path: Path) -> None:
    """Blocked and unknown chats are reported with their reason, so that a human is told."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        run.telegram.blocked.add(7)
        run.telegram.unknown.add(8)
        run.telegram.migrated.add(9)
        jobs = [backend.queue(address, text="hello") for address in ("7", "8", "9", "no number")]
        await until(lambda: len(backend.settled("failed")) == 4)
        reasons: list[Any] = [backend.job(job).settled["reason"] for job in jobs]
        assert reasons == ["blocked", *["unknown_address"] * 3]
        assert run.telegram.messages == []  # nor to where the group went: there are others


async def test_what_telegram_does_not_know_holds_nothing_up(tmp_path: Path) -> None:
    """A timer cannot be set here: the backend hears so, and what follows is sent."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        timer = backend.queue("7", kind="timer", text="86400")
        after = backend.queue("7", text="goes on")
        await until(lambda: backend.job(after).status == "sent")
        assert backend.job(timer).settled["reason"] == "unsupported"
        assert run.telegram.texts(7) == ["goes on"]


async def test_a_chat_gets_one_a_second() -> None:
    """After a burst of four, a chat's calls are a second apart; another chat does not wait."""
    clock = SlowWorld()
    pacer = Pacer(clock.world, PACE)
    moments: list[float] = []

    async def talk() -> None:
        for _ in range(8):
            await pacer.turn("7")
            moments.append(clock.seconds - 1_000_000)

    talking = asyncio.create_task(talk())
    await clock.advance(2.5)
    await asyncio.wait_for(pacer.turn("8"), 1)
    await clock.advance(10)
    await talking
    assert moments == [0, 0, 0, 0, 1, 2, 3, 4]


async def test_all_chats_together_get_25_a_second() -> None:
    """Two hundred different chats are spread over about eight seconds."""
    clock = SlowWorld()
    pacer = Pacer(clock.world, PACE)
    everybody = asyncio.gather(*(pacer.turn(str(n)) for n in range(200)))
    await clock.advance(7)
    assert not everybody.done()
    await clock.advance(1)
    await everybody


async def test_no_words_in_any_log(tmp_path: Path, capfd: Any, caplog: Any) -> None:
    """Neither what was written, nor the token, nor an address is printed at any level."""
    caplog.set_level(0)
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        run.telegram.write(777123, "SENTINEL-words")
        await until(lambda: len(run.telegram.texts(777123)) == 1)
        run.telegram.push({"message": {"text": "SENTINEL-malformed"}})
        await until(lambda: run.telegram.unconfirmed() == 0)
    out, err = capfd.readouterr()
    ours = "".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")
    )
    for text in (out, err, ours):
        assert "SENTINEL" not in text
        assert "test-token-of-nobody" not in text
        assert "777123" not in text


async def test_the_answered_question_shows_the_choice(tmp_path: Path) -> None:
    """After the next question left, what was pressed stands where the buttons were."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        first = backend.queue("7", text="Are you safe?", buttons=BUTTONS)
        await until(lambda: backend.job(first).status == "sent")
        (question,) = backend.job(first).settled["message_ids"]
        pressed = {"message_id": question, "texts": ["✓ Yes"]}
        following = backend.queue("7", text="Next", buttons=BUTTONS, pressed=pressed)
        await until(lambda: backend.job(following).status == "sent")
        answered, open_question = run.telegram.shown(7)
        assert (answered.text, answered.edits) == ("Are you safe?", 1)
        assert [[b["text"] for b in row] for row in answered.buttons] == [["✓ Yes"]]
        assert answered.buttons[0][0]["callback_data"] == "-"
        assert len(open_question.buttons[0]) == 2
        order = [call.method for call in run.telegram.calls]
        assert (
            order.index("editMessageReplyMarkup")
            > len(order) - order[::-1].index("sendMessage") - 1
        )


async def test_a_choice_that_cannot_be_shown_holds_nothing_up(tmp_path: Path) -> None:
    """The message is gone, or its id is nonsense: the next question was sent all the same, once."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        for target in ("99999", "nonsense"):
            pressed = {"message_id": target, "texts": ["✓ Yes"]}
            job = backend.queue("7", text=target, pressed=pressed)
            await until(lambda job=job: backend.job(job).status == "sent")  # type: ignore[misc]
        assert run.telegram.texts(7) == ["99999", "nonsense"]


async def test_words_cannot_be_forwarded(tmp_path: Path) -> None:
    """What is deleted for both sides must not live on in another chat."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        job = backend.queue("7", text="hello")
        await until(lambda: backend.job(job).status == "sent")
        assert all(message.protected for message in run.telegram.shown(7))
