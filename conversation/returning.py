"""Coming back: only the greeting first, then safety, her sign, and a small menu."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation import ending, facts
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
_OF_THE_CASE: Final = frozenset({"return", "contact", "consents"})
"""Routes that show what there is of a request."""
_WRONG: Final = 5
_WAIT: Final = timedelta(hours=1)
"""So many wrong signs, and for so long every one is wrong."""


def arrive(turn: "Turn") -> None:
    """The first message, or the first after leaving or the end: nothing shows what this is."""
    resting = turn.mode == "closed"
    known = ending.has_case(turn) if resting else ending.begun(turn) or turn.returning
    known = known or turn.context.sign_matches is not None
    if turn.mode == "new" or not known:
        begin_anew(turn)
    else:
        _greet(turn, _open_place(turn))


def _open_place(turn: "Turn") -> str:
    """Where to go on once she is greeted; empty: nowhere, or where the stack says already."""
    if turn.route in {"return", "resume"} or not turn.at:
        return ""
    return f"{turn.route}:{turn.at}"


def _greet(turn: "Turn", back_to: str, *, proved: bool = False) -> None:
    turn.returning = True
    turn.unmark("skipped:sign")
    for step_id in (*_AGAIN, turn.interview.routes["return"].steps[0].id):
        turn.answers.pop(step_id, None)
    if proved:
        _pass_sign(turn)
    elif turn.context.sign_matches is not None:
        turn.mark(facts.UNPROVED)
    enter_route(turn, "return", back_to)


def _pass_sign(turn: "Turn") -> None:
    """It need not be shown, or was."""
    turn.unmark(facts.UNPROVED)
    turn.answers["sign_ask"] = True


def go_without_sign(turn: "Turn") -> bool:
    """The sign is one of an earlier request: what the chat has now needs none. Goes there."""
    if turn.context.signed or not (turn.resume or ending.has_case(turn)):
        return False
    _pass_sign(turn)
    walk(turn, turn.steps.index["sign_ask"] + 1)
    return True


def begin_anew(turn: "Turn") -> None:
    """From the very beginning."""
    ending.clear(turn)
    if turn.mode != "new":
        ending.name_run(turn)
    walk(turn, 0)


def start_apart(turn: "Turn") -> None:
    """Who did not show the sign begins anew, apart from whatever there is."""
    ending.part(turn)
    start_anew(turn)


def start_anew(turn: "Turn") -> None:
    """Something new, for someone who has just said that she is safe."""
    picker = turn.interview.routes["return"].steps[0].id
    items, had_case = turn.items, ending.has_case(turn)
    standing = {key: value for key, value in turn.kept.items() if key.startswith("yes:")}
    ending.clear(turn)
    ending.name_run(turn)
    turn.items, turn.returning = items, True
    turn.kept |= {"case": "yes", **standing} if had_case else {}
    turn.answers = {picker: True, "safe_now": "yes"}
    walk(turn, 0)


def at_opening(turn: "Turn") -> bool:
    """A return code is looked for: nothing was told yet in this chat, or she is coming back."""
    return turn.route == "return" or not (turn.path or turn.parts)


def come_back(turn: "Turn") -> None:
    """The code was right: this chat now belongs to that request.

    Where a sign was given here for it, that is asked all the same: whoever holds this phone may
    have found the code in the chat.
    """
    if turn.context.code_of_present:
        _greet(turn, _open_place(turn), proved=turn.context.code_proves)
        return
    turn.effects.append(fx.ComeBack(ending.lasting(turn)))
    locale = turn.locale
    ending.clear(turn)
    ending.name_run(turn)
    turn.locale = locale
    turn.mark("help")
    if turn.context.code_undoes:
        turn.mark(ending.UNDONE)
    _greet(turn, "", proved=turn.context.code_proves)


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
    """Her sign was right or wrong; wrong looks as if there were nothing.

    After a few wrong ones none is right for an hour: a number or a picture is soon guessed.
    """
    wrong, since = _wrong_signs(turn)
    if right and wrong < _WRONG:
        turn.kept = {key: value for key, value in turn.kept.items() if key != "signs"}
        if turn.context.sign_of_earlier:
            _take_up_earlier(turn)
        _pass_sign(turn)
        walk(turn, turn.steps.index["sign_ask"] + 1)
        return
    if wrong < _WRONG:
        turn.kept = {**turn.kept, "signs": f"{wrong + 1} {turn.context.now.isoformat()}"}
    else:
        turn.kept = {**turn.kept, "signs": f"{wrong} {since}"}
    turn.mode = "left"
    turn.ask = ""
    turn.replies.append(Reply((phrase("sign_wrong"),)))


def _wrong_signs(turn: "Turn") -> tuple[int, str]:
    """How many were wrong, and when the last of them that counted came."""
    count, _, since = turn.kept.get("signs", "").partition(" ")
    if not since or turn.context.now - datetime.fromisoformat(since) >= _WAIT:
        return 0, ""
    return int(count), since


def _take_up_earlier(turn: "Turn") -> None:
    """Her sign belongs to a request from before the present one: that one is taken up again."""
    turn.effects.append(fx.ComeBack(ending.lasting(turn)))
    answers, locale = turn.answers, turn.locale
    ending.clear(turn)
    turn.kept |= turn.context.remembered
    ending.name_run(turn)
    turn.route, turn.at = "return", "sign_ask"
    turn.answers, turn.locale, turn.returning = answers, locale, True
    turn.mark("help")


def take_back(turn: "Turn", purpose: str) -> None:
    """A yes becomes a no; what was promised about it is carried out."""
    step = turn.interview.steps.get(turn.kept.get(f"yes:{purpose}", ""))
    if step is not None:
        if step.kind == "contact":
            turn.effects.append(fx.Contact("no"))
        turn.effects.append(fx.Consent(purpose, step.id, "no", step.prompt))
        turn.effects.append(fx.TakeBack(purpose))
        if purpose == "account":
            turn.parts = tuple(one for one in turn.parts if one not in ending.OF_ACCOUNT)
        turn.kept = {key: one for key, one in turn.kept.items() if key != f"yes:{purpose}"}
        turn.notes.append(phrase("taken_back"))
    go_on(turn)


def is_away(turn: "Turn", long: bool) -> bool:
    """She comes back to an open question after a while: what was safe may not be safe now."""
    if not long or "safe_now" not in turn.answers or turn.at == "safe_now":
        return False
    return turn.route in TRACKED | _OF_THE_CASE


def come_in(turn: "Turn", place: str) -> None:
    """After a while, whoever writes is asked whether it is safe, and for the sign that was given.

    ``place`` is the question to go on with. What only she may see is not gone on with: its menu
    comes after the sign.
    """
    if turn.route in _OF_THE_CASE:
        _greet(turn, "")
    elif turn.context.sign_matches is not None:
        _greet(turn, place)
    else:
        turn.answers.pop("safe_now", None)
        enter_route(turn, "resume", place)
