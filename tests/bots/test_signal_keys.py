"""Somebody's identity key on Signal changed: nothing leaves until a person decided."""

import asyncio
from pathlib import Path

import pytest

from bots.signal import sender
from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import Signals, signals
from tests.bots.slow_world import until
from tests.bots.test_signal_by_hand import Run, runner
from tests.bots.test_signal_mends import answers, met, with_two
from tests.bots.test_signal_talking import HER, nothing
from tests.e2e.fake_signal import NUMBER, SECOND, FakeSignal, _fails

PROBLEM = "signal_identity"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "LOOK_AGAIN", 0.1)


async def waiting(run: Signals) -> str:
    """She is known, her key is a new one, and something is to be said to her: its id."""
    await met(run)
    run.signal.changed.add(HER)
    said = run.backend.queue(HER, text="an answer")
    await until(lambda: PROBLEM in run.relay.health.problems)
    return said


async def by_hand(run: Run, *words: str) -> str:
    """What the command says; it runs beside the bot."""
    result = await asyncio.to_thread(run, *words)
    return f"{result.exit_code} {result.output}"


async def test_one_person_s_new_key_is_taken_by_hand(tmp_path: Path) -> None:
    """Who waits is shown with the new key's safety number; then it leaves, and all is well."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        run.signal.changed_at.add((HER, NUMBER))
        said = await waiting(run)
        hand = runner(run.signal, tmp_path)
        shown = await by_hand(hand, "identities")
        assert HER in shown
        assert f"safety number with {NUMBER}: 22 1" in shown
        assert "11 1" not in shown
        wrong = await by_hand(hand, "trust", HER, "--safety-number", "33333")
        assert wrong.startswith("2 No key that the daemon has seen")
        assert run.signal.texts(HER) == []
        assert (await by_hand(hand, "trust", HER)).startswith("0 Taken")
        await until(lambda: run.backend.job(said).status == "sent")
        await run.adapter._look()
        assert PROBLEM not in run.relay.health.problems
        assert "Nobody's key" in await by_hand(hand, "identities")


async def test_a_key_is_taken_on_every_number_that_saw_it(tmp_path: Path) -> None:
    """What she wrote to the other number would else wait there until it is gone.

    A safety number is one number's; the key behind it is taken on the others, too.
    """
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, FakeBackend(script=nothing), daemon)
        daemon.changed_at = {(HER, NUMBER), (HER, SECOND)}
        await waiting(run)
        hand = runner(daemon, tmp_path)
        assert (await by_hand(hand, "trust", HER, "--safety-number", "22 2")).startswith("0 Taken")
        await run.stop()
    made = [call.parameters for call in daemon.made("trust")]
    assert [(one["account"], one["verifiedSafetyNumber"]) for one in made] == [
        (NUMBER, "22 1"),
        (SECOND, "22 2"),
    ]


async def test_a_number_that_refuses_to_trust_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One may trust the key already; where all refuse, nothing counts as decided."""
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, FakeBackend(script=nothing), daemon)
        daemon.changed_at = {(HER, NUMBER), (HER, SECOND)}
        await waiting(run)
        hand, state = runner(daemon, tmp_path), run.adapter._state
        refusals = [_fails(-1, "Failed to set the trust")] * 3
        answers(monkeypatch, "trust", lambda: refusals.pop() if refusals else None)
        assert (await by_hand(hand, "trust", HER)).startswith("2 Signal refuses")
        assert state.key_of(HER) == "undecided"
        assert (await by_hand(hand, "trust", HER)).startswith("0 Taken")
        assert state.key_of(HER) == "sound"
        await run.stop()


async def test_somebody_else_is_refused_by_hand(tmp_path: Path) -> None:
    """What was to be said to them ends; so does the alarm. It can be undone."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        run.signal.changed_at.add((HER, NUMBER))
        said = await waiting(run)
        hand = runner(run.signal, tmp_path)
        assert (await by_hand(hand, "refuse", HER)).startswith("0 Refused")
        await until(lambda: run.backend.job(said).status == "failed")
        assert run.backend.job(said).settled["reason"] == "refused", "the chat is still theirs"
        await run.adapter._look()
        assert PROBLEM not in run.relay.health.problems
        assert f"{HER}: refused" in await by_hand(hand, "identities")
        assert not run.adapter._state.sound(HER), "what was on its way undoes no refusal"
        await by_hand(hand, "trust", HER)
        again = run.backend.queue(HER, text="an answer")
        await until(lambda: run.backend.job(again).status == "sent")


async def test_nothing_is_decided_about_who_is_not_in_question(tmp_path: Path) -> None:
    """A slip of the hand trusts nobody."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        hand = runner(run.signal, tmp_path)
        for word in ("trust", "refuse"):
            assert "is in question" in await by_hand(hand, word, HER)
        assert run.signal.made("trust") == []


async def test_signal_is_not_asked_every_minute_about_a_key_that_waits(tmp_path: Path) -> None:
    """Nor does an answer that arrives all the same leave the alarm standing."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        said = await waiting(run)
        tries = len(run.signal.made("send"))
        await asyncio.sleep(0.5)
        assert len(run.signal.made("send")) == tries
        run.signal.changed.clear()  # trusted at the daemon itself
        run.adapter._sender._tried.clear()  # an hour later
        await until(lambda: run.backend.job(said).status == "sent")
        assert PROBLEM not in run.relay.health.problems


@pytest.mark.parametrize("refused", [False, True])
async def test_who_erases_waits_for_no_decision(tmp_path: Path, refused: bool) -> None:
    """Everything of them goes here and in the daemon; nothing is said to whoever has the key."""
    with FakeSignal(numbers=[NUMBER, SECOND]) as daemon:
        run = await with_two(tmp_path, FakeBackend(script=nothing, lease_seconds=1), daemon)
        said = await waiting(run)
        state = run.adapter._state
        if refused:
            state.refuse(HER)
        calls = len(daemon.made("send"))
        run.backend.job(said).status = "failed"  # as the backend silences what is on its way
        run.backend.queue(HER, kind="forget", erased=True, target=["o1"])
        last = run.backend.queue(HER, text="erased")
        await until(lambda: run.backend.job(last).status == "sent")
        assert (state.account_of(HER), state.changed_key(HER)) == (None, None)
        await run.stop()
    assert len(daemon.made("send")) == calls
    gone = {call.parameters["account"] for call in daemon.made("removeContact")}
    assert gone == {NUMBER, SECOND}
