"""Taking a case, refusing it, working on it, closing it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from backend import alerts, jobs
from backend.ambient import HOUR
from backend.database.tables import case_log, cases, grants
from conversation.replies import Name
from tests.backend.alert_scene import ANA, BEN, CAM, DIA, EVE, FAY, TOWN, Scene, open_scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """The town on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


async def _take(scene: Scene, case_id: str, member: str) -> alerts.Outcome:
    async with scene.relais.db.write() as tx:
        return await alerts.take(tx, scene.relais, case_id, member)


async def test_the_taker_is_told_the_first_step_and_everyone_else_who_took_it(
    scene: Scene,
) -> None:
    """One answer in the chat, one notice to each other member who was alerted, none further."""
    case_id = await scene.case("urgent")
    assert await scene.presses(BEN, "a:take:K7Q4") == ["taken_yours"]
    assert await scene.told(ANA) == ["alert_urgent", "taken_other"]
    assert await scene.told(BEN) == ["alert_urgent"]
    assert await scene.told(CAM) == await scene.told(EVE) == []
    row = await scene.row(case_id)
    assert (row.status, row.taker_id) == ("taken", BEN)
    assert row.deadline_at == scene.clock() + HOUR
    notice, delivery = (await scene.inbox(ANA))[-1]
    assert notice.parts[0].params["member"] == Name("Ben")
    assert delivery.purpose == "notice"


async def test_taken_in_the_console_the_messenger_says_so_too(scene: Scene) -> None:
    """The taker's own messengers get what a chat would have answered."""
    case_id = await scene.case()
    assert (await _take(scene, case_id, ANA)).status == "taken"
    await scene.runner.run_due()
    assert await scene.told(ANA) == ["alert", "taken_yours"]


async def test_of_many_who_take_at_once_exactly_one_gets_it(scene: Scene) -> None:
    """The others are told who; every outcome names the same taker."""
    case_id = await scene.case()
    everyone = [ANA, BEN, EVE, FAY]
    outcomes = await asyncio.gather(*(_take(scene, case_id, member) for member in everyone))
    assert sorted(one.status for one in outcomes) == ["lost", "lost", "lost", "taken"]
    assert len({one.taker_id for one in outcomes}) == 1
    assert (await scene.row(case_id)).taker_id == outcomes[0].taker_id


async def test_takes_in_chats_and_the_escalation_at_the_same_moment_do_not_block_each_other(
    scene: Scene,
) -> None:
    """Turns of two members and the deadline's job, all at once: one taker, no job failed."""
    for number in range(5):
        code = f"B{number + 2}C2"
        case_id = await scene.case("urgent", code=code)
        scene.clock.forward(minutes=15)
        await asyncio.gather(
            scene.runner.run_due(),
            scene.says(ANA, f"take {code}"),
            scene.says(BEN, f"take {code}"),
            scene.says(CAM, f"take {code}"),
        )
        await scene.runner.run_due()
        row = await scene.row(case_id)
        assert row.taker_id in {ANA, BEN, CAM}
        async with scene.relais.db.read() as connection:
            assert (await jobs.counts(connection, scene.clock())).failed == 0


async def test_who_is_too_late_is_told_who_has_it(scene: Scene) -> None:
    """A second take changes nothing; the taker's own second take is no mistake."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    assert await scene.says(ANA, "take K7Q4") == ["already_taken"]
    assert await scene.says(BEN, "take K7Q4") == ["taken_yours"]
    assert (await scene.row(case_id)).taker_id == BEN


async def test_nobody_learns_from_a_code_that_was_never_alerted(scene: Scene) -> None:
    """The second team's member asks for a case of the first: the answer is as for no case."""
    await scene.case()
    for text in ("take K7Q4", "who K7Q4", "pass K7Q4", "done K7Q4", "take Z9Z9"):
        assert await scene.says(CAM, text) == ["unknown_code"]


async def test_when_all_passed_the_next_tier_hears_at_once(scene: Scene) -> None:
    """One no waits for the other; two bring the second team."""
    await scene.case()
    assert await scene.says(ANA, "2") == ["passed"]
    assert await scene.told(CAM) == []
    assert await scene.presses(BEN, "a:pass:K7Q4") == ["passed"]
    assert await scene.told(CAM) == ["alert"]


async def test_going_off_call_passes_what_was_open(scene: Scene) -> None:
    """Both of the first team go home: the second is asked at once."""
    case_id = await scene.case()
    await scene.set_on_call(ANA, on=False)
    await scene.set_on_call(BEN, on=False)
    assert await scene.told(CAM) == ["alert"]
    assert (await scene.alerted(case_id))["Ana"] == "passed"


async def test_one_who_passed_can_still_take(scene: Scene) -> None:
    """A no can be taken back as long as the case is open."""
    await scene.case()
    await scene.says(ANA, "pass K7Q4")
    assert await scene.says(ANA, "take K7Q4") == ["taken_yours"]


async def test_a_conflict_reroutes_in_silence_and_for_good(scene: Scene) -> None:
    """Own grants destroyed, never alerted again, others not told; the case is unknown to her."""
    case_id = await scene.case("high")
    assert await scene.says(BEN, "conflict K7Q4") == ["conflict_done"]
    assert BEN not in await scene.holders(case_id)
    assert await scene.says(BEN, "take K7Q4") == ["unknown_code"]
    assert await scene.says(BEN, "conflict K7Q4") == ["conflict_done"]
    await scene.later(days=1)
    assert await scene.told(BEN) == ["alert"]
    assert await scene.told(ANA) == ["alert"]


async def test_a_taker_in_conflict_gives_the_case_back_at_once(scene: Scene) -> None:
    """A new round begins without her; the others are asked again."""
    case_id = await scene.case("high")
    await scene.says(BEN, "take K7Q4")
    assert await scene.presses(BEN, "a:conflict:K7Q4") == ["conflict_done"]
    row = await scene.row(case_id)
    assert (row.status, row.taker_id, row.round) == ("open", None, 1)
    assert (await scene.told(ANA))[-2:] == ["taken_other", "alert"]
    await scene.later(days=2)
    assert (await scene.told(BEN)).count("alert") == 1
    assert await scene.says(EVE, "take K7Q4") == ["taken_yours"]


async def test_conflict_before_any_alert_is_possible_for_a_holder(scene: Scene) -> None:
    """Someone of the second tier heard of it: her grant goes, she is not alerted later."""
    case_id = await scene.case("high")
    assert await scene.says(CAM, "conflict K7Q4") == ["conflict_done"]
    assert CAM not in await scene.holders(case_id)
    await scene.later(minutes=30)
    assert await scene.told(CAM) == []
    assert await scene.told(DIA) == ["alert"]


@pytest.mark.parametrize(("urgency", "hours"), [("urgent", 1), ("normal", 4)])
async def test_a_taker_who_notes_nothing_is_reminded_then_the_case_goes_back(
    scene: Scene, urgency: str, hours: int
) -> None:
    """The reminder names the hour; then a new round alerts everyone but the last taker."""
    case_id = await scene.case(urgency)
    await scene.says(BEN, "take K7Q4")
    before = len(await scene.told(BEN))
    await scene.later(hours=hours - 0.1)
    assert len(await scene.told(BEN)) == before
    await scene.later(hours=0.1)
    assert (await scene.told(BEN))[before:] == ["idle"]
    await scene.later(hours=hours / 2)
    assert (await scene.told(BEN))[before:] == ["idle", "returned"]
    row = await scene.row(case_id)
    assert (row.status, row.round, row.tier) == ("open", 1, 0)
    assert (await scene.told(ANA))[-1] in {"alert", "alert_urgent"}
    assert await scene.holders(case_id) == {*TOWN, "recovery"}


async def test_the_first_step_ends_reminders_and_destroys_the_other_tiers_grants(
    scene: Scene,
) -> None:
    """Left are the taker, coordinators and recovery; a second step changes nothing."""
    case_id = await scene.case("urgent")
    await scene.says(BEN, "take K7Q4")
    for _ in range(2):
        async with scene.relais.db.write() as tx:
            outcome = await alerts.note_step(tx, scene.relais, case_id, BEN)
        assert (outcome.status, outcome.answered_at) == ("answered", scene.clock())
    assert await scene.holders(case_id) == {BEN, EVE, FAY, "recovery"}
    assert await scene.later(days=2) == 0
    assert (await scene.log(case_id)).count("answered") == 1
    assert await scene.says(BEN, "mine") == ["mine_line"]


async def test_only_the_taker_notes_a_step(scene: Scene) -> None:
    """Anyone else is refused and no grant is destroyed."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    for other in (ANA, CAM, EVE):
        async with scene.relais.db.write() as tx:
            outcome = await alerts.note_step(tx, scene.relais, case_id, other)
        assert outcome.status == "not_yours"
    assert len(await scene.holders(case_id)) == len(TOWN) + 1


async def test_done_needs_a_first_step_and_ends_everything(scene: Scene) -> None:
    """Only the taker closes; afterwards the case is not open any more."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    assert await scene.says(BEN, "done K7Q4") == ["done_first_step"]
    async with scene.relais.db.write() as tx:
        await alerts.note_step(tx, scene.relais, case_id, BEN)
    assert await scene.says(ANA, "done K7Q4") == ["not_yours"]
    assert await scene.says(BEN, "done K7Q4") == ["done"]
    assert await scene.says(BEN, "done K7Q4") == ["done"]
    assert await scene.says(ANA, "take K7Q4") == ["not_open"]
    assert (await scene.row(case_id)).closed_at == scene.clock()


async def test_a_case_given_back_after_a_step_goes_to_those_who_hold_a_key(scene: Scene) -> None:
    """The other tiers' grants are gone, so coordinators hear first."""
    case_id = await scene.case()
    await scene.says(BEN, "take K7Q4")
    async with scene.relais.db.write() as tx:
        await alerts.note_step(tx, scene.relais, case_id, BEN)
    assert await scene.says(BEN, "pass K7Q4") == ["given_back"]
    assert await scene.told(EVE) == ["escalation"]
    assert await scene.told(CAM) == []
    assert (await scene.told(ANA))[-1] == "taken_other"


async def test_erased_by_her_the_alerted_and_the_taker_hear_do_not_write(scene: Scene) -> None:
    """Everyone whose alert was open, once; no timer is left; history and grants may be gone."""
    case_id = await scene.case("urgent")
    await scene.says(BEN, "pass K7Q4")
    async with scene.relais.db.write() as tx:
        await alerts.withdraw(tx, scene.relais, case_id)
        await tx.execute(delete(grants))
        await tx.execute(delete(case_log))
        await tx.execute(update(cases).values(status="erased", routing_sealed=None))
    await scene.later(days=1)
    assert await scene.told(ANA) == ["alert_urgent", "withdrawn"]
    assert await scene.told(BEN) == ["alert_urgent"]
    assert await scene.says(ANA, "take K7Q4") == ["not_open"]


async def test_every_transition_is_in_the_history(scene: Scene) -> None:
    """Alerted, passed, taken, idle, returned: nothing happens without a line."""
    case_id = await scene.case("high")
    await scene.says(ANA, "pass K7Q4")
    await scene.says(BEN, "take K7Q4")
    await scene.later(hours=6)
    assert (await scene.log(case_id))[:6] == [
        "alerted", "alerted", "passed", "taken", "idle", "returned",
    ]  # fmt: skip
