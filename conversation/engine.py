"""Every transition of a conversation, on one page: what a person did, and what follows.

Pure: no clock, no randomness, no lookups; all of that comes in with the context.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from conversation import ending
from conversation.answering import Answered, Shown, pressed, said
from conversation.asking import OVERLAYS, draw, renew
from conversation.builtin import TRACKED
from conversation.commands import LEAVING, button_command, command_of, run
from conversation.context import Context
from conversation.document import Interview, Step
from conversation.events import Chose, Deleted, Edited, Event, Said, Sent, Silence, Started
from conversation.moving import enter_route, follow, store
from conversation.normalise import normalise
from conversation.replies import Reply
from conversation.returning import arrive, at_opening, chose, come_back, is_away, proved
from conversation.reviewing import change, reviewed_answer
from conversation.state import State
from conversation.turn import Stepped, Turn
from conversation.wording import phrase

AWAY = timedelta(minutes=30)
"""After so long, what was safe is asked again before anything is shown."""


def begin(interview: Interview, content_hash: str) -> State:
    """The state of a conversation in which nobody has spoken yet."""
    return State(interview=interview.id, content=content_hash)


def advance(interview: Interview, state: State, event: Event, context: Context) -> Stepped:
    """What one event leads to. The same arguments always give the same result."""
    turn = Turn(interview, state, context)
    match event:
        case Silence(hours=hours):
            ending.silence(turn, hours)
        case Deleted():
            _deleted(turn)
        case _:
            _take(turn, event)
            turn.seen = context.now.isoformat(timespec="minutes")
    return turn.freeze()


@dataclass(frozen=True, slots=True)
class _Heard:
    """What she did, taken apart: a normalised word, or a button's nonce and option."""

    event: Event
    word: str
    token: str
    option: str
    command: str | None


def _hear(turn: Turn, event: Event) -> _Heard:
    if isinstance(event, Chose):
        token, _, option = event.token.partition(":")
        return _Heard(event, "", token, option, button_command(option))
    if isinstance(event, Said | Edited):
        word = normalise(event.text)
        return _Heard(event, word, "", "", command_of(turn, word) if word else None)
    return _Heard(event, "", "", "", None)


def _take(turn: Turn, event: Event) -> None:
    """Something she did. Leaving comes before everything, in every state."""
    heard = _hear(turn, event)
    if heard.command in LEAVING:
        if heard.command == "stop":
            ending.revoke_contact(turn)
        ending.leave(turn)
    elif turn.context.code_matches and isinstance(event, Said) and at_opening(turn):
        come_back(turn)
    elif turn.mode in {"new", "left", "closed"}:
        arrive(turn)
    elif is_away(turn, _is_long(turn)):
        _take_away(turn, heard)
    else:
        _take_present(turn, heard)


def _take_present(turn: Turn, heard: _Heard) -> None:
    """A question is open, and she is there."""
    event = heard.event
    if isinstance(event, Chose) and heard.token != turn.ask:
        _note(turn, "stale")
    elif isinstance(event, Edited):
        _note(turn, "edited_ignored")
    elif isinstance(event, Sent):
        _note(turn, "not_accepted")
    elif isinstance(event, Started):
        _resume(turn)
    elif heard.command is not None:
        run(turn, heard.command)
    elif turn.mode in OVERLAYS:
        _answer_overlay(turn, heard.option or heard.word)
    else:
        _answer(turn, heard)


def _note(turn: Turn, key: str) -> None:
    """Say one thing, and draw again what stands on the screen."""
    turn.notes.append(phrase(key))
    _resume(turn)


def _resume(turn: Turn) -> None:
    if turn.mode == "paused":
        turn.mode = "asking"
        renew(turn)
    draw(turn)


def _is_long(turn: Turn) -> bool:
    if not turn.seen:
        return False
    return turn.context.now - datetime.fromisoformat(turn.seen) >= AWAY


def _understand(turn: Turn, step: Step, heard: _Heard) -> Answered | Shown | None:
    event = heard.event
    if isinstance(event, Chose):
        return pressed(turn, step, heard.option)
    return said(turn, step, event.text, heard.word) if isinstance(event, Said) else None


def _answer(turn: Turn, heard: _Heard) -> None:
    """An answer to the question on the screen."""
    step = turn.step
    paused, turn.mode = turn.mode == "paused", "asking"
    if turn.context.code_matches is False and at_opening(turn) and step.kind != "proof":
        _note(turn, "code_wrong")
        return
    understood = _understand(turn, step, heard)
    if isinstance(understood, Answered):
        _accept(turn, step, understood)
    elif isinstance(understood, Shown):
        turn.picks, turn.misses = understood.picks, 0
        if step.kind == "place":
            turn.page = 0
        draw(turn, redraw=isinstance(heard.event, Chose))
    elif paused:
        renew(turn)
        _note(turn, "resumed")
    else:
        _unclear(turn, step)


def _accept(turn: Turn, step: Step, answer: Answered) -> None:
    value = answer.value
    match step.kind:
        case "proof":
            proved(turn, value is True)
        case "returning":
            chose(turn, step, str(value))
        case "change":
            change(turn, str(value))
        case "review":
            reviewed_answer(turn, step, str(value))
        case _:
            store(turn, step, value, answer.text)
            if turn.route == "pick":
                turn.notes.append(phrase("language_changed"))
            follow(turn, step)


def _unclear(turn: Turn, step: Step) -> None:
    """A hint, then an example, then the offer of a human."""
    turn.misses += 1
    if turn.misses >= 3:
        turn.mode, turn.misses = "human", 0
        renew(turn)
        draw(turn)
        return
    own = step.hint if turn.misses == 1 else step.example
    kind = f"_{step.kind}" if step.kind in {"many", "number", "date", "place", "text"} else ""
    ordinal = "first" if turn.misses == 1 else "second"
    turn.notes.append(own or phrase(f"unclear{kind}_{ordinal}"))
    draw(turn)


def _answer_overlay(turn: Turn, word: str) -> None:
    """The menu, "erase everything?", or the offer of a human."""
    ids, mode = OVERLAYS[turn.mode][0], turn.mode
    option = word if word in ids else ""
    number = word.strip(" .)")
    if number.isdecimal() and len(number) < 4 and 1 <= int(number) <= len(ids):
        option = ids[int(number) - 1]
    if not option:
        _note(turn, "unclear_first")
    elif option == "leave":
        ending.leave(turn)
    elif mode == "confirm_erase" and option == "yes":
        ending.erase(turn)
    elif option == "stop":
        ending.pause(turn)
    elif option in {"go_on", "no"}:
        turn.mode = "asking"
        renew(turn)
        draw(turn)
    else:
        renew(turn)
        run(turn, option)


def _take_away(turn: Turn, heard: _Heard) -> None:
    """After a while: take the answer she gave, then ask first whether she is still safe."""
    step, place = turn.step, f"{turn.route}:{turn.at}"
    fits = turn.mode in {"asking", "paused"} and heard.command is None
    if fits and (not isinstance(heard.event, Chose) or heard.token == turn.ask):
        understood = _understand(turn, step, heard)
        if isinstance(understood, Answered) and step.kind != "review":
            store(turn, step, understood.value, understood.text)
            place = f"{turn.route}>{turn.at}"
    turn.mode = "asking"
    turn.notes = []
    turn.answers.pop("safe_now", None)
    enter_route(turn, "resume", place)


def _deleted(turn: Turn) -> None:
    """She took back a message: say that this erases nothing here, where a question is open."""
    if turn.mode == "asking" and turn.route in TRACKED:
        turn.replies.append(Reply((phrase("deleted_seen"),)))
