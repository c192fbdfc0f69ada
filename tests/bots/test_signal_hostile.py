"""Bursts, rubbish, broken lines, limits, new keys: Signal at its worst."""

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from bots.core import SpoolError
from bots.signal import receiving
from bots.signal.challenge import challenge_app
from bots.signal.lines import Lost
from bots.signal.receiving import Receiving
from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import signals, start
from tests.bots.slow_world import until
from tests.bots.test_signal_talking import HER, OTHER, frames_left, nothing
from tests.e2e.fake_signal import NUMBER, SECOND, FakeSignal, envelope

JUNK: list[Any] = [
    None, True, -1, 2**70, "", "words", "\x00", "\ud800", [], {}, [[]], {"envelope": None},
    {"result": None}, {"dataMessage": 1}, json.loads("[" * 200 + "]" * 200),
]  # fmt: skip


async def test_a_burst_of_five_hundred_loses_nothing(tmp_path: Path) -> None:
    """From fifty people at once, ten each: all arrive, each person's in order."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        people = [f"{HER[:-4]}{n:04}" for n in range(50)]
        for number in range(10):
            for person in people:
                run.signal.write(person, str(number))
        await until(lambda: len(backend.received) == 500, 60)
        for person in people:
            assert backend.texts(person) == [str(number) for number in range(10)]
        await until(lambda: frames_left(run.relay) == 0)


def spoil(line: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Some place of it replaced by junk, or taken out."""
    spoilt: dict[str, Any] = json.loads(json.dumps(line))
    here: Any = spoilt
    while True:
        key = chance.choice(list(here))
        inside = here[key]
        if isinstance(inside, dict) and inside and chance.random() < 0.8:
            here = inside
        elif chance.random() < 0.3:
            del here[key]
            return spoilt
        else:
            here[key] = json.loads(json.dumps(chance.choice(JUNK)))
            return spoilt


async def test_five_hundred_bad_frames_stop_nothing(tmp_path: Path, caplog: Any) -> None:
    """Between them a person writes fifty messages: each arrives once, in order."""
    chance = random.Random(6)
    backend = FakeBackend(script=nothing)
    data = {"timestamp": 5, "message": "words", "expiresInSeconds": 0, "viewOnce": False}
    quote = {"id": 1, "author": "+1", "text": "x", "attachments": [{"contentType": "image/png"}]}
    seeds = [
        envelope(OTHER, 5, dataMessage=data),
        envelope(OTHER, 5, dataMessage=data | {"quote": quote}),
        envelope(OTHER, 5, dataMessage=data | {"attachments": [{"id": "x", "size": 1}]}),
        envelope(OTHER, 5, editMessage={"targetSentTimestamp": 1, "dataMessage": data}),
        envelope(OTHER, 5, syncMessage={"sentMessage": data}),
    ]
    async with signals(tmp_path, backend) as run:
        wanted = []
        for number in range(500):
            result = {"envelope": chance.choice(seeds), "account": NUMBER}
            line = {"method": "receive", "params": {"subscription": 0, "result": result}}
            run.signal.raw(json.dumps(spoil(line, chance)).encode())
            if number % 10 == 0:
                wanted.append(f"message {number}")
                run.signal.write(HER, wanted[-1])
        for line_of_rubbish in (b"not json", b"\xff\xfe", b"{", b"[" * 5000, b"x" * 5_000_000):
            run.signal.raw(line_of_rubbish)
        run.signal.write(HER, "the last")
        await until(lambda: backend.texts(HER) == [*wanted, "the last"], 60)
        assert not run.task.done()
        assert await run.relay._spool.quarantined() > 5
    assert "words" not in caplog.text


async def test_what_the_library_cannot_read_is_answered_all_the_same(tmp_path: Path) -> None:
    """Her words arrive although a field beside them is missing; the frame is kept, too."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        run.signal.send(HER, {"message": "help", "quote": {"author": "+1"}})
        run.signal.send(HER, {"sticker": {"packId": "without a number"}})
        await until(lambda: len(backend.received) == 2)
        kinds = [(one["kind"], one.get("text")) for _, one in backend.received]
        assert kinds == [("text", "help"), ("media", None)]
        await until(lambda: frames_left(run.relay) == 2)
        assert await run.relay._spool.quarantined() == 2


async def test_the_same_frame_twice_is_one_turn(tmp_path: Path) -> None:
    """After a restart the daemon may repeat what it could not confirm."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        run.signal.write(HER, "once")
        await until(lambda: len(backend.received) == 1)
        run.signal.raw(run.signal.written[0])
        run.signal.write(HER, "and on")
        await until(lambda: backend.texts(HER)[-1] == "and on")
        assert backend.texts(HER) == ["once", "and on"]


async def test_a_daemon_that_goes_and_comes(tmp_path: Path) -> None:
    """What Signal kept meanwhile arrives; what is to be said waits and leaves."""
    backend = FakeBackend()
    async with signals(tmp_path, backend) as run:
        run.signal.write(HER, "before")
        await until(lambda: run.signal.texts(HER) == ["you said before"])
        run.signal.kill()
        run.signal.write(HER, "meanwhile")
        job = backend.queue(HER, text="an alert", silent=False)
        await until(lambda: "signal_away" in run.relay.health.problems)
        run.signal.start()
        await until(lambda: len(run.signal.texts(HER)) == 3, 40)
        assert set(run.signal.texts(HER)[1:]) == {"an alert", "you said meanwhile"}
        assert backend.job(job).status == "sent"
        run.signal.hang_up()
        run.signal.write(HER, "after")
        await until(lambda: run.signal.texts(HER)[-1] == "you said after", 40)


async def test_a_full_disk_reads_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While frames cannot be kept no further ones are taken from the daemon, and none is lost."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        spool = run.relay._spool
        keep, full = spool.keep_frames, True

        async def refuses(sealed: Any) -> Any:
            if full:
                raise SpoolError("spool_failed", "full")
            return await keep(sealed)

        monkeypatch.setattr(spool, "keep_frames", refuses)
        for number in range(20):
            run.signal.write(HER, str(number))
        await until(lambda: "spool_failed" in run.relay.health.problems)
        assert backend.received == []
        full = False
        await until(lambda: len(backend.received) == 20, 30)
        assert backend.texts(HER) == [str(number) for number in range(20)]


async def test_frames_outlive_a_kill(tmp_path: Path) -> None:
    """Kept and not yet read when the bot died: they are read at the next start, in order."""
    backend = FakeBackend(script=nothing)
    with FakeSignal() as daemon:
        first = start(tmp_path, backend, daemon)
        await until(lambda: daemon.listened_to)

        async def dies(_self: object, _frames: Any) -> None:
            await asyncio.Event().wait()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Receiving, "_read", dies)
            for number in range(5):
                daemon.write(HER, str(number))
            await until(lambda: frames_left(first.relay) >= 5)
            await first.stop()
        second = start(tmp_path, backend, daemon)
        await until(lambda: backend.texts(HER) == ["0", "1", "2", "3", "4"])
        await second.stop()


async def test_a_limit_holds_the_number_and_a_person_frees_it(tmp_path: Path) -> None:
    """Nothing is tried before its time; the page takes the captcha, and what waited leaves."""
    backend = FakeBackend()
    key = "k" * 24
    async with signals(tmp_path, backend) as run:
        run.signal.limited[NUMBER] = ("token-1", 86_400)
        run.signal.write(HER, "hello")
        health = run.relay.health
        await until(lambda: "signal_challenge" in health.problems)
        tried = len(run.signal.made("send"))
        await asyncio.sleep(1.5)
        assert len(run.signal.made("send")) == tried
        app = challenge_app(run.adapter._accounts, key)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as page:
            assert (await page.get(f"/challenge/{'x' * 24}")).status_code == 404
            assert "Hold it, copy it" in (await page.get(f"/challenge/{key}")).text
            wrong = await page.post(f"/challenge/{key}", data={"captcha": "hello"})
            assert wrong.status_code == 422
            bad = await page.post(f"/challenge/{key}", data={"captcha": "signalcaptcha://bad"})
            assert "did not take it" in bad.text
            good = await page.post(f"/challenge/{key}", data={"captcha": "signalcaptcha://good"})
            assert "The number is free" in good.text
            assert "No number waits" in (await page.get(f"/challenge/{key}")).text
        await until(lambda: run.signal.texts(HER) == ["you said hello"])
        assert "signal_challenge" not in health.problems


async def test_a_hold_outlives_a_restart(tmp_path: Path) -> None:
    """Trying again would only make it longer."""
    backend = FakeBackend()
    with FakeSignal() as daemon:
        first = start(tmp_path, backend, daemon)
        await until(lambda: bool(first.adapter._accounts.numbers))
        daemon.limited[NUMBER] = ("token-1", 86_400)
        daemon.write(HER, "hello")
        await until(lambda: "signal_challenge" in first.relay.health.problems)
        await first.stop()
        tried = len(daemon.made("send"))
        second = start(tmp_path, backend, daemon)
        await until(lambda: bool(second.adapter._accounts.numbers))
        await asyncio.sleep(1)
        assert "signal_challenge" in second.relay.health.problems
        assert len(daemon.made("send")) == tried
        await second.stop()


async def test_new_people_are_served_by_another_number(tmp_path: Path) -> None:
    """While one number waits; whoever knows it already keeps it."""
    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        running = start(tmp_path, backend, daemon)
        await until(lambda: len(running.adapter._accounts.numbers) == 2)
        daemon.write(HER, "hello")
        await until(lambda: daemon.texts(HER) == ["you said hello"])
        daemon.limited[NUMBER] = ("token-1", 86_400)
        daemon.write(HER, "again")
        await until(lambda: "signal_challenge" in running.relay.health.problems)
        daemon.write(OTHER, "hello")
        await until(lambda: daemon.texts(OTHER) == ["you said hello"])
        assert daemon.shown(OTHER)[0].account == SECOND
        assert daemon.texts(HER) == ["you said hello"]
        await running.stop()


@pytest.mark.parametrize("policy", ["alert", "trust"])
async def test_a_new_key_is_trusted_by_the_operators_word_alone(
    tmp_path: Path, policy: str
) -> None:
    """Else nothing is sent, and the operator hears of it; it is not reported as failed."""
    backend = FakeBackend()
    async with signals(tmp_path, backend, signal_new_identity=policy) as run:
        run.signal.changed.add(HER)
        run.signal.write(HER, "hello")
        if policy == "trust":
            await until(lambda: run.signal.texts(HER) == ["you said hello"])
            assert "signal_identity" not in run.relay.health.problems
        else:
            await until(lambda: "signal_identity" in run.relay.health.problems)
            assert run.signal.texts(HER) == []
            assert run.signal.made("trust") == []
            assert backend.settled("failed") == []


async def test_what_could_not_be_decrypted_is_asked_for_again(tmp_path: Path) -> None:
    """Once, in words; a duplicate or a message of one's own is no reason."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        for name in ("ProtocolDuplicateMessageException", "SelfSendException"):
            run.signal.frame(envelope(HER, 1), exception={"type": name, "message": "x"})
        for stamp in (2, 3):
            error = {"type": "ProtocolInvalidMessageException", "message": "x"}
            run.signal.frame(envelope(HER, stamp), exception=error)
        await until(lambda: run.signal.texts(HER) == ["<offline/send_again/text>"])
        run.signal.write(HER, "hello")
        await until(lambda: backend.texts(HER) == ["hello"])
        assert len(run.signal.texts(HER)) == 1


async def test_a_daemon_that_is_silent_holds_nobody_for_ever(tmp_path: Path) -> None:
    """A call without an answer ends after its time; the connection is made anew."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        run.signal.silent.add("getUserStatus")
        with pytest.raises(Lost):
            await run.adapter._rpc.call("getUserStatus", 0.3, account=NUMBER, recipient=[NUMBER])
        run.signal.silent.clear()
        answer = await run.adapter._rpc.call("getUserStatus", account=NUMBER, recipient=[NUMBER])
        assert answer[0]["isRegistered"]


async def test_the_canary_notices_a_silent_signal(tmp_path: Path) -> None:
    """It flies between the numbers, reaches nobody else, and its absence is said."""
    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        running = start(tmp_path, backend, daemon)
        await until(lambda: len(running.adapter._accounts.numbers) == 2)
        await until(lambda: daemon.listened_to)
        canary = running.adapter._canary
        await canary.once()
        assert "signal_canary" not in running.relay.health.problems
        daemon.canaries_arrive = False
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bots.signal.canary.WITHIN", 0.3)
            await canary.once()
        assert "signal_canary" in running.relay.health.problems
        daemon.canaries_arrive = True
        await canary.once()
        assert "signal_canary" not in running.relay.health.problems
        assert backend.received == []
        await running.stop()


async def test_frames_out_of_order_and_twice_arrive_once_as_they_came(tmp_path: Path) -> None:
    """The daemon's order is the server's: nothing is sorted, and nothing is taken twice."""
    chance = random.Random(8)
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        stamps = list(range(1000, 1050))
        sent = stamps + chance.sample(stamps, 25)
        chance.shuffle(sent)
        for stamp in sent:
            data = {"timestamp": stamp, "message": str(stamp), "viewOnce": False}
            run.signal.frame(envelope(HER, stamp, dataMessage=data))
        wanted = [str(stamp) for stamp in dict.fromkeys(sent)]
        await until(lambda: backend.texts(HER) == wanted, 20)
        await until(lambda: frames_left(run.relay) == 0)


async def test_a_slow_daemon_holds_one_person_up_and_nobody_else(tmp_path: Path) -> None:
    """Each answer takes half a second: twenty people wait for their own, not for each other's."""
    backend = FakeBackend()
    async with signals(tmp_path, backend) as run:
        run.signal.slow = 0.5
        people = [f"{HER[:-4]}{n:04}" for n in range(20)]
        began = asyncio.get_running_loop().time()
        for person in people:
            run.signal.write(person, "hello")
        await until(lambda: all(run.signal.texts(person) for person in people), 30)
        assert asyncio.get_running_loop().time() - began < 10 * 0.9


async def test_what_nobody_came_for_is_swept(tmp_path: Path) -> None:
    """Files of groups and of unreadable messages lie in the daemon's folder for a week at most."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        old, new = (run.signal.file(b"x", "image/png")["id"] for _ in range(2))
        folder = run.signal.attachments
        assert folder is not None
        week_ago = run.relay.world.now() - 8 * 86_400
        os.utime(folder / old, (week_ago, week_ago))
        assert run.adapter._files.sweep(run.relay.world.now()) == 1
        assert [path.name for path in folder.iterdir()] == [new]


async def test_frames_before_the_answer_are_kept(tmp_path: Path) -> None:
    """The daemon may hand over what waits before it confirms the subscription."""
    backend = FakeBackend(script=nothing)
    with FakeSignal(frames_first=True) as daemon:
        for number in range(5):
            daemon.write(HER, str(number))
        running = start(tmp_path, backend, daemon)
        await until(lambda: backend.texts(HER) == ["0", "1", "2", "3", "4"])
        await running.stop()


async def test_a_subscription_that_is_not_answered_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that hangs is said, and the bot goes on as soon as it answers."""
    monkeypatch.setattr(receiving, "ANSWER_SECONDS", 0.3)
    backend = FakeBackend(script=nothing)
    with FakeSignal(silent={"subscribeReceive"}) as daemon:
        running = start(tmp_path, backend, daemon)
        await until(lambda: len(daemon.made("subscribeReceive")) >= 2)
        assert "signal_away" in running.relay.health.problems
        daemon.silent.clear()
        daemon.write(HER, "hello")
        await until(lambda: backend.texts(HER) == ["hello"], 20)
        await running.stop()


async def test_without_its_memory_the_bot_still_reaches_people(tmp_path: Path) -> None:
    """Whoever wrote once is answered by the number there is; nonsense is no address."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        alert = backend.queue(OTHER, text="an alert", silent=False)
        await until(lambda: backend.job(alert).status == "sent")
        assert run.signal.texts(OTHER) == ["an alert"]
        nonsense = backend.queue("nobody", text="x")
        await until(lambda: backend.job(nonsense).status == "failed")
