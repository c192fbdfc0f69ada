"""What a reading by somebody else found in the Signal channel; each was seen to fail."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bots.signal.challenge import solve_all
from bots.signal.daemon import Daemon
from bots.signal.state import store_holds
from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import Signals, signals, start
from tests.bots.slow_world import until
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
        task = asyncio.create_task(Daemon(["sh", "-c", script], run.relay.kit).run())
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
