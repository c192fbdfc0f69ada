"""Somebody's identity key on Signal changed: nothing leaves until a person decided."""

import asyncio
from pathlib import Path

import pytest

from bots.signal import sender
from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import Signals, signals
from tests.bots.slow_world import until
from tests.bots.test_signal_by_hand import Run, runner
from tests.bots.test_signal_mends import met
from tests.bots.test_signal_talking import HER, nothing

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
    """Who waits is shown with the newest key's safety number; then it leaves, and all is well."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        said = await waiting(run)
        hand = runner(run.signal, tmp_path)
        shown = await by_hand(hand, "identities")
        assert HER in shown
        assert "22222" in shown
        wrong = await by_hand(hand, "trust", HER, "--safety-number", "33333")
        assert wrong.startswith("2 Signal refuses")
        assert run.signal.texts(HER) == []
        assert (await by_hand(hand, "trust", HER)).startswith("0 Taken")
        await until(lambda: run.backend.job(said).status == "sent")
        await run.adapter._look()
        assert PROBLEM not in run.relay.health.problems
        assert "Nobody's key" in await by_hand(hand, "identities")


async def test_somebody_else_is_refused_by_hand(tmp_path: Path) -> None:
    """What was to be said to them ends; so does the alarm. It can be undone."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        said = await waiting(run)
        hand = runner(run.signal, tmp_path)
        assert (await by_hand(hand, "refuse", HER)).startswith("0 Refused")
        await until(lambda: run.backend.job(said).status == "failed")
        await run.adapter._look()
        assert PROBLEM not in run.relay.health.problems
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


async def test_who_erases_is_in_question_no_more(tmp_path: Path) -> None:
    """Nothing of them is left, their id in the list of changed keys included."""
    async with signals(tmp_path, FakeBackend(script=nothing)) as run:
        await waiting(run)
        assert run.adapter._state.changed_key(HER) is not None
        run.adapter._state.forget(HER)
        assert run.adapter._state.changed_keys() == []
