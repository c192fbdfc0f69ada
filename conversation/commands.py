"""The words that work everywhere: help, back, skip, pause, language, status, and the others."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from conversation import ending, facts
from conversation.answering import done
from conversation.asking import GATHERS, can_go_back, draw, mores, renew
from conversation.choices import PAGE, choices
from conversation.events import Chose, Said
from conversation.gathering import held, remove_last
from conversation.moving import enter_route, follow, go_back, go_on, store
from conversation.normalise import normalise
from conversation.person import ask_person
from conversation.replies import Reply
from conversation.returning import go_without_sign, start_apart
from conversation.wording import filled, phrase, status

if TYPE_CHECKING:
    from conversation.document import Interview
    from conversation.events import Event
    from conversation.turn import Turn

_EVERYWHERE: Final = {
    "0": "menu",
    "00": "leave",
    "x": "leave",
    "❌": "leave",
    "✕": "leave",
    "s": "skip",
    "+": "next_page",
    "-": "previous_page",
}
"""Known without any table of words."""
_ASIDE: Final = frozenset({"pick", "review_change", "consents"})
"""Routes that are left by going back or skipping: nothing in them need be answered."""
_PLAIN: Final = frozenset({"done", "more", "next_page", "previous_page", "remove"})
"""Commands only where there is something of the kind; elsewhere these words are answers."""


def command_of(turn: "Turn", word: str) -> str | None:
    """The command that this whole message is."""
    found = turn.interview.lexicon.keywords.get(word) or _EVERYWHERE.get(word)
    if found is None and word.startswith("/"):
        found = word[1:]
    if found in _PLAIN and not _applies(turn, found):
        return None
    return found if found in COMMANDS or found in LEAVING else None


def command_in(interview: "Interview", event: "Event") -> str | None:
    """The command that this is wherever it comes, without any state: leaving, erasing, others."""
    if isinstance(event, Chose):
        return button_command(event.token.partition(":")[2])
    if not isinstance(event, Said):
        return None
    word = normalise(event.text)
    found = interview.lexicon.keywords.get(word) or _EVERYWHERE.get(word)
    return word[1:] if found is None and word.startswith("/") else found


def button_command(option: str) -> str | None:
    """The command of a button of ours; anything else that begins like one repeats the question."""
    if not option.startswith("!"):
        return None
    name = option[1:]
    return "leave" if name == "exit" else name if name in COMMANDS else "repeat"


def _applies(turn: "Turn", command: str) -> bool:
    if not turn.at or turn.mode not in {"asking", "paused"}:
        return False
    step = turn.step
    if command in {"done", "remove"}:
        gathers = step.kind in GATHERS and bool(held(turn, step))
        return gathers or (command == "done" and step.kind == "many")
    if command == "more" and mores(turn, step):
        return True
    return len(choices(turn, step)) > PAGE


def run(turn: "Turn", command: str) -> None:
    """Carry out a command over the present question."""
    turn.mode = "asking"
    before_sign = turn.route in {"return", "resume"} and turn.at != "returning"
    if before_sign and command in {"status", "human"}:
        draw(turn)
        return
    COMMANDS[command](turn)


def _help(turn: "Turn") -> None:
    turn.notes.append(filled(turn, phrase("help"), ("operator",)))
    draw(turn)


def _repeat(turn: "Turn") -> None:
    if turn.step.kind == "place":
        turn.picks = ()
    turn.page = 0
    draw(turn)


def _back(turn: "Turn") -> None:
    if turn.route in _ASIDE:
        go_on(turn)
    elif can_go_back(turn):
        go_back(turn)
    else:
        turn.notes.append(phrase("back_stops"))
        draw(turn)


def _skip(turn: "Turn") -> None:
    step = turn.step
    if turn.route in _ASIDE:
        go_on(turn)
    elif step.kind == "proof":
        _skip_sign(turn)
    elif step.kind == "review":
        _skip_review(turn)
    elif step.kind == "returning":
        _close_again(turn)
    else:
        store(turn, step, None)
        follow(turn, step)


def _skip_sign(turn: "Turn") -> None:
    """Whoever does not show the sign gets nothing of the case; help is there all the same."""
    if go_without_sign(turn):
        return
    if turn.unmark("skipped:sign"):
        start_apart(turn)
        return
    turn.mark("skipped:sign")
    turn.notes.append(phrase("sign_skip"))
    draw(turn)


def _skip_review(turn: "Turn") -> None:
    """What she keeps only by sending it does not go unsaid: a second skip lets it go."""
    if skip_destroys(turn) and not turn.unmark("skipped:review"):
        turn.mark("skipped:review")
        turn.notes.append(phrase("review_skip"))
        draw(turn)
        return
    ending.finish(turn)


def skip_destroys(turn: "Turn") -> bool:
    """A skip of the review would let go of what she keeps only if she sends it."""
    return "account" in turn.parts and turn.step.kind == "review" and _unsent(turn.parts)


def _unsent(parts: tuple[str, ...]) -> bool:
    return "submit2" not in parts and "keep" not in parts


def _close_again(turn: "Turn") -> None:
    ending.rest(turn)
    turn.replies.append(Reply((*turn.notes, phrase("closed"))))
    turn.notes = []


def _language(turn: "Turn") -> None:
    if turn.route == "pick" or turn.step.kind == "locale":
        draw(turn)
        return
    turn.answers.pop("pick_language", None)
    enter_route(turn, "pick", f"{turn.route}:{turn.at}")


def _status(turn: "Turn") -> None:
    if not facts.unproved(turn):
        turn.notes.append(status(turn))
    draw(turn)


def _erase(turn: "Turn") -> None:
    turn.mode = "confirm_erase"
    renew(turn)
    draw(turn)


def _menu(turn: "Turn") -> None:
    turn.mode = "menu"
    renew(turn)
    draw(turn)


def _done(turn: "Turn") -> None:
    step = turn.step
    if step.kind in GATHERS and held(turn, step):
        follow(turn, step)
        return
    if step.kind != "many":
        draw(turn)
        return
    store(turn, step, done(turn, step).value)
    follow(turn, step)


def _voice(turn: "Turn") -> None:
    """Hear the questions, or no longer."""
    if turn.spoken in turn.context.voices:
        turn.voice = not turn.voice
        turn.notes.append(phrase("voice_on" if turn.voice else "voice_off"))
    else:
        turn.notes.append(phrase("voice_none"))
    draw(turn)


def _pictures(turn: "Turn") -> None:
    """Pictures beside the options, or no longer."""
    turn.pictures = not turn.pictures
    turn.notes.append(phrase("pictures_on" if turn.pictures else "pictures_off"))
    draw(turn)


def _more(turn: "Turn") -> None:
    longer = mores(turn, turn.step)
    if longer:
        turn.replies.append(Reply(tuple(longer)))
        draw(turn)
    else:
        _turn_page(turn, PAGE)


def _turn_page(turn: "Turn", by: int) -> None:
    count = len(choices(turn, turn.step))
    page = turn.page + by
    turn.page = page if 0 <= page < count else 0 if by > 0 else turn.page
    draw(turn, redraw=True)


COMMANDS: Final[dict[str, Callable[["Turn"], None]]] = {
    "help": _help,
    "repeat": _repeat,
    "back": _back,
    "skip": _skip,
    "pause": ending.pause,
    "language": _language,
    "status": _status,
    "human": ask_person,
    "erase": _erase,
    "more": _more,
    "done": _done,
    "menu": _menu,
    "voice": _voice,
    "pictures": _pictures,
    "remove": remove_last,
    "next_page": lambda turn: _turn_page(turn, PAGE),
    "previous_page": lambda turn: _turn_page(turn, -PAGE),
}
"""All but those that leave, which are looked for before anything else."""
LEAVING: Final = frozenset({"leave", "stop"})
