"""From the backend to the messenger: order, leases, and nobody waiting for a stranger."""

import asyncio
from pathlib import Path

from bots.core import Delivery, Later, Permanent
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import running
from tests.bots.slow_world import until


async def test_conversation_is_sent_in_order(tmp_path: Path) -> None:
    """Twenty deliveries of one conversation go out one after the other, each settled."""
    backend = FakeBackend()
    for n in range(20):
        backend.queue("a", text=str(n))
    async with running(tmp_path, backend) as run:
        await until(lambda: len(backend.settled("sent")) == 20)
        assert run.adapter.texts("a") == [str(n) for n in range(20)]


async def test_slow_chat_holds_nobody_up(tmp_path: Path) -> None:
    """While the platform makes one chat wait, others get theirs; the lease is renewed meanwhile."""
    backend = FakeBackend(lease_seconds=20)
    backend.queue("slow", text="first")
    backend.queue("slow", text="second")
    backend.queue("quick", text="hello")
    waits = [300.0]

    async def act(delivery: Delivery) -> None:
        if delivery.address == "slow" and waits:
            raise Later(waits.pop())

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: run.adapter.texts("quick") == ["hello"])
        fence = backend.job("d1").body["fence"]
        await run.clock.advance(290)
        assert run.adapter.texts("slow") == []
        await run.clock.advance(20)
        await until(lambda: run.adapter.texts("slow") == ["first", "second"])
        assert backend.job("d1").body["fence"] == fence == 1


async def test_long_wait_is_given_back(tmp_path: Path) -> None:
    """A platform that asks for hours gets the delivery put off, not held."""
    backend = FakeBackend()
    backend.queue("a", text="hello")

    async def act(delivery: Delivery) -> None:
        raise Later(86_400)

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: backend.job("d1").settled.get("outcome") == "later")
        assert backend.job("d1").settled["retry_after"] == 86_400


async def test_an_alert_that_is_held_is_given_back_at_once(tmp_path: Path) -> None:
    """With the reason, so that somebody else is asked; an answer is held and tried again."""
    backend = FakeBackend()
    backend.queue("responder", text="an alert", silent=False)
    backend.queue("her", text="an answer")

    async def act(delivery: Delivery) -> None:
        raise Later(60, "held")

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: backend.job("d1").settled.get("outcome") == "later")
        assert backend.job("d1").settled["reason"] == "held"
        await run.clock.advance(120)
        assert "outcome" not in backend.job("d2").settled


async def test_an_alert_does_not_wait_for_a_messenger_that_is_away(tmp_path: Path) -> None:
    """After a minute it is given back, so that somebody else is asked; an answer is held longer."""
    backend = FakeBackend(lease_seconds=900)
    backend.queue("responder", text="an alert", silent=False)
    backend.queue("her", text="an answer")

    async def act(delivery: Delivery) -> None:
        raise Later(None)

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await run.clock.advance(30)
        assert "outcome" not in backend.job("d1").settled
        await run.clock.advance_until(lambda: "outcome" in backend.job("d1").settled)
        assert backend.job("d1").settled["reason"] == "held"
        assert "outcome" not in backend.job("d2").settled


async def test_an_alert_is_given_back_whatever_the_messenger_asks_for(tmp_path: Path) -> None:
    """Five seconds, again and again: after a minute somebody else is asked all the same."""
    backend = FakeBackend(lease_seconds=900)
    backend.queue("responder", text="an alert", silent=False)

    async def act(delivery: Delivery) -> None:
        raise Later(5.0)

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await run.clock.advance_until(lambda: "outcome" in backend.job("d1").settled, 90)
        assert backend.job("d1").settled["reason"] == "held"


async def test_the_backend_hears_that_an_answer_is_held(tmp_path: Path) -> None:
    """The bot keeps it, and says so: an alert may wait behind it in the same chat."""
    backend = FakeBackend(lease_seconds=900)
    backend.queue("responder", text="an answer")
    backend.queue("other", text="an answer")

    async def act(delivery: Delivery) -> None:
        if delivery.address == "responder":
            raise Later(60.0, "held")

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: backend.job("d2").status == "sent")
        await until(lambda: bool(backend.job("d1").renewed))
        assert [one["reason"] for one in backend.job("d1").renewed] == ["held"]
        assert backend.job("d1").status == "pending"
        assert backend.job("d2").renewed == []


async def test_failure_for_good_is_reported(tmp_path: Path) -> None:
    """A person who blocked the bot is reported to the backend with the reason."""
    backend = FakeBackend()
    backend.queue("a", text="hello")

    async def act(delivery: Delivery) -> None:
        raise Permanent("blocked")

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: backend.job("d1").status == "failed")
        assert backend.job("d1").settled["reason"] == "blocked"


async def test_lost_lease_is_dropped(tmp_path: Path) -> None:
    """A delivery that another attempt took over while it waited is not sent."""
    backend = FakeBackend(lease_seconds=10)
    backend.queue("a", text="hello")

    async def act(delivery: Delivery) -> None:
        raise Later(60)

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: backend.job("d1").body["fence"] == 1)
        backend.job("d1").body["fence"] = 99
        await run.clock.advance(100)
        assert run.adapter.sent == []
        assert backend.job("d1").settled == {}


async def test_sent_once_although_the_lease_ran_out(tmp_path: Path) -> None:
    """A delivery that is leased anew while it is being sent is not said twice."""
    backend = FakeBackend()
    backend.queue("a", text="hello")
    go_on = asyncio.Event()

    async def act(delivery: Delivery) -> None:
        await go_on.wait()

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: backend.job("d1").body["fence"] == 1)
        backend.expire_leases()
        await run.clock.advance_until(lambda: backend.job("d1").body["fence"] == 2)
        go_on.set()
        await until(lambda: backend.job("d1").status == "sent")
        assert len(run.adapter.sent) == 1


async def test_unconfirmed_send_is_confirmed_not_repeated(tmp_path: Path) -> None:
    """With the backend away between send and settlement, the same message is not sent again."""
    backend = FakeBackend()
    backend.queue("a", text="hello")

    async def act(delivery: Delivery) -> None:
        backend.down = True

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: len(run.adapter.sent) == 1)
        run.adapter.act = None
        await run.clock.advance(30)
        backend.expire_leases()
        backend.down = False
        await run.clock.advance_until(lambda: backend.job("d1").status == "sent")
        assert len(run.adapter.sent) == 1


async def test_what_was_sent_before_a_crash_is_not_sent_again(tmp_path: Path) -> None:
    """Sent, the backend away, the bot killed: the next run settles it under its message ids."""
    backend = FakeBackend()
    backend.queue("a", text="hello")

    async def act(delivery: Delivery) -> None:
        backend.down = True

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: len(run.adapter.sent) == 1)
        task = run.task
        assert task is not None
        task.cancel()
        await run.clock.advance_until(task.done)
    content = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"m-d1" not in content
    backend.down = False
    backend.expire_leases()
    async with running(tmp_path, backend) as again:
        await again.clock.advance_until(lambda: backend.job("d1").status == "sent")
        assert again.adapter.sent == []
        assert backend.settled("sent")[0].settled["message_ids"] == ["m-d1"]


async def test_fault_of_ours_does_not_end_the_queue(tmp_path: Path) -> None:
    """An adapter that raises something unheard of is tried again, then reported, never looped."""
    backend = FakeBackend()
    backend.queue("a", text="hello")
    backend.queue("b", text="hello")

    async def act(delivery: Delivery) -> None:
        if delivery.address == "a":
            raise ZeroDivisionError

    async with running(tmp_path, backend, start=False) as run:
        run.adapter.act = act
        run.start()
        await until(lambda: run.adapter.texts("b") == ["hello"])
        await run.clock.advance_until(lambda: backend.job("d1").status == "failed")


async def test_a_stop_begins_nothing_more(tmp_path: Path) -> None:
    """While one send is finished, what comes next is left for the next run, and nothing is cut."""
    backend = FakeBackend()
    go_on, began = asyncio.Event(), asyncio.Event()

    async def act(delivery: Delivery) -> None:
        began.set()
        await go_on.wait()

    async with running(tmp_path, backend) as run:
        run.adapter.act = act
        await run.write("e1", "a", "first")
        await began.wait()
        await run.write("e2", "a", "second")
        await until(lambda: len(backend.received) == 2)
        task = run.task
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await run.clock.advance_until(task.done)
        assert run.adapter.texts("a") == ["you said first"]
        assert len(backend.settled("sent")) == 1
    backend.expire_leases()
    async with running(tmp_path, backend) as again:
        await again.clock.advance_until(lambda: len(backend.settled("sent")) == 2)
        assert again.adapter.texts("a") == ["you said second"]
