"""How a conversation stops: for now, at once, unsafe, at its end, in silence, for good."""

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation import facts
from conversation.replies import Option, Ref, Reply
from conversation.review import ACCOUNT
from conversation.wording import phrase, worded

if TYPE_CHECKING:
    from conversation.turn import Turn

_ASKED: Final = frozenset({"help", "urgent", "account"})
"""What makes a case: someone was asked, or an account was begun."""
_LASTING: Final = frozenset({"help", "urgent", "account", "submit1", "submit2"})


def begun(turn: "Turn") -> bool:
    """There is something that a quick exit must not lose."""
    if turn.path or turn.parts or turn.items or turn.kept:
        return True
    return any(value is not True and name != "safe_now" for name, value in turn.answers.items())


def asked(turn: "Turn") -> bool:
    """In this interview, somebody was asked for help or part 2 was begun."""
    return not _ASKED.isdisjoint(turn.parts)


def has_case(turn: "Turn") -> bool:
    """There is a request to come back to, of this interview or of an earlier one."""
    return asked(turn) or "case" in turn.kept


def leave(turn: "Turn") -> None:
    """Quick exit, at once: one neutral line; what was told waits, locked."""
    turn.effects.append(fx.Leave())
    if turn.route == "return" and not turn.resume:
        rest(turn)
    elif turn.mode not in {"new", "closed"}:
        turn.mode = "left"
    _say_goodbye(turn, "goodbye")


def revoke_contact(turn: "Turn") -> None:
    """She wrote `stop`: nobody writes to her here any more."""
    if turn.answers.get("reply_here") is not None or turn.kept:
        turn.effects.append(fx.Contact("no"))


def leave_safely(turn: "Turn") -> None:
    """Not safe now: stop. Before anything was told, nothing at all is kept."""
    if begun(turn) or turn.returning:
        leave(turn)
        return
    turn.effects.append(fx.Forget())
    clear(turn)
    turn.mode = "left"
    _say_goodbye(turn, "goodbye")


def erase(turn: "Turn") -> None:
    """She confirmed: everything goes, and one neutral line is said."""
    turn.effects.append(fx.Erase())
    clear(turn)
    turn.locale = turn.seen = ""
    turn.mode = "left"
    _say_goodbye(turn, "erased")


def _say_goodbye(turn: "Turn", key: str) -> None:
    turn.notes = []
    turn.replies = [Reply((phrase(key),), neutral=True)]
    turn.ask = ""
    turn.misses = 0


def pause(turn: "Turn") -> None:
    """Stop here; whatever she writes next goes on."""
    turn.mode = "paused"
    turn.ask = turn.context.nonce[:8].hex()
    go_on = Option(f"{turn.ask}:!repeat", Ref("engine/go_on/text"))
    turn.replies.append(Reply((*turn.notes, phrase("paused")), (go_on,)))
    turn.notes = []


def finish(turn: "Turn") -> None:
    """The interview is over: complete what was promised, say so, and rest."""
    _complete(turn)
    _closing_words(turn)
    turn.effects.append(fx.Reduce())
    turn.replies.append(Reply(tuple(turn.notes)))
    turn.notes = []
    rest(turn)


def _closing_words(turn: "Turn") -> None:
    """What the document says at its very end: its last steps, as far as they are for her."""
    steps = turn.interview.routes["main"].steps
    closing = tuple(takewhile(lambda step: step.kind == "say", reversed(steps)))
    if not any(step.id in turn.answers for step in closing):
        fitting = [s for s in reversed(closing) if s.when is None or s.when(turn)]
        turn.notes += [worded(turn, step) for step in fitting]
    if not turn.notes:
        turn.notes.append(phrase("closed"))


def _complete(turn: "Turn") -> None:
    """What is open when the interview stops: part 1 is sent, part 2 as she chose for silence."""
    parts = turn.parts
    if asked(turn) and "submit1" not in parts and "account" not in parts:
        turn.mark("submit1")
        turn.effects.append(fx.Submit(1))
    if "account" in parts and "submit2" not in parts:
        if "keep" in parts:
            turn.mark("submit2")
            turn.effects.append(fx.Submit(2))
        else:
            _drop_account(turn)


def _drop_account(turn: "Turn") -> None:
    for step in turn.interview.steps.values():
        if step.compartment in ACCOUNT and turn.answers.get(step.id) is not None:
            value = turn.answers.pop(step.id)
            item = value.get("item") if isinstance(value, dict) else None
            turn.effects.append(fx.Discard(step.id, item))


def silence(turn: "Turn", hours: int) -> None:
    """Nothing came for so long; nothing is said either, whoever may be holding the phone."""
    if turn.mode in {"new", "closed"} or hours < turn.interview.expire_after:
        return
    if turn.route == "return" and not turn.resume:
        rest(turn)
    elif has_case(turn):
        _complete(turn)
        turn.effects.append(fx.Reduce())
        rest(turn)
    else:
        turn.effects.append(fx.Forget())
        clear(turn)
        turn.mode = "new"


def rest(turn: "Turn") -> None:
    """Keep only what coming back needs: that there is a case, contact, path, child."""
    kept = {**turn.kept, "path": turn.path or turn.kept.get("path", "")}
    kept["child"] = facts.child(turn)
    parts = tuple(part for part in turn.parts if part in _LASTING)
    locale, items = turn.locale, turn.items
    clear(turn)
    turn.locale, turn.items, turn.parts = locale, items, parts
    if asked(turn) or "case" in kept:
        kept["case"] = "yes"
        turn.kept = {key: value for key, value in kept.items() if value and value != "no"}
    turn.mode = "closed"


def clear(turn: "Turn") -> None:
    """Forget every answer and every place; the locale stays."""
    turn.at = turn.resume = turn.path = turn.ask = ""
    turn.route = "main"
    turn.answers = {}
    turn.trail = turn.picks = turn.parts = ()
    turn.barrier = turn.items = turn.misses = turn.page = 0
    turn.kept = {}
    turn.returning = False
