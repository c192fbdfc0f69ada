"""Help is asked for, an account opened, organisations left out: who gets keys, who is told."""

import msgspec

from backend.cases.drafts import move_draft
from backend.cases.opening import make_compartments, new_case, publics_of, recipients
from backend.cases.recording import Publics
from backend.cases.routing import Routing, dump_routing, load_routing
from backend.cases.work import Work, members_of
from backend.vault.compartments import ACCOUNT, HELP
from conversation import Wish, match
from conversation import effects as fx


async def ask_help(work: Work, effect: fx.AskHelp) -> None:
    """A new case with its compartments, and an alert; or the facts of the one there is."""
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
    if work.case is not None or work.changes.new_case is not None:
        await _ask_again(work, routing)
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
    await move_draft(work, ("brief", "medical"))


async def _ask_again(work: Work, routing: Routing) -> None:
    """Help was asked for before (urgent first, or an account without help).

    The facts are renewed and, if nobody was alerted yet, somebody is.
    """
    case_id = str(work.case.id if work.case is not None else work.changes.case_id)
    sealed = work.relais.vault.keyring.seal(
        "routing", dump_routing(routing), "cases", "routing", case_id
    )
    if work.changes.new_case is not None:
        work.changes.new_case.row["routing_sealed"] = sealed
        return
    work.changes.routing = sealed
    if work.case.status == "silent":
        members_ = await recipients(work.relais, routing.wish())
        rows, granted = await make_compartments(
            work.connection, work.relais, case_id, HELP, members_, "help"
        )
        work.changes.more_compartments += rows
        work.changes.more_grants += granted
        work.changes.alert = True
        if work.publics is not None:
            work.publics.keys |= publics_of(case_id, rows).keys
        await move_draft(work, ("brief", "medical"))


async def open_account(work: Work, effect: fx.OpenAccount) -> None:
    """Compartments for part 2, for those whom she named; without help the case is a silent one."""
    work.changes.keep = effect.keep
    if work.publics is not None and work.publics.place_for("account"):
        return
    routing = Routing(area=effect.area, locale=effect.locale, excluded=effect.excluded)
    members_ = await _readers(work, effect.organisations, routing.wish())
    case_id = work.changes.case_id or work.relais.world.new_id()
    rows, granted = await make_compartments(
        work.connection, work.relais, case_id, ACCOUNT, members_, "account"
    )
    if work.changes.case_id is None:
        work.changes.case_id = case_id
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
    elif work.changes.new_case is not None:
        work.changes.new_case.compartments += rows
        work.changes.new_case.grants += granted
    else:
        work.changes.more_compartments += rows
        work.changes.more_grants += granted
    known = work.publics.keys if work.publics is not None else {}
    work.publics = Publics(case_id, known | publics_of(case_id, rows).keys)
    await move_draft(work, ACCOUNT)


async def _readers(work: Work, organisations: tuple[str, ...], wish: Wish) -> list[str]:
    """Who gets the account's keys: the named organisations, and coordinators not left out."""
    found = match(await work.relais.directory.everyone(), wish)
    coordinating = [one for tier in found.tiers if tier.coordinators for one in tier.members]
    left_out = set(await members_of(work, wish.excluded)) if wish.excluded else set()
    named = await members_of(work, organisations)
    return [one for one in dict.fromkeys((*named, *coordinating)) if one not in left_out]


async def exclude(work: Work, effect: fx.Record) -> None:
    """Excluded organisations: they never get a key, and lose one they were given before."""
    if work.case is None or not isinstance(effect.value, list):
        return
    raw = work.relais.vault.keyring.open(
        "routing", work.case.routing_sealed, "cases", "routing", work.case.id
    )
    routing = load_routing(raw)
    excluded = tuple(dict.fromkeys((*routing.excluded, *effect.value)))
    work.changes.ungrant = tuple(await members_of(work, excluded))
    work.changes.routing = work.relais.vault.keyring.seal(
        "routing",
        dump_routing(msgspec.structs.replace(routing, excluded=excluded)),
        "cases",
        "routing",
        work.case.id,
    )
