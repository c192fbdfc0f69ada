"""How a conversation stops: for now, at once, unsafe, at its end, in silence, for good."""

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation import facts
from conversation.coding import coded
from conversation.items import drop_items
from conversation.replies import Option, Ref, Reply
from conversation.review import ACCOUNT
from conversation.wording import phrase, worded

if TYPE_CHECKING:
    from conversation.turn import Turn

_ASKED: Final = frozenset({"help", "urgent", "account"})
"""What makes a case: someone was asked, or an account was begun."""
ERASE_DAYS: Final = 7
"""So long her code undoes an erasure that she wanted later."""
UNDONE: Final = "undone"
"""Of ``State.parts``: she came back by her code to what was to be erased, and does not know yet."""
OF_ACCOUNT: Final = frozenset({"account", "keep", "drop", "submit2"})
"""What goes with an account that is destroyed: whoever tells again is asked again."""
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
    turn.answers.pop(turn.at, None)  # the answer that says so is asked again, and tells nothing
    if begun(turn) or turn.returning:
        leave(turn)
        return
    turn.effects.append(fx.Forget())
    clear(turn)
    turn.mode = "left"
    _say_goodbye(turn, "goodbye")


def erase(turn: "Turn", *, later: bool = False) -> None:
    """She confirmed: everything goes, and one neutral line is said."""
    turn.effects.append(fx.Erase(later))
    clear(turn)
    turn.locale = turn.seen = ""
    turn.voice = turn.pictures = False
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
    if "quiet:self_harm" in turn.parts and "closing" not in turn.parts:
        _ask_once_more(turn)
        return
    _complete(turn)
    _closing_words(turn)
    turn.effects.append(fx.Reduce())
    turn.replies.append(Reply(tuple(turn.notes)))
    turn.notes = []
    rest(turn)


def _ask_once_more(turn: "Turn") -> None:
    """She wrote of ending her life and went on alone: a person is offered once more."""
    turn.mark("closing")
    turn.mode = "distress"
    turn.ask = turn.context.nonce[:8].hex()
    options = tuple(
        Option(f"{turn.ask}:{one}", Ref(f"engine/distress/options/{one}"))
        for one in ("human", "near", "go_on")
    )
    exit_ = Option(f"{turn.ask}:!exit", Ref("engine/exit/text"))
    turn.replies.append(Reply((*turn.notes, phrase("distress")), options, (exit_,)))
    turn.notes = []


def forget_told(turn: "Turn") -> None:
    """Nothing that she told here is kept; the chat goes on."""
    turn.effects.append(fx.Forget())
    clear(turn)


def add_up(turn: "Turn") -> None:
    """Something was added to what she told before: it is sent."""
    if "account" in turn.parts and "submit2" not in turn.parts:
        _submit(turn, 2)
    else:
        code(turn)


def _submit(turn: "Turn", part: int) -> None:
    turn.mark(f"submit{part}")
    code(turn)
    turn.effects.append(fx.Submit(part))


def code(turn: "Turn") -> None:
    """The coded record as it stands, one effect a compartment."""
    for compartment, values in coded(turn.interview, turn.answers, turn.path).items():
        if values:
            turn.effects.append(fx.Code(compartment, values, added=turn.route == "add"))


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
        _submit(turn, 1)
    if "account" in parts and "submit2" not in parts:
        if "keep" in parts:
            _submit(turn, 2)
        else:
            _drop_account(turn)
            turn.notes.append(phrase("account_gone"))


def _drop_account(turn: "Turn") -> None:
    turn.parts = tuple(part for part in turn.parts if part not in OF_ACCOUNT)
    for step in turn.interview.steps.values():
        if step.compartment in ACCOUNT and turn.answers.get(step.id) is not None:
            value = turn.answers.pop(step.id)
            if not drop_items(turn, step, value):
                turn.effects.append(fx.Discard(step.id))


def silence(turn: "Turn", hours: int) -> None:
    """Nothing came for so long; nothing is said either, whoever may be holding the phone."""
    if turn.mode in {"new", "closed"} or hours < turn.interview.expire_after:
        return
    if turn.route == "return" and not turn.resume:
        rest(turn)
    elif has_case(turn):
        _complete(turn)
        turn.notes = []
        turn.effects.append(fx.Reduce())
        rest(turn)
    else:
        turn.effects.append(fx.Forget())
        clear(turn)
        turn.mode = "new"


def rest(turn: "Turn") -> None:
    """Keep only what coming back needs: that there is a case, contact, path, child."""
    kept = lasting(turn)
    parts = tuple(part for part in turn.parts if part in _LASTING)
    items = turn.items
    clear(turn)
    turn.items, turn.parts = items, parts
    if asked(turn) or "case" in kept:
        turn.kept = {**kept, "case": "yes"}
    turn.mode = "closed"


def lasting(turn: "Turn") -> dict[str, str]:
    """What outlives the answers: path, child, phone, consents that stand."""
    kept = {**turn.kept, "path": turn.path or turn.kept.get("path", "")}
    kept["child"] = facts.child(turn)
    kept["phone"] = "shared" if facts.shared_phone(turn) else ""
    return {key: value for key, value in kept.items() if value and value != "no"}


def part(turn: "Turn", *, danger: bool = False) -> None:
    """What follows has nothing to do with whatever there is: who writes did not show the sign."""
    turn.effects.append(fx.Apart(lasting(turn), danger=danger))
    clear(turn)
    name_run(turn)


def name_run(turn: "Turn") -> None:
    """What follows is told apart from what was told before, in whichever case it lands."""
    turn.run = turn.context.nonce[:4].hex()


def clear(turn: "Turn") -> None:
    """Forget every answer and every place; the locale stays."""
    turn.at = turn.resume = turn.path = turn.ask = ""
    turn.route = "main"
    turn.answers = {}
    turn.trail = turn.picks = turn.parts = ()
    turn.barrier = turn.items = turn.misses = turn.page = 0
    turn.kept = {key: value for key, value in turn.kept.items() if key == "signs"}
    turn.returning = turn.stale = False
