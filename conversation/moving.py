"""From one question to the next: relevance, `then`, blocks, and the way back."""

from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation import ending, facts
from conversation.asking import draw, entry, renew
from conversation.builtin import TRACKED
from conversation.gathering import refusal
from conversation.recording import record
from conversation.relevance import (
    discard_off_path,
    in_block,
    keeping_relevant,
    path_at,
    relevant,
    then_of,
)
from conversation.telling import told
from conversation.wording import phrase

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.state import Value
    from conversation.turn import Turn

# The stack of `resume` holds, outermost last, places to go on at, separated by "|":
# "route:step" asks that step again, "route>step" follows its answer, "route+step" goes past it.


_OFFERS: Final = frozenset({"main", "person", "add"})
"""Where an offer that waited is made: she has said that she is safe."""
_OPENING: Final = frozenset({"safe_now", "area", "device", "phone_holder"})
"""What stays known when she turns out to be elsewhere: asked once, and nothing of it is told."""


def walk(turn: "Turn", place: int) -> None:
    """Go on from ``place`` of the route: say what is to be said, open the next question."""
    steps = turn.steps
    while place < len(steps.steps):
        step = steps.steps[place]
        place += 1
        if not relevant(turn, step):
            continue
        if step.id in turn.answers:
            if _urgent_waits(turn, step):
                _enter(turn, step)
                follow(turn, step)
                return
            place = _pass(turn, step, place)
            continue
        if step.silent:
            _say(turn, step)
            continue
        if step.purpose in facts.PURPOSES_THAT_NAME and not facts.reaches(turn):
            turn.notes.append(phrase("nobody_near"))
            record(turn, step, "no")
            follow(turn, step)
            return
        open_question(turn, step)
        return
    _end_of_route(turn)


def _pass(turn: "Turn", step: "Step", place: int) -> int:
    """A step that was answered before: where its answer leads."""
    if step.silent:
        return place
    again = step.id in turn.trail
    if not in_block(turn, step):
        _enter(turn, step)  # `back` visits it here only if no block asked it
    then = then_of(turn, step)
    if then is None:
        return place
    if then.verb == "goto":
        return _later(turn, then.target, place)
    if then.verb == "become" and not again and turn.route == "main":
        turn.path = then.target
        return 0
    return place


def _urgent_waits(turn: "Turn", step: "Step") -> bool:
    """She went back past an answer that leads to the urgent block, and forward again."""
    if not step.then or turn.route == "urgent" or "block" in turn.parts:
        return False
    then = then_of(turn, step)
    running = any(place.startswith("urgent") for place in turn.resume.split("|"))
    return then is not None and then.verb == "urgent" and not running


def _enter(turn: "Turn", step: "Step") -> None:
    if turn.route in TRACKED:
        name = entry(turn, step.id)
        if name not in turn.trail:
            turn.trail = (*turn.trail, name)


def _say(turn: "Turn", step: "Step") -> None:
    turn.answers[step.id] = True
    if step.kind == "submit":
        if f"submit{step.submit}" not in turn.parts:
            turn.mark(f"submit{step.submit}")
            ending.code(turn)
            turn.effects.append(fx.Submit(step.submit))
        turn.barrier = len(turn.trail)
    else:
        turn.notes += told(turn, step)


def open_question(turn: "Turn", step: "Step") -> None:
    """Put this question on the screen, with what she chose before if she comes back to it.

    A person who is still to be offered (see ``caring``) is offered over it.
    """
    turn.at = step.id
    if turn.route in _OFFERS:
        _tell_refused(turn)
    offered = turn.route in _OFFERS and turn.unmark("offer")
    turn.mode = "distress" if offered else "asking"
    turn.misses = turn.page = 0
    turn.picks = facts.chosen(turn, step.id) if step.kind == "many" else ()
    _enter(turn, step)
    renew(turn)
    draw(turn)


def _tell_refused(turn: "Turn") -> None:
    """What she sent while she was away was not taken: now that she is safe it can be said."""
    for part in turn.parts:
        mark, _, key = part.partition(":")
        if mark == "refused" and turn.unmark(part):
            turn.notes.append(refusal(turn, key))


def store(turn: "Turn", step: "Step", value: "Value", text: str | None = None) -> None:
    """Record an answer; a changed one keeps the later answers that still apply."""
    if step.id not in turn.answers:
        record(turn, step, value, text)
        return
    if turn.trail and turn.trail[-1] != entry(turn, step.id) and turn.route in TRACKED:
        turn.notes.append(phrase("changed"))
    keeping_relevant(turn, turn.steps.index[step.id] + 1, lambda: record(turn, step, value, text))


def follow(turn: "Turn", step: "Step") -> None:
    """Go where the answer to ``step`` leads."""
    then = then_of(turn, step)
    place = turn.steps.index[step.id] + 1
    if then is None:
        walk(turn, place)
        return
    match then.verb:
        case "goto":
            _goto(turn, step, _later(turn, then.target, place))
        case "become":
            _become(turn, then.target, place)
        case "urgent":
            _run_urgent(turn, step, end=then.end)
        case "leave_safely":
            ending.leave_safely(turn)
        case "outside":
            _outside(turn, place)
        case "close" | "rest":
            ending.finish(turn)


def _outside(turn: "Turn", place: int) -> None:
    """She is where this service is not: general information is all there is, and nothing is kept.

    Not while somebody was asked, nor in danger: then her place is unknown, and a coordinator looks.
    """
    if ending.has_case(turn) or turn.route != "main" or turn.path == "info":
        walk(turn, place)
        return
    said = {
        name: value for name, value in turn.answers.items() if value is True or name in _OPENING
    }
    ending.forget_told(turn)
    turn.answers = {**said, "for_whom": "info"}
    turn.notes.append(phrase("outside"))
    _become(turn, "info", 0)


def _later(turn: "Turn", target: str, place: int) -> int:
    """The first place of ``target`` from ``place`` on: a step may stand at several, also before."""
    row = turn.steps.steps
    return next((n for n in range(place, len(row)) if row[n].id == target), place)


def _goto(turn: "Turn", step: "Step", place: int) -> None:
    wanted = turn.steps.steps[place]
    # "Not these" asks again which, even when some were left out before.
    if step.kind == "consent" and not wanted.silent and relevant(turn, wanted):
        open_question(turn, wanted)
    else:
        walk(turn, place)


def _become(turn: "Turn", path: str, place: int) -> None:
    turn.path = path
    discard_off_path(turn, place)
    walk(turn, 0)


def _run_urgent(turn: "Turn", step: "Step", *, end: bool) -> None:
    if turn.route == "urgent":
        walk(turn, turn.steps.index[step.id] + 1)
        return
    if end and facts.unproved(turn):
        # A request of its own: nothing of hers is shown to whoever writes, or changed by them.
        answer = turn.answers[step.id]
        ending.part(turn, danger=True)
        turn.returning, turn.answers = True, {step.id: answer}
    elif end:
        _ask_anew(turn)
    enter_route(turn, "urgent", "" if end else f"{turn.route}+{step.id}", fresh=end)


def _ask_anew(turn: "Turn") -> None:
    """Danger again: a yes or a no from before does not stand for this call."""
    turn.unmark("block")
    for step in turn.interview.routes["urgent"].steps:
        if step.kind == "consent" or step.source == "organisations":
            turn.answers.pop(step.id, None)
            turn.unmark(f"settled:{step.id}")


def enter_route(turn: "Turn", route: str, back_to: str, *, fresh: bool = False) -> None:
    """Run another route from its beginning; ``back_to`` goes on the stack."""
    rest = "" if fresh else turn.resume
    turn.resume = "|".join(place for place in (back_to, rest) if place)
    turn.route = route
    walk(turn, 0)


def _end_of_route(turn: "Turn") -> None:
    if turn.route == "add":
        ending.add_up(turn)
    if turn.route in {"urgent", "person"}:
        turn.barrier = len(turn.trail)
        if turn.route == "urgent":
            turn.mark("block")
    if turn.route == "main" or not turn.resume:
        ending.finish(turn)
    else:
        go_on(turn)


def go_on(turn: "Turn") -> None:
    """Take up the place on top of the stack."""
    top, _, turn.resume = turn.resume.partition("|")
    form = next(sign for sign in ":>+" if sign in top)
    turn.route, _, name = top.partition(form)
    steps = turn.steps
    step = steps.steps[steps.index[name]]
    if form == "+":
        walk(turn, steps.index[name] + 1)
    elif form == ">" and name in turn.answers:
        follow(turn, step)
    elif relevant(turn, step):
        open_question(turn, step)
    else:
        walk(turn, steps.index[name])


def go_back(turn: "Turn") -> None:
    """The question before this one, across the edge of a block if need be."""
    here = entry(turn, turn.at)
    place = turn.trail.index(here) if here in turn.trail else len(turn.trail)
    name = turn.trail[place - 1]
    turn.trail = turn.trail[:place]
    turn.path = path_at(turn, turn.trail[: place - 1])
    route, colon, step_id = name.rpartition(":")
    wanted = route if colon else "main"
    if wanted != turn.route:
        turn.resume = turn.resume.partition("|")[2]
        turn.route = wanted
    steps = turn.steps
    open_question(turn, steps.steps[steps.index[step_id]])
