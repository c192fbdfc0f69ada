"""Everything a linked responder can write or press in a messenger, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backend.alerts import answers, working
from backend.alerts import facts as known
from backend.alerts.audience import lock_chats
from backend.alerts.messages import say
from backend.alerts.shift import begin_shift, change_language, end_own_shift, test, unlink_here
from backend.alerts.shift import who as who_is
from backend.alerts.taking import concerns, pass_on, take, whose
from backend.alerts.words import Command, read_text, read_token
from backend.cases.referrals import cases_referred_to
from conversation import Chose, Edited, Reply, Said, Sent, Started
from conversation.replies import Name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.outcome import Outcome
    from backend.relais import Relais
    from conversation import Event

_ABOUT_A_CASE: Final = frozenset({"take", "pass", "conflict", "done", "open", "number"})


@dataclass(frozen=True, slots=True)
class Desk:
    """One message of one responder, with what is needed to answer it."""

    tx: AsyncConnection
    relais: Relais
    member_id: str
    locale: str


async def handle_member(
    tx: AsyncConnection, relais: Relais, member_id: str, locale: str, event: Event
) -> list[Reply]:
    """Carry out what a responder wrote or pressed; the replies to this chat.

    After the commit call ``relais.wake.all()`` and ``relais.directory.invalidate()``, and answer
    in the member's locale as it is then (``language fr`` changes it).
    """
    await lock_chats(tx, [member_id])  # locks: chats come before cases
    desk = Desk(tx, relais, member_id, locale)
    match event:
        case Chose():
            return await _carry_out(desk, read_token(event.token))
        case Said():
            return await _carry_out(desk, read_text(event.text))
        case Edited():
            command = read_text(event.text)
            return (
                [answers.unknown()] if command.verb == "number" else await _carry_out(desk, command)
            )
        case Started():
            return [say("help")]
        case Sent():
            return [say("media_refused")]
        case _:
            return []


async def _carry_out(desk: Desk, command: Command) -> list[Reply]:
    if command.verb in _ABOUT_A_CASE:
        return [await _about_a_case(desk, command)]
    if command.verb == "who" and command.code:
        return [await _who_has(desk, command.code)]
    plain = _PLAIN.get(command.verb)
    return [await plain(desk, command)] if plain else [answers.unknown()]


async def _about_a_case(desk: Desk, command: Command) -> Reply:
    waiting = await working.open_alerts(desk.tx, desk.member_id)
    mine = await working.taken_by(desk.tx, desk.member_id)
    verb = _verb(command, bool(waiting))
    if verb is None:
        return answers.unknown()
    if command.code:
        facts = await known.find(desk.tx, desk.relais, command.code)
        if facts is None or not await _may_name(desk, facts, verb):
            return say("unknown_code", code=Name(command.code))
        return await _do(desk, verb, facts.id)
    choice = waiting if verb == "take" or (verb == "pass" and waiting) else mine
    if verb == "conflict":
        choice = list(dict.fromkeys((*mine, *waiting)))
    if not choice:
        return say("nothing_open" if verb in {"take", "pass"} else "mine_none")
    if len(choice) > 1:
        return await answers.which(desk.tx, desk.relais, verb, choice)
    return await _do(desk, verb, choice[0])


def _verb(command: Command, waiting: bool) -> str | None:
    """1 and 2 stand for the buttons of an alert; without one, 1 to 3 for those of a taken case."""
    if command.verb != "number":
        return command.verb
    buttons = ("take", "pass") if waiting or command.code else ("open", "pass", "conflict")
    if command.n > len(buttons):
        return None
    return buttons[command.n - 1]


async def _may_name(desk: Desk, facts: known.Facts, verb: str) -> bool:
    if verb == "conflict" and desk.member_id in await known.in_conflict(desk.tx, facts.id):
        return True
    if verb == "conflict" and desk.member_id in await known.keyholders(desk.tx, facts.id):
        return True
    if verb == "conflict" and facts.id in await cases_referred_to(desk.tx, desk.member_id):
        return True
    return await concerns(desk.tx, facts, desk.member_id)


async def _do(desk: Desk, verb: str, case_id: str) -> Reply:
    if verb == "take":
        outcome = await take(desk.tx, desk.relais, case_id, desk.member_id, told=True)
    elif verb == "open":
        outcome = await whose(desk.tx, desk.relais, case_id, desk.member_id)
        if outcome.status == "taken":
            return answers.how_to_open(desk.relais, outcome.code)
    else:
        outcome = await _CHANGES[verb](desk.tx, desk.relais, case_id, desk.member_id)
    return answers.of(outcome, verb)


_CHANGES: Final[dict[str, Callable[[AsyncConnection, Relais, str, str], Awaitable[Outcome]]]] = {
    "pass": pass_on,
    "conflict": working.conflict,
    "done": working.done,
}


async def _who_has(desk: Desk, code: str) -> Reply:
    facts = await known.find(desk.tx, desk.relais, code)
    if facts is None or not await concerns(desk.tx, facts, desk.member_id):
        return say("unknown_code", code=Name(code))
    if facts.status == "open":
        return await answers.line(desk.tx, desk.relais, facts.id, desk.locale)
    return answers.of(await whose(desk.tx, desk.relais, facts.id, desk.member_id), "who")


async def _mine(desk: Desk, _: Command) -> Reply:
    ids = await working.taken_by(desk.tx, desk.member_id)
    ids += await working.open_alerts(desk.tx, desk.member_id)
    return await answers.list_of(desk.tx, desk.relais, ids, desk.locale)


async def _help(_desk: Desk, _command: Command) -> Reply:
    return say("help")


async def _heard(_desk: Desk, _command: Command) -> Reply:
    return say("test_heard")


async def _who(desk: Desk, _: Command) -> Reply:
    return await who_is(desk.tx, desk.member_id)


async def _on(desk: Desk, command: Command) -> Reply:
    return await begin_shift(desk.tx, desk.relais, desk.member_id, command.time)


async def _until(desk: Desk, command: Command) -> Reply:
    if command.time is None:
        return say("until_when")
    return await begin_shift(desk.tx, desk.relais, desk.member_id, command.time)


async def _off(desk: Desk, _: Command) -> Reply:
    return await end_own_shift(desk.tx, desk.relais, desk.member_id)


async def _test(desk: Desk, _: Command) -> Reply:
    return await test(desk.tx, desk.relais, desk.member_id)


async def _language(desk: Desk, command: Command) -> Reply:
    return await change_language(desk.tx, desk.member_id, command.locale)


async def _unlink(desk: Desk, _: Command) -> Reply:
    return await unlink_here(desk.tx, desk.relais, desk.member_id)


_PLAIN: Final[dict[str, Callable[[Desk, Command], Awaitable[Reply]]]] = {
    "help": _help,
    "mine": _mine,
    "who": _who,
    "on": _on,
    "until": _until,
    "off": _off,
    "test": _test,
    "heard": _heard,
    "language": _language,
    "unlink": _unlink,
}
