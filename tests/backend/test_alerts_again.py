"""She asks again, leaves somebody out, or adds something while her case lives: who hears of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from backend import alerts
from backend.cases.routing import Routing, joined
from backend.database.tables import cases
from tests.backend.alert_scene import ANA, BEN, CAM, DIA, EVE, FAY, TOWN, Scene, open_scene

BASE = Routing(needs=("health_medical_service",), urgency="normal", area="town", locale="fr")


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """The town, with everyone on call."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


async def asks_again(scene: Scene, case_id: str, *, more: bool = True, **facts: Any) -> None:
    """As a turn writes it: the routing, then the alert, in one transaction; then the jobs."""
    async with scene.relais.db.write() as tx:
        sealed = scene.seal(case_id, replace(BASE, **facts))
        await tx.execute(update(cases).where(cases.c.id == case_id).values(routing_sealed=sealed))
        await alerts.asked_again(tx, scene.relais, case_id, more=more)
    await scene.runner.run_due()


async def reroutes(scene: Scene, case_id: str, **facts: Any) -> None:
    """Only the facts changed."""
    async with scene.relais.db.write() as tx:
        sealed = scene.seal(case_id, replace(BASE, **facts))
        await tx.execute(update(cases).where(cases.c.id == case_id).values(routing_sealed=sealed))
        await alerts.facts_changed(tx, scene.relais, case_id)
    await scene.runner.run_due()


async def test_an_urgent_call_on_a_taken_case_rings_the_taker_and_coordination(
    scene: Scene,
) -> None:
    """Nobody's silence hides it: whoever has the case hears at once, with a time; so do others."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    await asks_again(scene, case_id, urgency="urgent")
    assert (await scene.told(BEN))[-1] == "asked_again_step"
    assert "asked_again" in await scene.told(EVE)
    assert "asked_again" in await scene.told(FAY)
    assert "asked_again" not in await scene.told(CAM)
    (_, row) = (await scene.inbox(BEN))[-1]
    assert row.purpose == "alert"


async def test_a_taker_who_lets_an_urgent_call_pass_loses_the_case(scene: Scene) -> None:
    """An earlier step does not count: without a new one it goes back, and others are asked."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    async with scene.relais.db.write() as tx:
        await alerts.note_step(tx, scene.relais, case_id, BEN)
    await asks_again(scene, case_id, urgency="urgent")
    assert (await scene.row(case_id)).answered_at is None
    await scene.later(hours=1.6)
    row = await scene.row(case_id)
    assert (row.status, row.taker_id) == ("open", None)
    assert (await scene.told(BEN))[-1] == "returned"


async def test_a_new_step_answers_an_urgent_call(scene: Scene) -> None:
    """The taker notes a step in time and keeps the case."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    await asks_again(scene, case_id, urgency="urgent")
    async with scene.relais.db.write() as tx:
        await alerts.note_step(tx, scene.relais, case_id, BEN)
    await scene.later(hours=3)
    assert (await scene.row(case_id)).taker_id == BEN


async def test_what_is_not_urgent_is_told_to_the_taker_alone(scene: Scene) -> None:
    """A new need is a notice to whoever has the case; nobody else is woken."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    await asks_again(scene, case_id, needs=("food_service", "health_medical_service"))
    assert (await scene.told(BEN))[-1] == "asked_again_step"  # the first one is still due
    assert await scene.told(EVE) == []
    assert (await scene.row(case_id)).round == 0


async def test_asking_for_more_on_an_open_case_asks_everybody_anew(scene: Scene) -> None:
    """Who said no to the first request is asked again for the urgent one."""
    case_id = await scene.case()
    await scene.says(ANA, "pass K7Q4")
    await scene.says(BEN, "pass K7Q4")
    await asks_again(scene, case_id, urgency="urgent")
    assert (await scene.told(ANA))[-1] == "alert_urgent"
    assert (await scene.told(BEN))[-1] == "alert_urgent"
    assert (await scene.row(case_id)).round == 1


async def test_asking_for_the_same_brings_the_next_at_once(scene: Scene) -> None:
    """The next tier does not wait for the deadline of the first."""
    case_id = await scene.case()
    assert await scene.told(CAM) == []
    await asks_again(scene, case_id, more=False)
    assert await scene.told(CAM) == ["alert"]
    assert await scene.told(ANA) == ["alert"]


@pytest.mark.parametrize("status", ["done", "erased"])
async def test_what_is_over_rings_nobody(scene: Scene, status: str) -> None:
    """A turn makes a new case of it; the old one stays as it is."""
    case_id = await scene.case(begin=False)
    await scene.write(update(cases).where(cases.c.id == case_id).values(status=status))
    await asks_again(scene, case_id, urgency="urgent")
    assert await scene.told(EVE) == []
    assert (await scene.row(case_id)).status == status


async def test_leaving_out_the_takers_organisation_takes_the_case_away(scene: Scene) -> None:
    """At once: another is asked; the taker hears that it is theirs no more, and can do nothing."""
    case_id = await scene.case("high")
    await scene.says(BEN, "take K7Q4")
    await scene.change_member(BEN, organisation_id="org-first")
    await scene.change_member(ANA, organisation_id="org-first")
    await reroutes(scene, case_id, urgency="high", excluded=("org-first",))
    row = await scene.row(case_id)
    assert (row.status, row.taker_id) == ("open", None)
    assert (await scene.told(BEN))[-1] == "returned"
    assert await scene.told(CAM) == ["alert"]
    assert (await scene.told(ANA)).count("alert") == 1
    assert await scene.says(BEN, "take K7Q4") == ["unknown_code"]
    async with scene.relais.db.write() as tx:
        outcome = await alerts.note_step(tx, scene.relais, case_id, BEN)
    assert outcome.status == "not_yours"


async def test_what_became_restricted_leaves_the_teams(scene: Scene) -> None:
    """An aid worker did it: of an open case only coordinators hear from now on."""
    case_id = await scene.case("high")
    await reroutes(scene, case_id, urgency="high", restricted=True)
    assert (await scene.alerted(case_id))["Ana"] == "excluded"
    assert await scene.says(ANA, "take K7Q4") == ["unknown_code"]
    await scene.later(minutes=31)
    assert await scene.told(CAM) == []
    assert await scene.told(DIA) == []
    assert "restricted" in await scene.told(EVE)


@pytest.mark.parametrize(("finished", "others"), [(False, False), (True, True)])
async def test_what_she_adds_is_told(scene: Scene, finished: bool, others: bool) -> None:
    """To whoever has the case; of one that is done to coordinators as well."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    async with scene.relais.db.write() as tx:
        await alerts.note_step(tx, scene.relais, case_id, BEN)
        if finished:
            await alerts.done(tx, scene.relais, case_id, BEN)
        await alerts.added(tx, scene.relais, case_id)
    await scene.runner.run_due()
    assert (await scene.told(BEN))[-1] == "added"
    assert ("added" in await scene.told(EVE)) is others


def test_asking_again_takes_nothing_back_that_protects_her() -> None:
    """Left out stays left out, restricted restricted, urgent urgent; needs add up."""
    before = replace(BASE, urgency="urgent", excluded=("o1",), restricted=True, needs=("unsure",))
    after = joined(before, replace(BASE, area="", excluded=("o2",), needs=("food_service",)))
    assert after.excluded == ("o1", "o2")
    assert (after.restricted, after.urgency, after.area) == (True, "urgent", "town")
    assert after.needs == ("food_service",)


async def test_an_urgent_call_rings_again_when_all_had_passed(scene: Scene) -> None:
    """The same is asked, and everybody had said no: everybody hears of it at once."""
    case_id = await scene.case("urgent")
    for some in ((ANA, BEN), (CAM, DIA), (EVE, FAY)):
        for member in some:
            await scene.says(member, "pass K7Q4")
    before = {member: len(await scene.told(member)) for member in TOWN}
    await asks_again(scene, case_id, more=False, urgency="urgent")
    for member in TOWN:
        assert len(await scene.told(member)) == before[member] + 1


async def test_asking_again_rings_when_nobody_is_left(scene: Scene) -> None:
    """Not urgent, the same as before, and all had said no: it is not left to the hour."""
    case_id = await scene.case()
    for some in ((ANA, BEN), (CAM, DIA), (EVE, FAY)):
        for member in some:
            await scene.says(member, "pass K7Q4")
    before = len(await scene.told(ANA))
    await asks_again(scene, case_id, more=False)
    assert len(await scene.told(ANA)) == before + 1


async def test_an_urgent_call_reaches_at_least_whom_the_case_had_reached(scene: Scene) -> None:
    """Two tiers were asked: both are asked again at once, and the next one with them."""
    case_id = await scene.case("high")
    await scene.later(minutes=31)
    assert await scene.told(EVE) == []
    before = {member: len(await scene.told(member)) for member in TOWN}
    await asks_again(scene, case_id, urgency="urgent")
    for member in TOWN:
        assert len(await scene.told(member)) == before[member] + 1


async def test_who_was_asked_before_she_asked_again_hears_the_end(scene: Scene) -> None:
    """Somebody who went off call meanwhile: that it is taken, and that she withdrew it."""
    case_id = await scene.case("high")
    await scene.later(minutes=31)
    await scene.set_on_call(CAM, False)
    await asks_again(scene, case_id, urgency="urgent")
    await scene.says(ANA, "take K7Q4")
    assert (await scene.told(CAM))[-1] == "taken_other"
    async with scene.relais.db.write() as tx:
        await alerts.withdraw(tx, scene.relais, case_id)
    await scene.runner.run_due()
    assert (await scene.told(CAM))[-1] == "withdrawn"


async def test_her_calls_give_a_silent_taker_no_more_time(scene: Scene) -> None:
    """She calls every fifty minutes, nothing is noted: the case goes back as if she had not."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    for _ in range(3):
        await asks_again(scene, case_id, urgency="urgent", more=False)
        await scene.later(minutes=50)
    row = await scene.row(case_id)
    assert (row.status, row.taker_id) == ("open", None)
    assert "returned" in await scene.told(BEN)
