"""The sentences in which a responder hears what became of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.alerts import facts as known
from backend.alerts.messages import at, case_params, label, part, say, token, yours
from conversation import Option, Reply
from conversation.replies import Name

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.outcome import Outcome
    from backend.relais import Relais
    from conversation import Part

_KEYS: Final = {
    "passed": "passed",
    "returned": "given_back",
    "rerouted": "conflict_done",
    "done": "done",
    "step_missing": "done_first_step",
    "not_open": "not_open",
    "not_yours": "not_yours",
}
_MOST: Final = 8


def of(outcome: Outcome, verb: str) -> Reply:
    """One sentence for an outcome; ``verb`` is what was asked for."""
    code = Name(outcome.code)
    if outcome.answered_at is not None and outcome.status in {"taken", "answered"}:
        return say("step_noted", code=code, time=at(outcome.answered_at))
    if outcome.status == "taken":
        return yours(outcome.code, outcome.first_step_by or 0)
    if outcome.status == "lost":
        taker = Name(outcome.taker or "")
        if verb == "take":
            return say("already_taken", code=code, by=taker)
        if verb in {"pass", "who"}:
            return say("taken_other", code=code, member=taker)
        return say("not_yours", code=code)
    if outcome.status == "not_open" and verb in {"done", "open"}:
        return say("not_yours", code=code)
    return say(_KEYS[outcome.status], code=code)


def unknown() -> Reply:
    """Not understood: what can be written."""
    return Reply(parts=(part("unknown_command"), part("help")))


def how_to_open(relais: Relais, code: str) -> Reply:
    """Where the case is read: in a browser, never here."""
    url = f"{relais.settings.public_url.rstrip('/')}/console"
    return say("open_console", url=Name(url), code=Name(code))


async def which(tx: AsyncConnection, relais: Relais, verb: str, ids: list[str]) -> Reply:
    """Several are possible: each as a button, or as the line to write."""
    codes = [facts.code for one in ids[:_MOST] if (facts := await known.read(tx, relais, one))]
    return Reply(
        parts=(part("which_case"),),
        options=tuple(Option(token(verb, code), Name(f"{verb} {code}")) for code in codes),
    )


async def list_of(tx: AsyncConnection, relais: Relais, ids: list[str], locale: str) -> Reply:
    """One line a case."""
    if not ids:
        return say("mine_none")
    parts: list[Part] = []
    for one in ids[:_MOST]:
        parts += (await line(tx, relais, one, locale)).parts
    return Reply(parts=tuple(parts))


async def line(tx: AsyncConnection, relais: Relais, case_id: str, locale: str) -> Reply:
    """Code, need, urgency, area and state; of a restricted case the code only."""
    facts = await known.read(tx, relais, case_id)
    if facts is None:
        return say("mine_none")
    if facts.known_routing is None or facts.routing.restricted:
        return say("restricted", code=Name(facts.code))
    params = case_params(facts, await relais.directory.get(), locale)
    if facts.working and facts.deadline_at is not None:
        return say("mine_first_step", **params, time=at(facts.deadline_at))
    state = "open" if facts.status == "open" else "answered"
    return say("mine_line", **params, state=label("state", state))
