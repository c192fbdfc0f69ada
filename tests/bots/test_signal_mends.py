"""What a reading by somebody else found in the Signal channel; each was seen to fail."""

import asyncio
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bots.core import Delivery, Frames, Health, Later, Spool, World
from bots.signal import SignalAdapter, rpc
from bots.signal import daemon as signal_daemon
from bots.signal.challenge import solve_all
from bots.signal.daemon import Daemon
from bots.signal.files import Files
from bots.signal.lines import Lost
from bots.signal.state import store_holds
from bots.signal.translate import sender_of
from sealing import Box
from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import Signals, signals, start
from tests.bots.slow_world import SlowWorld, until
from tests.bots.test_signal_by_hand import NEW, runner
from tests.bots.test_signal_talking import HER, nothing
from tests.e2e.fake_signal import NUMBER, SECOND, FakeSignal, _error, _fails, envelope

Answers = Callable[[FakeSignal, str, dict[str, Any]], dict[str, Any]]
_ORDINARY: Answers = FakeSignal._of_account


def answers(patch: pytest.MonkeyPatch, method: str, other: Callable[[], Any]) -> None:
    """The daemon answers this call with what ``other`` makes, unless that is None."""

    def instead(self: FakeSignal, asked: str, parameters: dict[str, Any]) -> dict[str, Any]:
        found = other() if asked == method else None
        return found if found is not None else _ORDINARY(self, asked, parameters)

    patch.setattr(FakeSignal, "_of_account", instead)


async def met(run: Signals) -> None:
    """She wrote once."""
    run.signal.write(HER, "x")
    await until(lambda: len(run.backend.received) == 1)


def child(run: Signals, script: str) -> Daemon:
    """A program in the place of the daemon."""
    return Daemon(["sh", "-c", script], run.signal.address, run.relay.world, run.relay.health)


async def with_two(tmp_path: Path, backend: FakeBackend, daemon: FakeSignal) -> Signals:
    """A bot that knows both of its numbers."""
    run = start(tmp_path, backend, daemon)
    both = [NUMBER, SECOND]
    await until(lambda: run.adapter._accounts.numbers == both and daemon.listened_to)
    return run


async def test_a_number_that_comes_while_the_bot_runs_is_listened_to(tmp_path: Path) -> None:
    """A subscriber hears the accounts of that moment alone: the new one is subscribed to, too.

    Nobody hangs up for it: what lies in the connection would be lost.
    """
    backend = FakeBackend(script=nothing)
    with FakeSignal(numbers=[]) as daemon:
        run = start(tmp_path, backend, daemon)
        await until(lambda: daemon.listened_to)
        daemon.numbers.append(NUMBER)
        daemon.write(HER, "hello")
        await until(lambda: len(backend.received) == 1)
        await run.stop()
    asked = [call.parameters for call in daemon.made("subscribeReceive")]
    assert asked == [{}, {"account": NUMBER}]


async def test_own_numbers_do_not_talk_to_each_other(tmp_path: Path) -> None:
    """A canary that comes late is nobody's turn, and neither is any word of our own number."""
    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        for stamp, words in ((5, "canary 0011223344556677"), (6, "hello")):
            message = {"timestamp": stamp, "message": words}
            daemon.frame(envelope(NUMBER, stamp, dataMessage=message), SECOND)
        daemon.write(HER, "hello")
        await until(lambda: daemon.texts(HER) == ["you said hello"])
        await run.stop()
    assert [inbound["address"] for _, inbound in backend.received] == [HER]


async def test_other_accounts_of_the_daemon_are_none_of_ours(tmp_path: Path) -> None:
    """What came to a number that the bot was not given is not read, ticked or answered.

    Whoever writes from there is a person.
    """
    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = start(tmp_path, backend, daemon, signal_accounts=NUMBER)
        await until(lambda: run.adapter._accounts.numbers == [NUMBER] and daemon.listened_to)
        daemon.send(HER, {"message": "to somebody else"}, SECOND)
        daemon.write(SECOND, "hello")
        await until(lambda: bool(daemon.made("send")))
        await run.stop()
    (answer,) = daemon.made("send")
    assert (answer.parameters["account"], answer.parameters["recipient"]) == (NUMBER, [SECOND])
    assert len(backend.received) == 1


@pytest.mark.parametrize(
    ("kind", "beside"),
    [
        ("text/x-signal-plain", {}),
        ("image/jpeg", {"message": "https://maps.google.com/maps?q=4.36%2C18.58"}),
        ("video/mp4", {"groupInfo": {"groupId": "Z3JvdXA=", "type": "DELIVER"}}),
    ],
)
async def test_nothing_of_a_message_stays_on_the_daemons_disk(
    tmp_path: Path, kind: str, beside: dict[str, Any]
) -> None:
    """Long words, the picture of a map, a file in a group: gone once the turn is kept."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        file = run.signal.file(b"my secret story " * 300, kind)
        run.signal.send(HER, {"message": "my secret", "attachments": [file], **beside})
        run.signal.write(HER, "next")
        await until(lambda: any(one.get("text") == "next" for _, one in backend.received))
        folder = run.signal.attachments
        assert folder is not None
        await until(lambda: not list(folder.iterdir()))


async def test_erasing_reaches_every_number(tmp_path: Path) -> None:
    """The number that she wrote to forgets her as the one that answered does."""
    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        run.adapter._accounts.hold(NUMBER, "t", 600)
        daemon.write(HER, "hello")
        await until(lambda: daemon.texts(HER) == ["you said hello"])
        await until(lambda: bool(daemon.made("updateContact")))
        assert {call.parameters["account"] for call in daemon.made("updateContact")} == {SECOND}
        run.adapter._accounts.release(NUMBER)
        backend.queue(HER, kind="forget", erased=True)
        said = backend.queue(HER, text="erased")
        await until(lambda: backend.job(said).status == "sent")
        await run.stop()
    forgotten = {call.parameters["account"] for call in daemon.made("removeContact")}
    assert forgotten == {NUMBER, SECOND}


async def test_the_goodbye_is_said_once_whatever_becomes_of_forgetting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who erases in danger gets no second notification."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        await met(run)
        refused = [_fails(-3, "database is locked")] * 2
        answers(monkeypatch, "removeContact", lambda: refused.pop() if refused else None)
        backend.queue(HER, kind="forget", erased=True)
        said = backend.queue(HER, text="erased")
        await until(lambda: backend.job(said).status == "sent", 30)
        assert run.signal.texts(HER) == ["erased"]
        assert len(run.signal.made("removeContact")) == 3


async def test_leaving_goes_on_where_signal_made_it_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every message is asked for once, also when Signal takes five at a time."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        await met(run)
        asked = [0]

        def now_and_then() -> Any:
            asked[0] += 1
            if asked[0] % 6:
                return None
            limit = {"type": "RATE_LIMIT_FAILURE", "token": None, "retryAfterSeconds": 1}
            answer = {"timestamp": 1, "results": [limit | {"recipientAddress": {}}]}
            return {"error": _error(-5, "Failed", {"response": answer})}

        answers(monkeypatch, "remoteDelete", now_and_then)
        left = backend.queue(HER, kind="forget", target=[f"o{n}" for n in range(1, 13)])
        await until(lambda: backend.job(left).status == "sent", 30)
        done = [call.parameters["targetTimestamp"] for call in run.signal.made("remoteDelete")]
        assert set(done) == set(range(1, 13))
        assert len(done) == 14, "twelve, and the two that were refused"


async def test_what_was_deleted_is_not_asked_for_again_when_another_number_does_not_forget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each deletion is a message: repeating them makes the number wait."""
    backend = FakeBackend(script=nothing)
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        await met(run)
        refused = [_fails(-3, "database is locked")]
        answers(monkeypatch, "removeContact", lambda: refused.pop() if refused else None)
        left = backend.queue(HER, kind="forget", erased=True, target=["o1", "o2"])
        await until(lambda: backend.job(left).status == "sent", 30)
        await run.stop()
    assert len(daemon.made("remoteDelete")) == 2


async def test_another_number_takes_over_and_whoever_erases_is_still_forgotten(
    tmp_path: Path,
) -> None:
    """The mark that nothing is to be left outlives the number; the timer is set anew."""
    async with signals(tmp_path, FakeBackend()) as run:
        state = run.adapter._state
        state.serve(HER, NUMBER)
        state.timed(HER)
        state.leave_soon(HER)
        state.serve(HER, SECOND)
        assert (state.account_of(HER), state.leaving(HER), state.untimed(HER)) == (
            SECOND,
            True,
            True,
        )


async def test_who_could_not_be_told_that_words_were_unreadable_is_told_next_time(
    tmp_path: Path,
) -> None:
    """Only what was said counts as said."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        run.signal.offline = True
        broken = {"type": "ProtocolInvalidMessageException", "message": "x"}
        run.signal.frame(envelope(HER, 2), exception=broken)
        await until(lambda: bool(run.signal.made("send")))
        run.signal.offline = False
        await until(lambda: not run.adapter._aftercare._tasks)
        run.signal.frame(envelope(HER, 3), exception=broken)
        await until(lambda: run.signal.texts(HER) != [])


async def test_the_only_number_is_not_sound_when_signal_does_not_know_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is no good news in itself."""
    async with signals(tmp_path, FakeBackend()) as run:
        answers(monkeypatch, "getUserStatus", lambda: {"result": [{"isRegistered": False}]})
        await run.adapter._canary.once()
        assert "signal_canary" in run.relay.health.problems


async def test_a_daemon_that_runs_is_sound_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended once at the start; as soon as it stays the operator hears that it is over."""
    monkeypatch.setattr("bots.signal.daemon.STABLE", 0.5)
    async with signals(tmp_path, FakeBackend()) as run:
        mark = tmp_path / "mark"
        script = f"test -e {mark} && exec sleep 60; touch {mark}; exit 1"
        problems = run.relay.health.problems
        task = asyncio.create_task(child(run, script).run())
        await until(lambda: "signal_daemon" in problems)
        await until(lambda: "signal_daemon" not in problems, 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_the_pin_is_said_before_it_can_be_lost(tmp_path: Path) -> None:
    """The connection breaks when the lock is set: whoever registers has the PIN all the same."""
    daemon = FakeSignal()
    daemon.silent.add("setPin")
    with daemon:

        def cut() -> None:
            daemon.wait(lambda: bool(daemon.made("setPin")))
            daemon.hang_up()

        thread = threading.Thread(target=cut)
        thread.start()
        told = runner(daemon, tmp_path)("register", NEW, typed="123456\n")
        thread.join()
    assert daemon.made("setPin")[0].parameters["pin"] in told.output


async def test_a_challenge_is_not_lost_to_a_call_that_was_under_way(tmp_path: Path) -> None:
    """A refusal without a token leaves the one with a token; one that was solved stays solved."""
    async with signals(tmp_path, FakeBackend()) as run:
        accounts = run.adapter._accounts
        accounts.hold(NUMBER, "proof", 86_400.0)
        accounts.hold(NUMBER, None, None)
        assert accounts.challenges() == {NUMBER: "proof"}
        store_holds(run.adapter._state, {})  # a person solved it at a terminal
        accounts.hold(SECOND, None, 5.0)
        assert accounts.challenges() == {}


async def test_a_challenge_that_is_not_taken_stands_in_no_others_way(tmp_path: Path) -> None:
    """The second solution goes to the second number."""
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = start(tmp_path, FakeBackend(), daemon)
        accounts = run.adapter._accounts
        await until(lambda: accounts.numbers == [NUMBER, SECOND])
        daemon.limited = {NUMBER: ("new", 9_999), SECOND: ("proof", 9_999)}
        accounts.hold(NUMBER, "stale", 86_400.0)
        accounts.hold(SECOND, "proof", 86_400.0)
        for _ in range(2):
            await solve_all(accounts, "signalcaptcha://good")
        assert accounts.challenges() == {NUMBER: "stale"}
        await run.stop()


async def test_one_call_without_an_answer_cuts_off_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line lives as long as the daemon tells its version; else it is made anew."""
    monkeypatch.setattr(rpc, "PULSE", 0.5)
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        calls = run.adapter._rpc
        run.signal.silent = {"getUserStatus"}
        line = calls._connection
        with pytest.raises(Lost):
            await calls.call("getUserStatus", 0.1, account=NUMBER, recipient=[NUMBER])
        assert calls._connection is line
        run.signal.silent.add("version")
        with pytest.raises(Lost):
            await calls.call("getUserStatus", 0.1, account=NUMBER, recipient=[NUMBER])
        assert calls._connection is not line


async def test_who_writes_to_a_free_number_is_answered_there(tmp_path: Path) -> None:
    """The one that she knew has to wait; what it said is deleted by it, and by no other."""
    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        daemon.write(HER, "one")
        await until(lambda: daemon.texts(HER) == ["you said one"])
        run.adapter._accounts.hold(NUMBER, "t", 600)
        waits = backend.queue(HER, text="later")
        await until(lambda: bool(run.adapter._accounts._free._waiters))
        daemon.send(HER, {"message": "two"}, SECOND)
        await until(lambda: daemon.texts(HER) == ["you said one", "later", "you said two"])
        assert backend.job(waits).status == "sent"
        assert [one.account for one in daemon.shown(HER)] == [NUMBER, SECOND, SECOND]
        await until(lambda: len(backend.settled("sent")) == 3)
        ids = [one for job in backend.settled("sent") for one in job.settled["message_ids"]]
        left = backend.queue(HER, kind="forget", target=ids)
        await until(lambda: len(daemon.texts(HER)) == 1, 30)
        assert backend.job(left).status != "sent", "the first number still has to wait"
        run.adapter._accounts.release(NUMBER)
        await until(lambda: daemon.texts(HER) == [], 30)
        await until(lambda: backend.job(left).status == "sent", 30)
        await run.stop()
    made = [call.parameters["account"] for call in daemon.made("remoteDelete")]
    assert sorted(made) == [NUMBER, SECOND, SECOND]


async def test_a_message_of_another_number_is_said_anew_instead_of_edited(tmp_path: Path) -> None:
    """Signal lets nobody edit what another account said."""
    backend = FakeBackend(script=nothing)
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        daemon.write(HER, "x")
        await until(lambda: len(backend.received) == 1)
        first = backend.queue(HER, text="first")
        await until(lambda: backend.job(first).status == "sent")
        daemon.send(HER, {"message": "y"}, SECOND)
        await until(lambda: len(backend.received) == 2)
        ids = backend.job(first).settled["message_ids"]
        edit = backend.queue(HER, kind="edit", text="second", target=ids)
        await until(lambda: backend.job(edit).status == "sent")
        await run.stop()
    assert not any("editTimestamp" in call.parameters for call in daemon.made("send"))
    assert [(one.account, one.text) for one in daemon.shown(HER)] == [
        (NUMBER, "first"),
        (SECOND, "second"),
    ]


async def test_a_line_that_cannot_be_read_is_answered_and_goes_with_who_sent_it(
    tmp_path: Path,
) -> None:
    """She is asked to say it again; the line lies aside until she erases."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        frame = {
            "jsonrpc": "2.0",
            "method": "receive",
            "params": {"result": {"account": NUMBER, "envelope": envelope(HER, 7)}},
        }
        run.signal.raw(json.dumps(frame).encode()[:-3])
        await until(lambda: len(run.signal.texts(HER)) == 1)
        spool = run.relay._spool
        assert await spool.quarantined() == 1
        backend.queue(HER, kind="forget", erased=True)
        said = backend.queue(HER, text="erased")
        await until(lambda: backend.job(said).status == "sent")
        assert await spool.quarantined() == 0


def test_words_do_not_pass_for_a_sender() -> None:
    """A name in a message, and two names, are nobody's."""
    words = json.dumps({"account": NUMBER, "message": f'"sourceUuid": "{HER}"'}).encode()
    assert sender_of(words) is None
    one = json.dumps({"account": NUMBER, "sourceUuid": HER}).encode()
    assert sender_of(one) == (HER, NUMBER)
    assert sender_of(one + one.replace(HER[:8].encode(), b"00000000")) is None


async def test_what_lies_aside_goes_after_ninety_days(tmp_path: Path) -> None:
    """No upgrade takes longer; what waits to be read stays."""
    slow = SlowWorld()
    spool = Spool.open(tmp_path / "spool.db")
    frames = Frames(spool, Box(bytes(32), slow.world.random), slow.world)
    kept = await frames.keep([b"one", b"two", b"three"])
    await frames.put_aside(kept[0].n)
    assert await frames.expire() == 0
    slow.seconds += 60 * 86_400
    await frames.put_aside(kept[1].n)
    slow.seconds += 31 * 86_400
    assert await frames.expire() == 1
    assert [one.raw for one in await frames.waiting()] == [b"three"]
    assert await spool.requeue() == 1
    spool.close()


async def test_a_daemon_that_hangs_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs, and answers nobody."""
    for name, value in (("LOOK_EVERY", 0.05), ("PULSE", 0.1), ("MISSES", 2)):
        monkeypatch.setattr(signal_daemon, name, value)
    monkeypatch.setattr(rpc, "PULSE", 0.1)
    world, health = World(), Health("signal")
    nowhere = f"unix:{tmp_path / 'socket'}"
    hanging = Daemon(["sh", "-c", "exec sleep 60"], nowhere, world, health)
    task = asyncio.create_task(hanging.run())
    await until(lambda: hanging.pid is not None)
    first = hanging.pid
    await until(lambda: hanging.pid != first, 30)
    assert "signal_daemon_hung" in health.notes
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_the_operator_hears_that_files_will_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the daemon has to drop one."""
    health = Health("signal")
    files = Files(tmp_path, health)
    files.look()
    assert health.problems == {}
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    files.look()
    assert "signal_attachments_full" in health.problems


async def test_a_bot_that_just_started_knows_its_numbers_before_it_deletes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quick exit right after a restart: nothing counts as deleted that was not."""
    heard = asyncio.Event()
    look = SignalAdapter._look

    async def later(self: SignalAdapter) -> None:
        await heard.wait()
        await look(self)

    backend = FakeBackend()
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        daemon.write(HER, "hello")
        await until(lambda: len(backend.settled("sent")) == 1)
        (job,) = backend.settled("sent")
        await run.stop()
        monkeypatch.setattr(SignalAdapter, "_look", later)
        run = start(tmp_path, backend, daemon)
        left = backend.queue(HER, kind="forget", target=job.settled["message_ids"])
        daemon.write(HER, "00")
        await until(lambda: backend.job(left).lease_until > 0)
        await until(lambda: daemon.listened_to)
        assert (backend.job(left).status, daemon.texts(HER)) == ("pending", ["you said hello"])
        heard.set()
        await until(lambda: "you said hello" not in daemon.texts(HER), 30)
        await run.stop()


async def test_who_was_served_by_a_number_that_is_gone_gets_another(tmp_path: Path) -> None:
    """Before they write again: a responder's alert does not wait for that."""
    backend = FakeBackend(script=nothing)
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, backend, daemon)
        await met(run)
        daemon.numbers.remove(NUMBER)
        await run.adapter._look()
        alert = backend.queue(HER, text="an alert", silent=False)
        await until(lambda: backend.job(alert).status == "sent")
        assert daemon.shown(HER)[0].account == SECOND
        await run.stop()


async def test_pictures_of_profiles_do_not_stay_with_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call removes them; who watches the daemon does."""
    monkeypatch.setattr(signal_daemon, "LOOK_EVERY", 0.05)
    avatars = tmp_path / "avatars"
    avatars.mkdir()
    picture = avatars / f"profile-{HER}"
    picture.write_bytes(b"a face")
    with FakeSignal() as daemon:
        watched = Daemon(
            ["sh", "-c", "exec sleep 60"], daemon.address, World(), Health("signal"), avatars
        )
        task = asyncio.create_task(watched.run())
        await until(lambda: not picture.exists())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_number_that_is_freed_between_the_try_and_the_wait_is_not_missed(
    tmp_path: Path,
) -> None:
    """Else what waits leaves a minute late."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        await met(run)
        accounts, sender = run.adapter._accounts, run.adapter._sender
        accounts.hold(NUMBER, "t", 600)
        delivery = Delivery(
            id="d", fence=1, lease_seconds=9, conversation="c", seq=1, address=HER, kind="send"
        )
        with pytest.raises(Later):
            await sender.carry_out(delivery)
        accounts.release(NUMBER)
        await asyncio.wait_for(run.adapter.reachable(HER), 5)
        accounts.hold(NUMBER, "t", 600)
        with pytest.raises(Later):
            await sender.carry_out(delivery)
        waiting = asyncio.create_task(run.adapter.reachable(HER))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        accounts.release(NUMBER)
        await asyncio.wait_for(waiting, 5)


async def test_a_socket_on_which_somebody_answers_is_left_alone(tmp_path: Path) -> None:
    """A daemon that runs already is not made deaf by a second one."""
    socket = tmp_path / "socket"
    with FakeSignal(socket=socket) as daemon:
        second = Daemon(["sh", "-c", "exec sleep 60"], daemon.address, World(), Health("signal"))
        task = asyncio.create_task(second.run())
        await until(lambda: second.pid is not None)
        assert socket.is_socket()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
