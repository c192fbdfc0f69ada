"""A case referred to another organisation: sealed at once, opened on the receiver's yes alone."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from backend import alerts
from backend.accounts.watching import watch_holders
from backend.alerts.facts import keyholders
from backend.alerts.referral_notices import tell_late
from backend.ambient import DAY, HOUR
from backend.cases.erasing_later import set_aside, undo_erase
from backend.cases.opening import make_compartments
from backend.cases.referrals import LATE, late_key
from backend.cases.routing import Routing, dump_routing
from backend.database.tables import case_log as history
from backend.database.tables import cases, compartments, deliveries, grants, members, referrals
from backend.deliveries import load_body
from backend.jobs import Job
from sealing import Context, KeyPair, open_text
from tests.backend.chats import Chat
from tests.backend.console_cases import SENTINEL, step
from tests.backend.consoles import Browser, b64
from tests.backend.referral_scene import CONSENT, NOTE, Office, open_office


@pytest.fixture
async def office(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """On SQLite."""
    async with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """On either database: for what two may do at once, and what one transaction must hold."""
    async with open_office(database_url, tmp_path) as opened:
        yield opened


# -- asked, and accepted --------------------------------------------------------------------------


async def test_nothing_is_served_before_it_was_accepted(both: Office) -> None:
    """The keys lie here, sealed to Ben, and neither he nor his lists get anything of the case."""
    one = await both.refers()
    assert await both.keys() == 2
    assert await both.reads() == "not_yours"
    tonight = (await both.ben.get("/v1/tonight")).json()
    assert (tonight["open"], tonight["mine"], tonight["accounts"]) == ([], [], [])
    (line,) = (await both.ben.get("/v1/referrals")).json()["to_me"]
    assert (line["id"], line["status"], line["note"], line["consent"]) == (
        one, "in_progress", NOTE, "",
    )  # fmt: skip
    assert line["due_at"] == "2026-11-25T14:24:00Z"
    assert await both.lines("served") == []


async def test_who_accepted_reads_exactly_what_was_referred(both: Office) -> None:
    """Keys that open with his own, items of those compartments, no history; each time logged."""
    await both.referred("brief", "medical")
    read = await both.reads()
    assert [one["compartment"] for one in read["grants"]] == ["brief", "medical"]
    assert {one["compartment"] for one in read["items"]} == {"brief", "medical"}
    assert read["log"] == []
    ben = both.ben
    for grant in read["grants"]:
        place = (both.case_id, grant["compartment"], grant["generation"])
        raw = b64decode(grant["sealed"])
        assert grant["holder"] == ben.member_id
        seed = open_text(raw, ben.keys, Context(*place, ben.member_id, "grant"))
        assert KeyPair(seed).public.raw == b64decode(grant["public"])
    assert (read["referral"]["sender"], read["referral"]["consent"]) == ("Ada (demo)", CONSENT)
    await both.reads()
    served = await both.lines("served")
    assert [(row.member_id, row.detail) for row in served] == [(ben.member_id, "brief,medical")] * 2


async def test_without_the_brief_the_line_says_nothing_of_it(office: Office) -> None:
    """Who got the notes of the team alone is not told what is needed, how soon, and where."""
    await office.referred("team")
    line = (await office.reads())["case"]
    assert (line["needs"], line["urgency"], line["area"]) == ([], "normal", "")
    assert (await office.reads(office.ada))["case"]["needs"] == ["food_service"]


async def test_accepting_twice_is_once(office: Office) -> None:
    """The second yes changes nothing, and writes nothing down."""
    one = await office.referred()
    assert await office.says(office.ben, "accept", one) == "accepted"
    assert len(await office.lines("ref_accepted")) == 1


async def test_of_a_yes_and_a_revocation_at_once_no_key_stays_open(both: Office) -> None:
    """Whichever comes first, it is revoked in the end, and nothing is served."""
    one = await both.refers()
    said = await asyncio.gather(
        both.says(both.ben, "accept", one),
        both.says(both.ben, "accept", one),
        both.says(both.ada, "revoke", one),
    )
    assert said[2] == "revoked"
    assert set(said[:2]) <= {"accepted", "referral_over"}
    assert (await both.status(), await both.keys()) == ("revoked", 0)
    assert await both.reads() == "not_yours"


async def test_erased_while_accepting_stays_erased(both: Office) -> None:
    """Whichever comes first: no key, no word, nothing served."""
    one = await both.refers()
    said, _ = await asyncio.gather(both.says(both.ben, "accept", one), both.erased())
    assert said in {"accepted", "referral_over"}
    assert (await both.status(), await both.keys()) == ("revoked", 0)
    assert await both.reads() == "not_yours"
    (row,) = await both.rows(select(referrals))
    assert (row.consent_sealed, row.note_sealed, row.answer_sealed) == (None, None, None)


# -- who may ask whom -----------------------------------------------------------------------------


async def test_only_who_has_it_or_coordinates_refers(office: Office) -> None:
    """A colleague of the taker does not; a coordinator says why."""
    for who, code in ((office.eve, "not_yours"), (office.cleo, "reason_needed")):
        assert (await office.asks(by=who)).json()["code"] == code
    await office.refers(by=office.cleo, reason="Ada is ill")
    (line,) = await office.lines("referred")
    keyring = office.console.relais.vault.keyring
    said = keyring.open("members", line.reason_sealed, "case_log", "reason", line.id)
    assert said.decode() == f"Ada is ill\n{CONSENT}"
    assert line.detail == f"{office.ben.member_id}:bri+tea"


async def test_a_receiver_passes_nothing_on(office: Office) -> None:
    """Who reads by a referral neither refers, nor learns who holds, nor writes, nor closes."""
    await office.referred()
    mine = f"/v1/cases/{office.case_id}"
    body = step(office.case_id, office.ben, "a" * 32, b"RLS\x01" + bytes(1200))
    given = [await office.sealed("brief", to=office.eve.member_id)]
    asked = {"receiver": office.eve.member_id, "grants": given, "priority": "low", "consent": "x"}
    for path, what in (("steps", body), ("done", {}), ("referrals", asked)):
        assert (await office.ben.post(f"{mine}/{path}", what)).json()["code"] == "not_yours"
    assert (await office.ben.get(f"{mine}/referrals")).json()["code"] == "not_yours"


@pytest.mark.parametrize("consent", ["", "   "])
async def test_nothing_is_referred_without_her_consent_in_words(
    office: Office, consent: str
) -> None:
    """Not even the brief."""
    assert (await office.asks("brief", consent=consent)).json()["code"] == "consent_needed"
    assert await office.keys() == 0


async def _bar(office: Office, why: str) -> None:
    relais, ben = office.console.relais, office.ben.member_id
    if why == "removed":
        await office.write(update(members).where(members.c.id == ben).values(disabled_at=1))
    elif why == "auditor":
        await office.write(update(members).where(members.c.id == ben).values(roles=["auditor"]))
    elif why == "conflict":
        line = {"id": "c" * 32, "case_id": office.case_id, "kind": "conflict", "member_id": ben}
        await office.write(history.insert().values(**line, at=1, detail=""))
    elif why in {"excluded", "restricted"}:
        routing = Routing(
            excluded=("open-hands",) if why == "excluded" else (), restricted=why == "restricted"
        )
        place = ("cases", "routing", office.case_id)
        sealed = relais.vault.keyring.seal("routing", dump_routing(routing), *place)
        values: dict[str, Any] = {"routing_sealed": sealed}
        if why == "restricted":  # and nobody has it: the coordinator refers
            values |= {"status": "open", "taker_id": None}
        await office.write(update(cases).values(**values))
    elif why == "taker":
        await office.write(update(cases).values(taker_id=ben))


@pytest.mark.parametrize(
    "why", ["removed", "auditor", "conflict", "excluded", "restricted", "taker", "stranger", "own"]
)
async def test_who_may_not_know_of_it_or_opens_it_is_not_asked(office: Office, why: str) -> None:
    """Gone, no case worker, barred, the taker, nobody at all, or of the sender's own house."""
    to = {"stranger": "0" * 32, "own": office.eve.member_id}.get(why, office.ben.member_id)
    await _bar(office, why)
    by = office.cleo if why in {"restricted", "taker"} else office.ada
    answer = await office.asks(by=by, receiver=to, reason="why")
    assert answer.json()["code"] == "not_allowed"
    path = f"/v1/cases/{office.case_id}/referrals"
    assert to not in (await by.get(path, reason="why")).json()["allowed"]


async def test_somebody_of_another_house_may_be_asked(office: Office) -> None:
    """Ben is among those whom the console offers, until he was asked."""
    path = f"/v1/cases/{office.case_id}/referrals"
    assert (await office.ada.get(path)).json()["allowed"] == [office.ben.member_id]
    await office.refers()
    assert (await office.ada.get(path)).json()["allowed"] == []
    assert (await office.asks()).json()["code"] == "referred_already"


async def test_a_coordinator_elsewhere_who_opens_it_anyway_is_not_asked(office: Office) -> None:
    """She holds a key of her own: a reason opens it, no referral is needed."""
    sam = await office.console.enrolled("Sam (demo)")
    path = f"/v1/cases/{office.case_id}/referrals"
    assert sam.member_id in (await office.ada.get(path)).json()["allowed"]
    row = (await office.rows(select(grants).where(grants.c.holder == office.cleo.member_id)))[0]
    await office.write(grants.insert().values({**row._mapping, "holder": sam.member_id}))
    assert sam.member_id not in (await office.ada.get(path)).json()["allowed"]


@pytest.mark.parametrize("why", ["no_such", "not_held", "not_sent", "strange", "bare", "other"])
async def test_only_keys_that_the_sender_holds_are_referred(office: Office, why: str) -> None:
    """Existing, genuine, hers, sealed, of what was sent, and for the one who is asked."""
    key, code = await office.sealed("account" if why == "not_sent" else "brief"), "other_generation"
    ada = grants.c.holder == office.ada.member_id
    if why == "no_such":
        key["generation"] = 2
    elif why == "not_held":
        await office.write(delete(grants).where(ada, grants.c.name == "brief"))
    elif why == "not_sent":
        await office.write(update(cases).values(account_served=False))
    elif why == "strange":
        await office.write(
            update(compartments).where(compartments.c.name == "brief").values(mark=bytes(32))
        )
    elif why == "bare":
        key["sealed"], code = b64(bytes(1200)), "not_sealed"
    else:
        key["holder"], code = office.eve.member_id, "not_allowed"
    assert (await office.asks(grants=[key])).json()["code"] == code
    assert (await office.keys(), await office.rows(select(referrals))) == (0, [])


# -- keys that wait are no holders ----------------------------------------------------------------


async def test_a_referral_is_no_living_holder(office: Office) -> None:
    """It is "asked"; alerts pass it by, and two who can open it are still wanted."""
    await office.refers()
    path = f"/v1/cases/{office.case_id}/holders"
    shown = (await office.cleo.get(path, reason="look")).json()
    ben = office.ben.member_id
    assert shown["asked"] == {"brief": [ben], "team": [ben]}
    assert ben not in shown["held"]["brief"]
    async with office.console.relais.db.read() as connection:
        holding = await keyholders(connection, office.case_id)
    assert holding == {
        office.ada.member_id,
        office.cleo.member_id,
        office.eve.member_id,
        "recovery",
    }
    gone = (office.cleo.member_id, office.eve.member_id)
    await office.write(delete(grants).where(grants.c.holder.in_(gone)))
    await _linked(office, office.cleo)
    await watch_holders(office.console.relais)
    told = await office.rows(select(deliveries.c.dedupe_key))
    assert any(str(row.dedupe_key).startswith(f"keys:{office.case_id}") for row in told)


async def test_who_accepted_is_shown_as_a_holder(office: Office) -> None:
    """By their own id, not the referral's."""
    await office.referred()
    path = f"/v1/cases/{office.case_id}/holders"
    shown = (await office.cleo.get(path, reason="look")).json()
    assert office.ben.member_id in shown["held"]["brief"]
    assert shown["asked"] == {}
    assert all(one in {*_ids(office), "recovery"} for one in shown["held"]["brief"])


def _ids(office: Office) -> set[str]:
    return {one.member_id for one in (office.ada, office.cleo, office.eve, office.ben)}


async def test_a_key_of_a_tier_is_neither_opened_nor_lost_by_a_referral(office: Office) -> None:
    """Ben was to be alerted and holds the brief: the referral ends, that key stays, unserved."""
    (row,) = await office.rows(
        select(grants).where(grants.c.holder == office.eve.member_id, grants.c.name == "brief")
    )
    await office.write(grants.insert().values({**row._mapping, "holder": office.ben.member_id}))
    one = await office.refers("team")
    assert await office.reads() == "not_yours"
    assert await office.says(office.ben, "accept", one) == "accepted"
    assert [grant["compartment"] for grant in (await office.reads())["grants"]] == ["team"]
    assert await office.says(office.ada, "revoke", one) == "revoked"
    assert (
        len(await office.rows(select(grants).where(grants.c.holder == office.ben.member_id))) == 1
    )


@pytest.mark.parametrize("accepted", [False, True])
async def test_the_takers_first_step_spares_a_referral(both: Office, accepted: bool) -> None:
    """The other tiers' keys go, the referral's stay, waiting or accepted."""
    one = await both.refers()
    if accepted:
        await both.says(both.ben, "accept", one)
    body = step(both.case_id, both.ada, "a" * 32, b"RLS\x01" + bytes(1200))
    assert (await both.ada.post(f"/v1/cases/{both.case_id}/steps", body)).status_code == 200
    assert await both.rows(select(grants).where(grants.c.holder == both.eve.member_id)) == []
    assert await both.keys() == 2


async def test_a_later_generation_is_not_served_unless_it_is_sealed_anew(office: Office) -> None:
    """New keys for an open case are not the receiver's; a second referral brings them."""
    one = await office.referred("brief")
    relais = office.console.relais
    ids = [office.ada.member_id, office.cleo.member_id]
    async with relais.db.write() as tx:
        made, granted = await make_compartments(
            tx, relais, office.case_id, ("brief",), ids, "help", generation=2
        )
        await tx.execute(compartments.insert(), made)
        await tx.execute(grants.insert(), granted)
    assert [key["generation"] for key in (await office.reads())["grants"]] == [1]
    await office.says(office.ada, "revoke", one)
    keys = [await office.sealed("brief", generation=n) for n in (1, 2)]
    await office.says(office.ben, "accept", await office.refers(grants=keys))
    assert [key["generation"] for key in (await office.reads())["grants"]] == [1, 2]


# -- how it ends ----------------------------------------------------------------------------------


async def test_who_refuses_says_why_and_nothing_was_opened(both: Office) -> None:
    """The keys go at once; the sender reads the reason, the auditor too."""
    one = await both.refers()
    assert await both.says(both.ben, "reject", one, reason="  ") == "malformed"
    assert await both.says(both.ben, "done", one) == "referral_over"
    assert await both.says(both.ben, "reject", one, reason="No bed free") == "rejected"
    assert await both.keys() == 0
    assert await both.says(both.ben, "accept", one) == "referral_over"
    (line,) = (await both.ada.get("/v1/referrals")).json()["by_me"]
    assert (line["status"], line["answer"]) == ("rejected", "No bed free")
    assert await both.lines("served") == []


async def test_who_is_done_leaves_a_note_and_reads_no_more(both: Office) -> None:
    """The keys go with the word."""
    one = await both.referred()
    assert await both.says(both.ben, "reject", one, reason="late") == "referral_over"
    assert await both.says(both.ben, "done", one, note="Seen on Friday") == "done"
    assert (await both.keys(), await both.reads()) == (0, "not_yours")
    (line,) = (await both.ada.get("/v1/referrals")).json()["by_me"]
    assert (line["status"], line["answer"]) == ("done", "Seen on Friday")


@pytest.mark.parametrize("accepted", [False, True])
async def test_its_sender_takes_it_back_at_any_time(both: Office, accepted: bool) -> None:
    """At once nothing is served any more; and it can be referred anew."""
    one = await (both.referred() if accepted else both.refers())
    assert await both.says(both.ada, "revoke", one) == "revoked"
    assert (await both.keys(), await both.reads()) == (0, "not_yours")
    assert await both.says(both.ben, "accept", one) == "referral_over"
    await both.refers()


async def test_who_else_may_revoke(office: Office) -> None:
    """A coordinator who may open the case, with a reason; no receiver, and no colleague."""
    one = await office.referred()
    for who in (office.ben, office.eve):
        assert await office.says(who, "revoke", one) == "not_yours"
    assert await office.says(office.cleo, "revoke", one) == "reason_needed"
    assert await office.says(office.cleo, "revoke", one, reason="wrong clinic") == "revoked"
    (line,) = await office.lines("ref_revoked")
    assert line.member_id == office.cleo.member_id


@pytest.mark.parametrize("verb", ["accept", "reject", "done", "revoke"])
async def test_anothers_referral_is_as_if_there_were_none(office: Office, verb: str) -> None:
    """The same answer as to an id that never was."""
    body = {"reason": "x"} if verb == "reject" else {}
    for one in (await office.refers(), "9" * 32):
        assert await office.says(office.eve, verb, one, **body) == "not_yours"


_ENDS = {
    "erased": {},
    "withdrawn": {"withdraw": True},
    "account": {"drop_account": True},
    "evidence": {"drop_evidence": True},
    "excluded": {},
    "conflict": {},
    "removed": {},
    "reset": {},
}


async def _end(office: Office, why: str) -> None:
    ben = office.ben.member_id
    if why == "erased":
        await office.erased()
    elif why == "excluded":
        await office.her_word(ungrant=(ben,))
    elif why == "conflict":
        answer = await office.ben.post(f"/v1/cases/{office.case_id}/conflict")
        assert answer.json()["status"] == "rerouted"
    elif why in {"removed", "reset"}:
        verb = "remove" if why == "removed" else "reset"
        assert (await office.cleo.post(f"/v1/members/{ben}/{verb}")).status_code < 300
    else:
        await office.her_word(**_ENDS[why])


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("why", sorted(_ENDS))
async def test_what_ends_a_referral_ends_its_keys(both: Office, why: str, accepted: bool) -> None:
    """Her word, a conflict, or a receiver who is gone: revoked, and no key is left."""
    names = ("brief", "evidence")
    await (both.referred(*names) if accepted else both.refers(*names))
    await _end(both, why)
    assert (await both.status(), await both.keys()) == ("revoked", 0)
    assert await both.reads() in {"not_yours", "signed_out"}


async def test_what_is_not_about_her_account_survives_that_she_takes_it_back(
    office: Office,
) -> None:
    """The brief was referred: destroying the account leaves it."""
    await office.referred("brief")
    await office.her_word(drop_account=True)
    assert (await office.status(), await office.keys()) == ("accepted", 1)
    assert (await office.reads())["referral"]["note"] == NOTE


async def test_words_about_what_she_took_back_go_also_when_it_was_over(office: Office) -> None:
    """Consent, note and answer of a referral that ended before."""
    one = await office.referred("account")
    await office.says(office.ben, "done", one, note="She told me more")
    await office.her_word(drop_account=True)
    (row,) = await office.rows(select(referrals))
    assert (row.consent_sealed, row.note_sealed, row.answer_sealed) == (None, None, None)
    (line,) = await office.lines("referred")
    assert line.reason_sealed is None


async def test_a_request_that_she_took_back_keeps_no_words_about_it(office: Office) -> None:
    """Neither in the referral nor in the history."""
    await office.refers()
    await office.her_word(withdraw=True)
    (row,) = await office.rows(select(referrals))
    assert (row.consent_sealed, row.note_sealed) == (None, None)
    assert [line.reason_sealed for line in await office.lines("referred")] == [None]


@pytest.mark.parametrize("accepted", [False, True])
async def test_what_is_erased_later_is_referred_to_nobody(both: Office, accepted: bool) -> None:
    """At once, and it stays so when she comes back by her code."""
    one = await (both.referred() if accepted else both.refers())
    relais = both.console.relais
    async with relais.db.write() as tx:
        await set_aside(tx, relais, both.case_id, relais.world.now() + DAY)
    assert (await both.status(), await both.keys()) == ("revoked", 0)
    assert await both.says(both.ben, "accept", one) == "referral_over"
    (line,) = (await both.ben.get("/v1/referrals")).json()["to_me"]
    assert (line["note"], line["consent"]) == ("", "")
    async with relais.db.write() as tx:
        await undo_erase(tx, relais, both.case_id)
    assert await both.reads() == "not_yours"


async def test_a_referral_that_ended_at_her_word_is_not_in_the_history_that_members_see(
    office: Office,
) -> None:
    """At that moment she may have left out whoever it was to; the line names nobody either."""
    await office.refers()
    await office.her_word(ungrant=(office.ben.member_id,))
    (line,) = await office.lines("ref_revoked")
    assert office.ben.member_id not in line.detail
    shown = {one["kind"] for one in (await office.reads(office.ada))["log"]}
    assert "referred" in shown
    assert "ref_revoked" not in shown


async def test_a_coordinator_who_reads_the_referrals_of_anothers_case_is_written_down(
    office: Office,
) -> None:
    """With the reason; whoever has the case is not."""
    await office.refers()
    path = f"/v1/cases/{office.case_id}/referrals"
    assert (await office.ada.get(path)).status_code == 200
    assert await office.lines("served") == []
    assert (await office.cleo.get(path, reason="Ada is ill")).status_code == 200
    (line,) = await office.lines("served")
    assert (line.member_id, line.detail) == (office.cleo.member_id, "referrals")
    assert line.reason_sealed is not None


async def test_its_lines_outlive_an_erasure_without_what_was_said(office: Office) -> None:
    """Who asked whom, and what became of it, stays for the auditor."""
    one = await office.refers()
    await office.says(office.ben, "reject", one, reason="full")
    await office.refers()
    await office.erased()
    kept = [*await office.lines("referred"), *await office.lines("ref_rejected")]
    kept += await office.lines("ref_revoked")
    assert len(kept) == 4
    assert {row.detail for row in kept} == {f"{office.ben.member_id}:bri+tea", ":bri+tea"}
    assert {row.reason_sealed for row in kept} == {None}


async def test_back_in_the_queue_a_referral_stays(office: Office) -> None:
    """The taker gave the case back: what was accepted is still read."""
    await office.referred()
    assert (await office.ada.post(f"/v1/cases/{office.case_id}/pass")).status_code == 200
    assert {one["compartment"] for one in (await office.reads())["items"]} == {"brief", "team"}


async def test_a_receiver_who_takes_the_case_reads_both(office: Office) -> None:
    """What a tier's key opens, and what was referred; each key once."""
    (row,) = await office.rows(
        select(grants).where(grants.c.holder == office.eve.member_id, grants.c.name == "brief")
    )
    await office.write(grants.insert().values({**row._mapping, "holder": office.ben.member_id}))
    await office.referred("brief", "team")
    await office.write(update(cases).values(taker_id=office.ben.member_id))
    read = await office.reads()
    assert [key["compartment"] for key in read["grants"]] == ["brief", "team"]
    assert read["grants"][0]["sealed"] == b64(row.sealed)


# -- lists and messages ---------------------------------------------------------------------------


async def test_whom_she_left_out_does_not_see_what_became_of_a_referral(office: Office) -> None:
    """The sender's own house is excluded: the list says nothing of that case any more."""
    await office.refers()
    assert len((await office.ada.get("/v1/referrals")).json()["by_me"]) == 1
    routing = dump_routing(Routing(excluded=("lantern",)))
    keyring = office.console.relais.vault.keyring
    sealed = keyring.seal("routing", routing, "cases", "routing", office.case_id)
    await office.write(update(cases).values(routing_sealed=sealed))
    assert (await office.ada.get("/v1/referrals")).json()["by_me"] == []


async def test_what_is_open_is_always_listed_and_of_the_rest_the_last_fifty(
    office: Office,
) -> None:
    """However old the open one is."""
    await office.refers()
    (row,) = await office.rows(select(referrals))
    old = [
        {**row._mapping, "id": f"{n:032x}", "status": "done", "settled_at": row.asked_at + n}
        for n in range(1, 61)
    ]
    async with office.console.relais.db.write() as tx:
        await tx.execute(referrals.insert(), old)
    listed = (await office.ben.get("/v1/referrals")).json()["to_me"]
    assert [one["status"] for one in listed] == ["in_progress"] + ["done"] * 50
    assert (listed[1]["id"], listed[-1]["id"]) == (f"{60:032x}", f"{11:032x}")


async def _linked(office: Office, who: Browser) -> Chat:
    phone = Chat(office.console.client(), office.console.relais, f"chat-{who.name}")
    await phone.says((await who.post("/v1/me/link-codes")).json()["code"])
    return phone


async def _told(office: Office, since: set[str]) -> list[tuple[str, str]]:
    """(to whom, which sentence) of what was queued and is not in ``since``; it is added there."""
    await office.jobs()
    names = {one.member_id: one.name for one in (office.ada, office.cleo, office.ben)}
    drafts, told = office.console.relais.vault.drafts, []
    for row in await office.rows(select(deliveries).order_by(deliveries.c.dedupe_key)):
        if not str(row.dedupe_key).startswith("ref:") or row.id in since:
            continue
        since.add(row.id)
        raw = drafts.open(row.body_key, row.body_sealed, "deliveries", "body", row.id)
        reply = load_body(raw).reply
        assert reply is not None
        (part,) = reply.parts
        assert SENTINEL.encode() not in raw
        assert NOTE.encode() not in raw
        assert set(part.params) == {"code", "member", "time"}
        told.append((names[str(row.dedupe_key).split(":")[3]], part.id.split("/")[1]))
    return told


async def test_each_side_hears_what_the_other_did(office: Office) -> None:
    """Code, who, until when, and no word of it; the one who did it hears nothing."""
    await _linked(office, office.ada)
    phone = await _linked(office, office.ben)
    seen: set[str] = set()
    one = await office.refers()
    assert await _told(office, seen) == [("Ben", "referral_asked")]
    shown = [one["text"] for one in await phone.waiting()]
    words = "K1Q4 is referred to you by Ada (demo). Answer in the console by "
    assert [one for one in shown if one.startswith(words)]
    await office.says(office.ben, "accept", one)
    assert await _told(office, seen) == [("Ada (demo)", "referral_accepted")]
    await office.says(office.ben, "done", one)
    assert await _told(office, seen) == [("Ada (demo)", "referral_done")]
    one = await office.refers()
    await _told(office, seen)
    await office.says(office.ben, "reject", one, reason="full")
    assert await _told(office, seen) == [("Ada (demo)", "referral_rejected")]
    one = await office.refers()
    await _told(office, seen)
    await office.says(office.ada, "revoke", one)
    assert await _told(office, seen) == [("Ben", "referral_ended")]
    await office.refers()
    await _told(office, seen)
    await office.erased()
    heard = await _told(office, seen)
    assert heard == [("Ben", "referral_ended")], "whom she left out is not known any more"


async def test_past_its_deadline_sender_and_coordinators_hear_once(office: Office) -> None:
    """And nothing is served all the same."""
    for who in (office.ada, office.cleo, office.ben):
        await _linked(office, who)
    seen: set[str] = set()
    await office.refers()
    await _told(office, seen)
    office.console.clock.forward(hours=23)
    assert await _told(office, seen) == []
    office.console.clock.forward(hours=2)
    late = [("Ada (demo)", "referral_late"), ("Cleo", "referral_late")]
    assert sorted(await _told(office, seen)) == late
    office.console.clock.forward(hours=25)
    assert await _told(office, seen) == []
    await office.ben.log_in()
    assert await office.reads() == "not_yours"
    assert (await office.ben.get("/v1/referrals")).json()["to_me"][0]["late"] is True


async def test_who_answered_in_time_is_not_reported(office: Office) -> None:
    """Not even by a job that was running just when the answer came."""
    await _linked(office, office.ada)
    seen: set[str] = set()
    one = await office.referred()
    await _told(office, seen)
    office.console.clock.forward(hours=25)
    assert await _told(office, seen) == []
    async with office.console.relais.db.write() as tx:
        await tell_late(tx, office.console.relais, Job("j" * 32, LATE, late_key(one), one, 0))
    assert await _told(office, seen) == []


@pytest.mark.parametrize(
    ("priority", "wait"), [("high", 24 * HOUR), ("medium", 72 * HOUR), ("low", 7 * DAY)]
)
async def test_the_priority_is_the_deadline(office: Office, priority: str, wait: int) -> None:
    """A day, three days, a week."""
    await office.refers(priority=priority)
    (row,) = await office.rows(select(referrals))
    assert row.due_at - row.asked_at == wait


async def test_what_members_said_about_it_lies_sealed(office: Office) -> None:
    """Consent, note and answer are under the keyring, bound to the row."""
    one = await office.refers()
    await office.says(office.ben, "reject", one, reason="Qzx9 full")
    (row,) = await office.rows(select(referrals))
    keyring = office.console.relais.vault.keyring
    for name, said in (("consent", CONSENT), ("note", NOTE), ("answer", "Qzx9 full")):
        raw = getattr(row, f"{name}_sealed")
        assert keyring.open("members", raw, "referrals", name, one).decode() == said
        assert b"Qzx" not in raw


async def test_a_restricted_case_in_the_queue_is_not_accepted_by_a_responder(
    office: Office,
) -> None:
    """A worker of an organisation did it: until somebody has it again it is for coordinators."""
    one = await office.refers()
    await _bar(office, "restricted")
    assert await office.says(office.ben, "accept", one) == "not_yours"


async def test_a_conflict_ends_it_without_a_word_of_why(office: Office) -> None:
    """The line names neither who ended it nor a reason; the receiver knows her no more."""
    await office.refers()
    async with office.console.relais.db.write() as tx:
        await alerts.conflict(tx, office.console.relais, office.case_id, office.ben.member_id)
    (line,) = await office.lines("ref_revoked")
    assert (line.member_id, line.reason_sealed) == (None, None)
    assert (await office.asks()).json()["code"] == "not_allowed"


async def test_a_receiver_who_knows_her_says_so_in_the_messenger(office: Office) -> None:
    """As everybody else who could read it; before that the code is unknown to them."""
    phone = await _linked(office, office.ben)
    assert "do not know" in await phone.says("conflict K1Q4")
    await office.referred()
    await phone.says("conflict K1Q4")
    assert (await office.status(), await office.keys()) == ("revoked", 0)
