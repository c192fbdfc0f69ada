"""Who is alerted, when, and with which words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from backend import alerts
from backend.ambient import HOUR, MINUTE
from backend.cases.routing import Routing
from backend.database.tables import cases, conversations
from backend.database.tables import jobs as jobs_table
from tests.backend.alert_scene import ANA, BEN, CAM, DIA, EVE, FAY, Scene, open_scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """The town on either database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


async def test_the_first_tier_is_alerted_at_once_on_every_linked_messenger(scene: Scene) -> None:
    """Ana hears on Telegram and Signal, Ben once, the second team and coordinators not yet."""
    case_id = await scene.case()
    assert await scene.told(ANA) == ["alert"]
    assert len(await scene.inbox(ANA, "signal")) == 1
    assert await scene.told(BEN) == ["alert"]
    assert await scene.told(CAM) == await scene.told(EVE) == []
    assert await scene.log(case_id) == ["alerted", "alerted"]


async def test_an_alert_says_code_need_urgency_area_and_deadline_and_nothing_else(
    scene: Scene,
) -> None:
    """Its parameters are exactly those of the design, its buttons take and pass; it may sound."""
    await scene.case("high")
    reply, row = (await scene.inbox(BEN))[0]
    assert set(reply.parts[0].params) == {"code", "need", "urgency", "area", "time"}
    assert [option.token for option in reply.options] == ["a:take:K7Q4", "a:pass:K7Q4"]
    assert row.purpose == "alert"


@pytest.mark.parametrize(("urgency", "minutes"), [("urgent", 15), ("high", 30), ("normal", 240)])
async def test_the_next_tier_hears_at_the_deadline_and_not_before(
    scene: Scene, urgency: str, minutes: int
) -> None:
    """15 minutes, 30 minutes, 4 hours."""
    case_id = await scene.case(urgency)
    await scene.later(minutes=minutes - 1)
    assert await scene.told(CAM) == []
    await scene.later(minutes=1)
    assert len(await scene.told(CAM)) == len(await scene.told(DIA)) == 1
    assert await scene.told(EVE) == []
    assert (await scene.row(case_id)).deadline_at == scene.clock() + minutes * MINUTE


async def test_then_coordinators_then_every_coordinator_each_hour(scene: Scene) -> None:
    """After both teams the coordinators hear that nobody took it, and from then on hourly."""
    await scene.case("high")
    await scene.later(hours=1)
    assert await scene.told(EVE) == await scene.told(FAY) == ["escalation"]
    await scene.says(FAY, "pass")
    await scene.later(hours=2, minutes=15)
    assert await scene.told(EVE) == ["escalation"] + 3 * ["open_since"]
    assert await scene.told(FAY) == ["escalation"] + 3 * ["open_since"]
    assert await scene.told(BEN) == ["alert"]


async def test_days_without_an_answer_alert_nobody_of_a_team_twice(scene: Scene) -> None:
    """In three days each member of a team gets one alert, each coordinator one an hour."""
    await scene.case()
    await scene.later(days=3)
    assert await scene.told(CAM) == ["alert"]
    told = await scene.told(EVE)
    assert told[0] == "escalation"
    assert told.count("open_since") == len(told) - 1 == 72 - 12 + 1


async def test_an_urgent_alert_comes_again_every_three_minutes_until_it_is_taken(
    scene: Scene,
) -> None:
    """Four times in twelve minutes, then never."""
    await scene.case("urgent")
    await scene.later(minutes=12)
    assert await scene.told(BEN) == ["alert_urgent"] + 4 * ["alert_again"]
    await scene.says(ANA, "take K7Q4")
    await scene.later(minutes=59)
    assert await scene.told(BEN) == ["alert_urgent"] + 4 * ["alert_again"] + ["taken_other"]


async def test_one_who_passed_or_went_off_call_gets_no_repetition(scene: Scene) -> None:
    """Only open alerts of members on call come again."""
    await scene.case("urgent")
    await scene.says(BEN, "pass K7Q4")
    await scene.change_member(ANA, on_call=False)
    await scene.later(minutes=12)
    assert await scene.told(BEN) == ["alert_urgent"]
    assert await scene.told(ANA) == ["alert_urgent"]


async def test_a_tier_whose_members_vanished_is_skipped_with_a_reason(scene: Scene) -> None:
    """Disabled and off call: the second team is not waited for, and the history says why."""
    case_id = await scene.case("high")
    await scene.change_member(CAM, on_call=False)
    await scene.change_member(DIA, disabled_at=1)
    await scene.later(minutes=30)
    assert await scene.told(CAM) == await scene.told(DIA) == []
    assert await scene.told(EVE) == ["escalation"]
    assert "skipped" in await scene.log(case_id)


async def test_one_who_joins_a_tier_that_was_alerted_is_not_left_out(scene: Scene) -> None:
    """Ben comes on call after the first team was alerted: he hears with the second team."""
    await scene.change_member(BEN, on_call=False)
    await scene.case("high")
    await scene.set_on_call(BEN, on=True)
    await scene.later(minutes=30)
    assert await scene.told(BEN) == await scene.told(CAM) == ["alert"]


async def test_nobody_on_call_keeps_the_case_open_and_tries_every_quarter_of_an_hour(
    scene: Scene,
) -> None:
    """The first coordinator who comes on call is alerted within 15 minutes, as a gap."""
    for member in (ANA, BEN, CAM, DIA, EVE, FAY):
        await scene.change_member(member, on_call=False)
    case_id = await scene.case()
    row = await scene.row(case_id)
    assert (row.status, row.deadline_at) == ("open", scene.clock() + 15 * MINUTE)
    assert row.tier > 0
    await scene.later(hours=5)
    await scene.set_on_call(EVE, on=True)
    await scene.later(minutes=15)
    assert await scene.told(EVE) == ["gap"]
    assert (await scene.log(case_id)).count("nobody") == 1


async def test_the_next_try_is_known_while_the_case_is_open(scene: Scene) -> None:
    """It is the deadline; nothing once the case is taken."""
    case_id = await scene.case()
    async with scene.relais.db.read() as connection:
        assert await alerts.next_try(connection, case_id) == scene.clock() + 4 * HOUR
    await scene.says(ANA, "take")
    async with scene.relais.db.read() as connection:
        assert await alerts.next_try(connection, case_id) is None


async def test_an_excluded_organisation_never_hears(scene: Scene) -> None:
    """Not as a tier, not later, and its members cannot take the case by its code."""
    case_id = await scene.case("urgent", excluded=("org-first",))
    await scene.later(hours=3)
    assert await scene.told(ANA) == await scene.told(BEN) == []
    assert await scene.says(ANA, "take K7Q4") == ["unknown_code"]
    assert (await scene.row(case_id)).status == "open"
    log = await scene.log(case_id)
    assert "excluded" not in log


async def test_who_is_excluded_after_the_alert_hears_no_more(scene: Scene) -> None:
    """The alert is withdrawn without a word, and the next tier is asked at once."""
    case_id = await scene.case("urgent")
    facts = Routing(("health_medical_service",), "urgent", "town", "fr", excluded=("org-first",))
    async with scene.relais.db.write() as tx:
        await tx.execute(
            update(cases)
            .where(cases.c.id == case_id)
            .values(routing_sealed=scene.seal(case_id, facts))
        )
        await alerts.facts_changed(tx, scene.relais, case_id)
    await scene.later(hours=1)
    assert await scene.told(BEN) == ["alert_urgent"]
    assert (await scene.told(CAM))[0] == "alert_urgent"
    assert await scene.says(BEN, "take K7Q4") == ["unknown_code"]


async def test_what_becomes_urgent_waits_no_longer_than_urgent_cases(scene: Scene) -> None:
    """A second request raises the urgency: the deadline comes forward and repetitions begin."""
    case_id = await scene.case("normal")
    facts = Routing(("health_medical_service",), "urgent", "town", "fr")
    async with scene.relais.db.write() as tx:
        await tx.execute(
            update(cases)
            .where(cases.c.id == case_id)
            .values(routing_sealed=scene.seal(case_id, facts))
        )
        await alerts.begin(tx, scene.relais, case_id)
    await scene.later(minutes=15)
    assert "alert_again" in await scene.told(BEN)
    assert (await scene.told(CAM))[0] == "alert_urgent"


async def test_a_restricted_case_goes_to_coordinators_and_says_nothing(scene: Scene) -> None:
    """One bubble with the code; no need, no place, no buttons."""
    await scene.case("normal", restricted=True)
    assert await scene.told(ANA) == []
    reply, _ = (await scene.inbox(EVE))[0]
    assert reply.parts[0].id == "responder/restricted/text"
    assert set(reply.parts[0].params) == {"code"}
    assert reply.options == ()


async def test_nobody_is_alerted_who_could_not_open_the_case(scene: Scene) -> None:
    """The second team holds no key: coordinators come next, and the history says why."""
    case_id = await scene.case("high", holders=(ANA, BEN, EVE))
    await scene.later(minutes=30)
    assert await scene.told(CAM) == []
    assert await scene.told(EVE) == await scene.told(FAY) == ["escalation"]
    assert "skipped" in await scene.log(case_id)


async def test_each_member_reads_the_alert_in_her_own_language(scene: Scene) -> None:
    """The locale of the member goes with the message."""
    await scene.change_member(BEN, locale="fr")
    await scene.case()
    reply, _ = (await scene.inbox(BEN))[0]
    assert "Ville" in str(reply.parts[0].params["area"])


async def test_a_case_whose_timer_was_lost_is_found_again(scene: Scene) -> None:
    """The sweep sets a timer for an open case without one, and revives one that was given up."""
    case_id = await scene.case("high")
    await scene.write(
        update(jobs_table).where(jobs_table.c.subject == case_id).values(status="failed")
    )
    async with scene.relais.db.write() as tx:
        assert await alerts.sweep(tx, scene.relais) == 1
    await scene.later(minutes=1)
    assert await scene.told(CAM) == ["alert"]
    async with scene.relais.db.write() as tx:
        assert await alerts.sweep(tx, scene.relais) == 0


async def test_beginning_twice_alerts_once(scene: Scene) -> None:
    """Urgent first and help later is one case."""
    case_id = await scene.case("urgent")
    async with scene.relais.db.write() as tx:
        await alerts.begin(tx, scene.relais, case_id)
    assert await scene.told(BEN) == ["alert_urgent"]


async def test_a_member_without_a_chat_is_alerted_in_the_console_only(scene: Scene) -> None:
    """Unlinked: not on the list of those on call, so the tier goes on without her."""
    await scene.write(
        update(conversations).where(conversations.c.member_id == BEN).values(member_id=None)
    )
    case_id = await scene.case()
    assert await scene.alerted(case_id) == {"Ana": "open"}
    assert await scene.rows(select(cases.c.id).where(cases.c.status == "open"))
