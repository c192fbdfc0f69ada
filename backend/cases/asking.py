"""Help is asked for, an account opened, organisations left out: who gets keys, who is told."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from backend.accounts.roster_store import holders
from backend.alerts import in_conflict
from backend.cases.drafts import move_draft
from backend.cases.opening import make_compartments, new_case, publics_of, recipients
from backend.cases.recording import Publics
from backend.cases.routing import Routing, joined
from backend.cases.work import ASKED, Work, members_of, unsent
from backend.database.tables import grants
from backend.vault.compartments import ACCOUNT, HELP, RECOVERY
from conversation import Wish, match
from conversation import effects as fx

_TOLD = ("brief", "medical")


async def ask_help(work: Work, effect: fx.AskHelp) -> None:
    """A new case with its compartments, and an alert; or a living one learns what she asks now.

    A request that is over is left behind; but in the middle of a telling that belongs to it, it is
    opened again, since what she tells is sealed to it.
    """
    routing = Routing(
        needs=effect.needs,
        urgency=effect.urgency,
        area=effect.area,
        locale=effect.locale,
        sex=effect.sex,
        excluded=effect.excluded,
        child=effect.child,
        restricted=effect.restricted,
    )
    if work.case is not None and work.case.status == "done":
        if effect.quiet:
            return
        if unsent(work.before):
            work.changes.reopened = True
        else:
            work.part_from_case()
    if work.case is not None or work.changes.new_case is not None:
        await _ask_again(work, routing, quiet=effect.quiet)
        return
    case_id = work.relais.world.new_id()
    rows, granted = await make_compartments(
        work.connection,
        work.relais,
        case_id,
        HELP,
        await recipients(work.relais, routing.wish()),
        "help",
    )
    work.changes.case_id = case_id
    work.changes.alert = True
    work.changes.new_case = await new_case(
        work.connection,
        work.relais,
        work.edition,
        routing,
        silent=False,
        compartments=rows,
        grants=granted,
        case_id=case_id,
    )
    work.publics = publics_of(case_id, rows)
    await move_draft(work, _TOLD)


async def _ask_again(work: Work, asked: Routing, *, quiet: bool) -> None:
    """Help was asked for before (urgent first, an account without help, something new).

    What she said of whom to leave out still holds. If nobody was alerted yet, somebody is; else
    those who can help now and hold no key get one, and whoever has the case is told.
    """
    before = work.routing()
    routing = joined(before, asked)
    work.route(routing)
    if work.changes.new_case is not None:
        return
    if work.case.status == "silent":
        people = await _allowed(work, await recipients(work.relais, routing.wish()), routing)
        await _open(work, HELP, people, "help")
        await move_draft(work, _TOLD)
        work.changes.alert = True
        return
    lets_in = work.case.status in {"open", "done"} or routing.urgency == "urgent"
    renewed = lets_in and await _let_in(work, routing)
    if renewed or ASKED.isdisjoint(work.before.parts):
        await move_draft(work, _TOLD)
    if not quiet:
        known = before.urgency == routing.urgency and before.area == routing.area
        same = known and set(routing.needs) <= set(before.needs)
        work.changes.asked_again = "same" if same else "more"


async def _let_in(work: Work, routing: Routing) -> bool:
    """Who can help now and holds no key: a new generation for all. Whether there was anybody.

    The server cannot open what it sealed before, so they read what she chose from now on, and
    what of it still stands in the state of her conversation.
    """
    held = await _holders(work, "brief")
    wanted = await _allowed(work, await recipients(work.relais, routing.wish()), routing)
    if not await _vouched(work, set(wanted) - held):
        return False
    await _open(work, HELP, await _allowed(work, (*wanted, *held), routing), "help")
    return True


async def _holders(work: Work, place: str) -> set[str]:
    """Members who hold a key of this compartment, of any generation."""
    found = await work.connection.execute(
        select(grants.c.holder).where(
            grants.c.case_id == work.case.id,
            grants.c.name == place,
            grants.c.referral_id.is_(None),
        )
    )
    return set(found.scalars()) - {RECOVERY}


async def _vouched(work: Work, members: Iterable[str]) -> bool:
    """Whether the roster vouches for any of them."""
    found = await holders(work.connection, work.relais, members)
    return any(one.id != RECOVERY for one in found)


async def _allowed(work: Work, members: Iterable[str], routing: Routing) -> list[str]:
    """Without those whom she left out, and those who know her."""
    barred = set(await members_of(work, routing.excluded)) if routing.excluded else set()
    if work.case is not None:
        barred |= await in_conflict(work.connection, work.case.id)
    return [one for one in dict.fromkeys(members) if one not in barred]


async def _open(work: Work, names: tuple[str, ...], members: list[str], why: str) -> None:
    """Compartments of the case, or a new generation of them, for exactly these members."""
    known = work.publics.keys if work.publics is not None else {}
    case_id = work.changes.case_id or ""
    generation = 1 + max((known[name][0] for name in names if name in known), default=0)
    rows, granted = await make_compartments(
        work.connection, work.relais, case_id, names, members, why, generation=generation
    )
    _add(work, rows, granted)
    strange = work.publics.strange if work.publics is not None else frozenset()
    work.publics = Publics(case_id, known | publics_of(case_id, rows).keys, strange)


def _add(work: Work, rows: list[dict[str, Any]], granted: list[dict[str, Any]]) -> None:
    new = work.changes.new_case
    if new is not None:
        new.compartments += rows
        new.grants += granted
    else:
        work.changes.more_compartments += rows
        work.changes.more_grants += granted


async def open_account(work: Work, effect: fx.OpenAccount) -> None:
    """Compartments for part 2, for those whom she named; without help the case is a silent one.

    A second account in the same case has keys of its own unless the same people may read it.
    """
    work.changes.keep = effect.keep
    work.changes.conversation |= {"unsent_run": work.run, "unsent_keep": effect.keep}
    routing = Routing(area=effect.area, locale=effect.locale, excluded=effect.excluded)
    if work.case is not None or work.changes.new_case is not None:
        routing = joined(work.routing(), routing)
    members = await _readers(work, effect.organisations, routing)
    if work.publics is not None and "account" in work.publics.keys:
        await _open_again(work, members)
        return
    if work.changes.case_id is None:
        case_id = work.changes.case_id = work.relais.world.new_id()
        rows, granted = await make_compartments(
            work.connection, work.relais, case_id, ACCOUNT, members, "account"
        )
        work.changes.new_case = await new_case(
            work.connection,
            work.relais,
            work.edition,
            routing,
            silent=True,
            compartments=rows,
            grants=granted,
            case_id=case_id,
        )
        work.publics = publics_of(case_id, rows)
    else:
        await _open(work, ACCOUNT, members, "account")
    await move_draft(work, ACCOUNT)


async def _open_again(work: Work, members: list[str]) -> None:
    if work.case is None or "account" in work.before.parts:
        return
    able = {one.id for one in await holders(work.connection, work.relais, members)} - {RECOVERY}
    if able != await _holders(work, "account"):
        await _open(work, ACCOUNT, members, "account")
    await move_draft(work, ACCOUNT)


async def _readers(work: Work, organisations: tuple[str, ...], routing: Routing) -> list[str]:
    """Who gets the account's keys: the named organisations, and coordinators not left out."""
    wish: Wish = routing.wish()
    found = match(await work.relais.directory.everyone(), wish)
    coordinating = [one for tier in found.tiers if tier.coordinators for one in tier.members]
    named = await members_of(work, organisations)
    return await _allowed(work, (*named, *coordinating), routing)


async def exclude(work: Work, effect: fx.Record) -> None:
    """Excluded organisations: they never get a key, and lose one they were given before.

    Whatever else she agrees to in this telling. A case that its taker loses so goes back to
    others, who need keys.
    """
    if work.case is None or not isinstance(effect.value, list):
        return
    before = work.routing()
    excluded = tuple(dict.fromkeys((*before.excluded, *effect.value)))
    routing = replace(before, excluded=excluded)
    work.changes.ungrant = tuple(await members_of(work, excluded))
    work.route(routing)
    if work.case.status == "taken" and work.case.taker_id in work.changes.ungrant:
        await _let_in(work, routing)
