"""Every transition of a conversation, on one page: what a person did, and what follows.

Pure: no clock, no randomness, no lookups; all of that comes in with the context.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from conversation import effects as fx
from conversation import ending, facts
from conversation.answering import Added, Answered, Shown, pressed, said
from conversation.asking import GATHERS, OVERLAYS, draw, over, renew
from conversation.builtin import TRACKED
from conversation.caring import chosen as distress_chosen
from conversation.caring import distressed, remarked, waits_for_a_person
from conversation.commands import LEAVING, button_command, command_of, run
from conversation.context import Context
from conversation.document import Interview, Step
from conversation.events import Chose, Deleted, Edited, Event, Said, Sent, Silence, Started
from conversation.gathering import (
    acknowledge,
    add_words,
    answers_here,
    refuse,
    take_file,
    take_spot,
)
from conversation.moving import follow, store
from conversation.normalise import normalise
from conversation.pressing import pressed as pressed_reply
from conversation.replies import Reply
from conversation.returning import (
    arrive,
    at_opening,
    chose,
    come_back,
    come_in,
    is_away,
    proved,
    take_back,
)
from conversation.review import label
from conversation.reviewing import change, reviewed_answer
from conversation.state import State
from conversation.turn import Stepped, Turn
from conversation.wording import phrase

AWAY = timedelta(minutes=30)
"""After so long, what was safe is asked again before anything is shown."""


def begin(interview: Interview, content_hash: str) -> State:
    """The state of a conversation in which nobody has spoken yet."""
    return State(interview=interview.id, content=content_hash)


def over_first_question(interview: Interview, state: State) -> State:
    """A state at the interview's first question, where there is none any more to go on from."""
    first = interview.routes["main"].steps[0].id
    return replace(state, mode="asking", route="main", at=first, ask="")


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
            if isinstance(event, Sent) and event.file:
                _let_go(turn, event.file)
            turn.seen = context.now.isoformat(timespec="minutes")
            _tidy(turn, state)
            turn.pressed = pressed_reply(turn, state, event)
    return turn.freeze()


def _tidy(turn: Turn, before: State) -> None:
    """On a shared phone the chat shows one question at a time, and at the end the farewell."""
    shared = facts.shared_phone(turn) or before.answers.get("phone_holder") == "shared"
    if shared and turn.ask != before.ask and turn.mode in {"asking", "closed"}:
        turn.effects.append(fx.Tidy())


def _let_go(turn: Turn, file: str) -> None:
    """Whatever the file met (a greeting, a menu): it is kept or destroyed, never forgotten."""
    for effect in turn.effects:
        if isinstance(effect, fx.Attach | fx.DropFile) and effect.file == file:
            return
    turn.effects.append(fx.DropFile(file))


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
    elif turn.stale and heard.command is None:
        _show_again(turn, heard)
    elif isinstance(event, Sent):
        _sent(turn, event)
    elif isinstance(event, Started):
        _resume(turn)
    elif heard.command is not None:
        run(turn, heard.command)
    elif turn.mode in OVERLAYS:
        _answer_overlay(turn, heard)
    else:
        _answer(turn, heard)


def _show_again(turn: Turn, heard: _Heard) -> None:
    """The edition changed under the question: its numbers may mean something else now.

    What she wrote in her own words at an open question is kept all the same.
    """
    turn.stale = False
    event, step = heard.event, turn.step
    if isinstance(event, Sent) and event.file and step.kind not in GATHERS:
        refuse(turn, event, "question_changed")
        return
    turn.notes.append(phrase("question_changed"))
    if isinstance(event, Sent) and event.file:
        _sent(turn, event)
    else:
        if isinstance(event, Said) and step.kind == "text" and heard.word:
            add_words(turn, step, event.text)
        _resume(turn)


def _sent(turn: Turn, event: Sent) -> None:
    """A file, a voice message, a position; what lies over an open question stays there."""
    step = turn.step
    if turn.mode in OVERLAYS and step.kind not in GATHERS and not answers_here(step, event):
        refuse(turn, event, "not_accepted")
        return
    if turn.mode not in OVERLAYS or step.kind not in GATHERS:
        turn.mode = "asking"
    if event.spot is not None:
        area = take_spot(turn, step, event)
        if area is not None:
            store(turn, step, area)
            follow(turn, step)
    elif take_file(turn, step, event):
        follow(turn, step)


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


def _understand(turn: Turn, step: Step, heard: _Heard) -> Answered | Added | Shown | None:
    event = heard.event
    if isinstance(event, Chose):
        return pressed(turn, step, heard.option)
    return said(turn, step, event.text, heard.word) if isinstance(event, Said) else None


def _answer(turn: Turn, heard: _Heard) -> None:
    """An answer to the question on the screen."""
    step = turn.step
    paused, turn.mode = turn.mode == "paused", "asking"
    if _wrong_code(turn, step):
        _note(turn, "code_wrong")
        return
    understood = _understand(turn, step, heard)
    if isinstance(understood, Added):
        add_words(turn, step, understood.text)
        if not distressed(turn, understood.text):
            acknowledge(turn, step)
    elif isinstance(understood, Answered):
        _accept(turn, step, understood)
    elif isinstance(understood, Shown):
        turn.picks, turn.misses = understood.picks, 0
        if step.kind == "place":
            turn.page = 0
        draw(turn, redraw=isinstance(heard.event, Chose))
    elif paused:
        renew(turn)
        _note(turn, "resumed")
    elif not distressed(turn, heard.word) and not remarked(turn, heard.word):
        _unclear(turn, step)


def _wrong_code(turn: Turn, step: Step) -> bool:
    """A code that leads nowhere, or, where one was just given, elsewhere."""
    if step.kind == "code":
        return turn.context.code_matches is not None and not turn.context.code_of_present
    return turn.context.code_matches is False and at_opening(turn) and step.kind != "proof"


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
        case "consents":
            take_back(turn, str(value))
        case _:
            store(turn, step, value, answer.text)
            if turn.route == "pick":
                turn.notes.append(phrase("language_changed"))
            if step.kind == "code" and turn.context.code_of_present:
                turn.notes.append(phrase("code_right"))
            if step.kind == "date" and isinstance(value, dict) and "year" in value:
                turn.notes.append(phrase("date_noted", date=label(turn, step, value)))
            if answer.text is None or not distressed(turn, answer.text):
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


def _chosen_over(ids: list[str], word: str) -> str:
    """Which of these she means; empty when it is none of them."""
    number = word.strip(" .)")
    if number.isdecimal() and len(number) < 4 and 1 <= int(number) <= len(ids):
        return ids[int(number) - 1]
    return word if word in ids else ""


def _written_over(turn: Turn, heard: _Heard) -> None:
    """Her own words while something lies over the question: an open one keeps them."""
    step, event = turn.step, heard.event
    if isinstance(event, Said) and step.kind in GATHERS and not heard.word.strip(" .)").isdecimal():
        add_words(turn, step, event.text)
        if turn.mode == "distress" or not distressed(turn, event.text):
            acknowledge(turn, step)
    elif not isinstance(event, Said) or not distressed(turn, event.text):
        _note(turn, "unclear_first")


def _answer_overlay(turn: Turn, heard: _Heard) -> None:
    """The menu, "erase everything?", or the offer of a human."""
    mode = turn.mode
    option = _chosen_over(over(turn), heard.option or heard.word)
    if not option:
        _written_over(turn, heard)
    elif mode == "distress":
        distress_chosen(turn, option)
    elif option == "leave":
        ending.leave(turn)
    elif option in {"yes", "now", "later"}:
        _erase(turn, option)
    elif option == "stop":
        ending.pause(turn)
    elif option in {"go_on", "no"}:
        turn.mode = "asking"
        renew(turn)
        draw(turn)
    else:
        renew(turn)
        run(turn, option)


def _erase(turn: Turn, option: str) -> None:
    """Yes to "erase everything?": what was sent is asked about once more, where she may know."""
    if option == "yes" and turn.context.sent and not facts.unproved(turn):
        turn.mode = "erase_sent"
        renew(turn)
        draw(turn)
    else:
        ending.erase(turn, later=option == "later")


def _take_away(turn: Turn, heard: _Heard) -> None:
    """After a while: take the answer she gave, then ask first whether she is still safe."""
    place = f"{turn.route}:{turn.at}"
    fresh = not isinstance(heard.event, Chose) or heard.token == turn.ask
    if heard.command is None and fresh and turn.route in TRACKED:
        place = _kept_away(turn, heard) or place
        waits_for_a_person(turn, heard.word)
    if turn.refused:
        turn.mark(f"refused:{turn.refused}")
    turn.mode, turn.stale = "asking", False
    turn.notes, turn.replies = [], []
    come_in(turn, place)


def _kept_away(turn: Turn, heard: _Heard) -> str:
    """What she gave is kept where it fits; what is said of it waits. Where to go on, if further.

    An answer counts only to a question that she saw: not under what lies over it, and not when the
    edition changed since. Her own words and files at an open question are kept always.
    """
    step, event = turn.step, heard.event
    seen = turn.mode in {"asking", "paused"} and not turn.stale
    onward = f"{turn.route}>{turn.at}"
    if isinstance(event, Sent):
        fits = seen or step.kind in GATHERS
        return onward if fits and _sent_away(turn, step, event) else ""
    covered = _chosen_over(over(turn), heard.word)
    understood = _understand(turn, step, heard)
    if isinstance(understood, Added) and not covered:
        add_words(turn, step, understood.text)
    elif seen and isinstance(understood, Answered) and step.kind != "review":
        store(turn, step, understood.value, understood.text)
        return onward
    return ""


def _sent_away(turn: Turn, step: Step, event: Sent) -> bool:
    """Keep it, if it fits; True when it answers a question that does not gather."""
    if event.spot is None:
        return take_file(turn, step, event)
    area = take_spot(turn, step, event)
    if area is not None:
        store(turn, step, area)
    return area is not None


def _deleted(turn: Turn) -> None:
    """She took back a message: say that this erases nothing here, where a question is open."""
    if turn.mode == "asking" and turn.route in TRACKED:
        turn.replies.append(Reply((phrase("deleted_seen"),)))
