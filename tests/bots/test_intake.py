"""From the spool to the backend."""

import asyncio
from pathlib import Path

import pytest

from bots.core import Delivery, Inbound, MediaRef, NotReady
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import FetchingAdapter, running
from tests.bots.slow_world import until


async def test_event_arrives_and_its_reply_is_sent(tmp_path: Path) -> None:
    """The backend reads a message as it was written; the reply goes out and is settled."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        await run.write("e1", "a", "hello")
        await until(lambda: len(backend.settled("sent")) == 1)
        assert run.adapter.texts("a") == ["you said hello"]
        assert backend.settled("sent")[0].settled["message_ids"] == ["m-d1"]
        await until(lambda: run.relay.health.metrics.spooled._value.get() == 0)
        assert await run.relay._spool.event_ids() == []


async def test_order_per_person(tmp_path: Path) -> None:
    """Fifty messages each of three people arrive in each one's order."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        people = ("a", "b", "c")
        await asyncio.gather(
            *(run.write(f"{who}{n}", who, str(n)) for n in range(50) for who in people)
        )
        await until(lambda: len(backend.received) == 150)
        for who in people:
            assert backend.texts(who) == [str(n) for n in range(50)]


async def test_one_persons_trouble_holds_nobody_else_up(tmp_path: Path) -> None:
    """While the backend fails at one person's event, another person is answered."""
    backend = FakeBackend(answers={"bad": [500] * 3})
    async with running(tmp_path, backend) as run:
        await run.write("e1", "a", "bad")
        await run.write("e2", "a", "after")
        await run.write("e3", "b", "hello")
        await until(lambda: backend.texts("b") == ["hello"])
        assert backend.texts("a") == []
        await run.clock.advance_until(lambda: backend.texts("a") == ["bad", "after"])


async def test_replay_is_harmless(tmp_path: Path) -> None:
    """The same event twice is one turn, even when the first answer was lost."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        await run.write("e1", "a", "hello")
        await until(lambda: len(run.adapter.sent) == 1)
        await run.write("e1", "a", "hello")
        await run.write("e2", "a", "next")
        await until(lambda: len(run.adapter.sent) == 2)
        assert backend.texts("a") == ["hello", "next"]


@pytest.mark.parametrize("code", ["malformed", "too_large", "inbox_key_unknown"])
async def test_poison_is_put_aside(tmp_path: Path, code: str) -> None:
    """What the backend will never take is kept sealed, counted and said; the rest goes on."""
    backend = FakeBackend(answers={"poison": [(422, code)]})
    async with running(tmp_path, backend) as run:
        await run.write("e1", "a", "poison")
        await run.write("e2", "a", "after")
        await until(lambda: backend.texts("a") == ["after"])
        assert await run.relay._spool.quarantined() == 1
        assert "quarantined" in run.relay.health.notes
        assert "events_refused" in run.relay.health.problems  # somebody wrote, and has no answer


async def test_a_strangers_404_is_no_reason_to_give_up(tmp_path: Path) -> None:
    """A 4xx without a code of ours comes from some proxy: the event is kept and tried again."""
    backend = FakeBackend(answers={"hello": [(404, "")]})
    async with running(tmp_path, backend) as run:
        await run.write("e1", "a", "hello")
        await run.clock.advance_until(lambda: backend.texts("a") == ["hello"])
        assert await run.relay._spool.quarantined() == 0


async def test_restart_drains_the_backlog_before_new_events(tmp_path: Path) -> None:
    """What each person wrote before goes first, in order, before what they write now."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        backend.down = True
        for n in range(20):
            await run.write(f"old{n}", "ab"[n % 2], f"old {n}")
    async with running(tmp_path, backend, start=False) as run:
        await run.relay._inbox.load()
        await run.write("new", "a", "new")
        run.start()
        backend.down = False
        await run.clock.advance_until(lambda: len(backend.received) == 21)
        assert backend.texts("a") == [f"old {n}" for n in range(0, 20, 2)] + ["new"]
        assert backend.texts("b") == [f"old {n}" for n in range(1, 20, 2)]


async def test_after_a_restart_nobody_waits_for_a_strangers_file(tmp_path: Path) -> None:
    """One person's file cannot be fetched for hours: everybody else's words go on."""
    backend = FakeBackend()
    adapter = FetchingAdapter(files={"stuck": b"x"}, hold=asyncio.Event().wait)
    async with running(tmp_path, backend, adapter=adapter) as run:
        backend.down = True
        file = MediaRef("photo", "image/jpeg", None, "stuck")
        stuck = Inbound(address="a", kind="media", media="photo")
        await run.relay.accept("file", stuck, file)
        await run.write("words", "b", "help")
    async with running(tmp_path, backend, start=False, adapter=adapter) as run:
        backend.down = False
        run.start()
        await run.clock.advance_until(lambda: backend.texts("b") == ["help"])
        assert backend.texts("a") == []


async def test_nothing_on_the_disk_names_a_person(tmp_path: Path) -> None:
    """Event ids and lanes are keyed hashes: the same for the same, and nobody's else's."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        name = run.relay.name
        assert name("lane", "a") == name("lane", "a")
        assert len({name("lane", "a"), name("lane", "b"), name("a", "lane"), name("lanea")}) == 4
        await run.write("e1", "4915112345678", "hello")
        assert b"4915112345678" not in await asyncio.to_thread(run.spool_path.read_bytes)


async def test_a_reply_in_hand_at_a_crash_is_not_left_to_its_lease(tmp_path: Path) -> None:
    """Stopped before a reply left: the next run asks again and sends it, with the clock at rest."""
    backend = FakeBackend()

    async def forever(_: Delivery) -> None:
        await asyncio.Event().wait()

    async with running(tmp_path, backend) as run:
        run.adapter.act = forever
        await run.write("e1", "a", "hello")
        await until(lambda: len(backend.received) == 1)
        task = run.task
        assert task is not None
        task.cancel()
        await run.clock.advance_until(task.done)
    async with running(tmp_path, backend) as again:
        await until(lambda: again.adapter.texts("a") == ["you said hello"])
        await until(lambda: len(backend.settled("sent")) == 1)


async def test_outage_loses_nothing(tmp_path: Path) -> None:
    """Events written while the backend is away arrive, in order, when it is back."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        backend.down = True
        for n in range(30):
            await run.write(f"e{n}", "abc"[n % 3], str(n))
        await run.clock.advance(120)
        assert backend.received == []
        assert "backend_away" in run.relay.health.problems
        backend.down = False
        await run.clock.advance_until(lambda: len(backend.received) == 30)
        assert [backend.texts(who)[0] for who in "abc"] == ["0", "1", "2"]
        await until(lambda: "backend_away" not in run.relay.health.problems)


async def test_outage_is_probed_by_one(tmp_path: Path) -> None:
    """A hundred waiting people do not knock a hundred times: one probe every few seconds."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        backend.down = True
        for n in range(100):
            await run.write(f"e{n}", f"person {n}", "hello")
        await run.clock.advance(30)
        errors = run.relay.health.metrics.errors.labels("busy")
        before = errors._value.get()
        await run.clock.advance(60)
        assert errors._value.get() - before <= 40  # probe and inbox key, not 100 people


async def test_offline_notice_once(tmp_path: Path) -> None:
    """After 60 seconds without a backend each waiting person is told once, and not again."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        backend.down = True
        await run.write("e1", "a", "one")
        await run.write("e2", "a", "two")
        await run.clock.advance(50)
        assert run.adapter.said == []
        await run.clock.advance(20)
        assert run.adapter.said == [("a", "<offline/unavailable/text>")]
        await run.write("e3", "a", "three")
        await run.write("e4", "b", "one")
        await run.clock.advance(1000)
        assert [address for address, _ in run.adapter.said] == ["a", "b"]
        backend.down = False
        await run.clock.advance_until(lambda: len(backend.received) == 4)


async def test_a_later_outage_is_told_again(tmp_path: Path) -> None:
    """Once means once an outage."""
    backend = FakeBackend()
    async with running(tmp_path, backend) as run:
        for n in (1, 2):
            backend.down = True
            await run.write(f"e{n}", "a", "hello")
            await run.clock.advance(80)
            assert len(run.adapter.said) == n
            backend.down = False
            await run.clock.advance_until(lambda n=n: len(backend.received) == n)  # type: ignore[misc]
            await until(lambda: not run.relay._intake.lanes)


async def test_wrong_token_is_said_clearly(tmp_path: Path) -> None:
    """A wrong bearer token keeps every event, and health names the setting."""
    backend = FakeBackend()
    async with running(tmp_path, backend, token="wrong", start=False) as run:
        run.start()
        await until(lambda: "backend_refuses" in run.relay.health.problems)
        assert "RELAIS_BOT_TOKEN" in run.relay.health.problems["backend_refuses"]
        assert run.relay.health.report()[0] == 503


async def test_nothing_is_accepted_without_a_key(tmp_path: Path) -> None:
    """Before the first inbox key nothing can be sealed, so nothing is claimed to be kept."""
    backend = FakeBackend(down=True)
    async with running(tmp_path, backend, start=False) as run:
        run.start()
        write = asyncio.create_task(run.write("e1", "a", "hello"))
        await run.clock.advance(10)
        with pytest.raises(NotReady):
            await write
        assert await run.relay._spool.event_ids() == []
        assert "no_inbox_key" in run.relay.health.problems


async def test_restart_without_a_backend_still_seals(tmp_path: Path) -> None:
    """The inbox key is cached: a bot that starts while the backend is away accepts messages."""
    backend = FakeBackend()
    async with running(tmp_path, backend):
        pass
    backend.down = True
    async with running(tmp_path, backend, start=False) as run:
        run.start()
        await run.write("e1", "a", "hello")
        assert await run.relay._spool.event_ids() == ["e1"]


async def test_foreign_inbox_key_is_refused(tmp_path: Path) -> None:
    """A key signed by another signer than the first one is not used, and health raises alarm."""
    backend = FakeBackend()
    async with running(tmp_path, backend):
        pass
    thief = FakeBackend(signer_seed=b"t" * 32, key_id="2026-W49")
    async with running(tmp_path, thief, start=False) as run:
        run.start()
        await until(lambda: "inbox_key_refused" in run.relay.health.problems)
        envelope = await run.relay._inbox.seal("e1", b"hello")
        assert envelope.key_id == backend.key_id
