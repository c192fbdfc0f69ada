"""Quick exit, and what reaches the chat around it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from backend.database.tables import deliveries
from backend.deliveries import settling
from tests.backend.nights import ACCOUNT, TO_MORE, Night


async def test_what_was_sent_too_late_is_all_that_a_late_report_takes_away(night: Night) -> None:
    """She left, came back, has a new question: the old one's report deletes the old one alone."""
    posts = night.chat.posts
    first = (await posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    await night.chat.settles((await posts({"kind": "text", "text": "00"}, "e2")).json()["delivery"])
    back = (await posts({"kind": "text", "text": "hello"}, "e3")).json()["delivery"]
    await night.chat.reports(back, outcome="sent", message_ids=["her question"])
    late = (await night.chat.reports(first, outcome="sent", message_ids=["late"])).json()
    assert (late["delivery"]["kind"], late["delivery"]["target"]) == ("delete", ["late"])
    await night.chat.settles(late["delivery"])
    gone = (await posts({"kind": "text", "text": "00"}, "e4")).json()["delivery"]
    assert "her question" in gone["target"]
    assert "late" not in gone["target"]


async def test_leaving_says_nothing_of_time_that_passed(night: Night) -> None:
    """Her state is gone, and she leaves: one neutral line, and nothing of a beginning."""
    await night.says("hello", "1")
    night.console.clock.forward(days=12)
    night.console.relais.vault.drafts.destroy_before(night.console.relais.world.day())
    assert "time has passed" not in await night.says("00")


async def test_leaving_does_not_wait_for_a_report_that_waits_for_it(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn and a report take the chat first, then its deliveries: neither ends the other."""
    first = (await night.chat.posts({"kind": "text", "text": "hello"}, "e1")).json()["delivery"]
    real, inside = settling._settle_one, asyncio.Event()

    async def slow(*args: Any, **outcome: Any) -> Any:
        inside.set()
        await asyncio.sleep(0.3)
        return await real(*args, **outcome)

    monkeypatch.setattr(settling, "_settle_one", slow)

    async def leaves() -> Any:
        await inside.wait()
        return await night.chat.posts({"kind": "text", "text": "00"}, "e2")

    report = night.chat.reports(first, outcome="sent", message_ids=["m"])
    both = await asyncio.gather(report, leaves())
    assert [one.status_code for one in both] == [200, 200]
    left = await night.rows(select(deliveries.c.id).where(deliveries.c.kind == "forget"))
    assert len(left) == 1


async def test_a_file_that_was_refused_while_she_was_away_is_told_once_she_is_safe(
    night: Night,
) -> None:
    """Safety first, and nothing shows before; then she hears that it was not taken."""
    await night.says(*TO_MORE, "1", "1", *ACCOUNT)
    night.console.clock.forward(minutes=40)
    sent: dict[str, Any] = {"kind": "media", "media": "voice"}
    answer = await night.chat.posts(sent, "v1", media={"refused": "too_large"})
    before = await night.chat.settles(answer.json()["delivery"])
    assert "too large" not in before
    told = await night.says("1", "1", "blue kite")
    assert "too large" in told
    assert "too large" not in await night.says("repeat")
