"""Coming back: only the greeting first, then safety, her sign, and a small menu."""

from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation import ending
from conversation.asking import draw
from conversation.builtin import TRACKED
from conversation.moving import enter_route, go_on, walk
from conversation.person import ask_person
from conversation.replies import Reply
from conversation.wording import phrase, status

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.turn import Turn

_AGAIN: Final = ("language", "safe_now", "sign_ask", "returning")
"""Asked at every return, whatever was answered before."""


def arrive(turn: "Turn") -> None:
    """The first message, or the first after leaving or the end: nothing shows what this is."""
    resting = turn.mode == "closed"
    known = ending.has_case(turn) if resting else ending.begun(turn) or turn.returning
    if turn.mode == "new" or not known:
        begin_anew(turn)
    elif turn.route in {"return", "resume"} or not turn.at:
        _greet(turn, "")
    else:
        _greet(turn, f"{turn.route}:{turn.at}")


def _greet(turn: "Turn", back_to: str) -> None:
    turn.returning = True
    for step_id in (*_AGAIN, turn.interview.routes["return"].steps[0].id):
        turn.answers.pop(step_id, None)
    enter_route(turn, "return", back_to)


def begin_anew(turn: "Turn") -> None:
    """From the very beginning."""
    ending.clear(turn)
    walk(turn, 0)


def start_anew(turn: "Turn") -> None:
    """Something new, for someone who has just said that she is safe."""
    picker = turn.interview.routes["return"].steps[0].id
    items, had_case = turn.items, ending.has_case(turn)
    standing = {key: value for key, value in turn.kept.items() if key.startswith("yes:")}
    ending.clear(turn)
    turn.items, turn.returning = items, True
    turn.kept = {"case": "yes", **standing} if had_case else {}
    turn.answers = {picker: True, "safe_now": "yes"}
    walk(turn, 0)


def at_opening(turn: "Turn") -> bool:
    """A return code is looked for: nothing was told yet in this chat, or she is coming back."""
    return turn.route == "return" or not (turn.path or turn.parts)


def come_back(turn: "Turn") -> None:
    """The code was right: this chat now belongs to that request."""
    turn.effects.append(fx.ComeBack())
    locale = turn.locale
    ending.clear(turn)
    turn.locale = locale
    turn.mark("help")
    _greet(turn, "")


def chose(turn: "Turn", step: "Step", option: str) -> None:
    """The menu of those who come back."""
    turn.answers.pop(step.id, None)
    match option:
        case "status":
            turn.notes.append(status(turn))
            draw(turn)
        case "new":
            start_anew(turn)
        case "human":
            ask_person(turn)
        case "code":
            turn.notes.append(phrase("code_enter"))
            draw(turn)
        case "add" | "contact" | "consents":
            for one in turn.interview.routes[option].steps:
                turn.answers.pop(one.id, None)
            enter_route(turn, option, f"return:{step.id}")
        case _:
            turn.mode = "confirm_erase"
            turn.ask = ""
            draw(turn)


def proved(turn: "Turn", right: bool) -> None:
    """Her sign was right or wrong; wrong looks as if there were nothing."""
    if right:
        turn.answers["sign_ask"] = True
        walk(turn, turn.steps.index["sign_ask"] + 1)
        return
    turn.mode = "left"
    turn.ask = ""
    turn.replies.append(Reply((phrase("sign_wrong"),)))


def take_back(turn: "Turn", purpose: str) -> None:
    """A yes becomes a no; what was promised about it is carried out."""
    step = turn.interview.steps.get(turn.kept.get(f"yes:{purpose}", ""))
    if step is not None:
        if step.kind == "contact":
            turn.effects.append(fx.Contact("no"))
        turn.effects.append(fx.Consent(purpose, step.id, "no", step.prompt))
        turn.effects.append(fx.TakeBack(purpose))
        turn.kept = {key: one for key, one in turn.kept.items() if key != f"yes:{purpose}"}
        turn.notes.append(phrase("taken_back"))
    go_on(turn)


def is_away(turn: "Turn", long: bool) -> bool:
    """She comes back to an open question after a while: what was safe may not be safe now."""
    return long and "safe_now" in turn.answers and turn.at != "safe_now" and turn.route in TRACKED
