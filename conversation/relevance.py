"""Which steps apply, where an answer leads, and what a changed answer makes void."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from conversation.choices import to_leave_out
from conversation.recording import discard
from conversation.review import ACCOUNT

if TYPE_CHECKING:
    from conversation.document import Step, Then
    from conversation.turn import Turn


def relevant(turn: "Turn", step: "Step") -> bool:
    """Its condition holds, and there is something to ask."""
    if step.when is not None and not step.when(turn):
        return False
    if step.compartment in ACCOUNT and "account" not in turn.parts:
        return False  # nothing of part 2 before she agreed to it
    if step.source == "organisations":
        return bool(to_leave_out(turn, step))
    return step.source != "areas" or step.own_words or bool(turn.context.directory.areas)


def then_of(turn: "Turn", step: "Step") -> "Then | None":
    """What the answer given to ``step`` leads to, if to anything but the next step."""
    if not step.then:
        return None
    value = turn.answers.get(step.id)
    if value is None:
        return step.then.get("skip")
    if isinstance(value, list):
        return next((step.then[one] for one in value if one in step.then), None)
    if isinstance(value, str) and value in step.then:
        return step.then[value]
    return step.then.get("answered")


def keeping_relevant(turn: "Turn", place: int, change: Callable[[], None]) -> None:
    """Make a change, then discard the later answers that it made irrelevant; keep the others."""
    kept = [step for step in _held(turn, place) if relevant(turn, step)]
    change()
    _discard_irrelevant(turn, kept)


def _held(turn: "Turn", place: int) -> "list[Step]":
    """Later steps that were answered in this route. What a block asked stays as it is."""
    return [
        step
        for step in turn.steps.steps[place:]
        if step.id in turn.answers and not in_block(turn, step)
    ]


def in_block(turn: "Turn", step: "Step") -> bool:
    """It was asked in a block, not in the route itself."""
    return any(name.endswith(f":{step.id}") for name in turn.trail)


def _discard_irrelevant(turn: "Turn", steps: "list[Step]") -> None:
    """Discard those of these answers that no longer apply."""
    for step in steps:
        if step.id in turn.answers and not _applies(turn, step):
            discard(turn, step)


def _applies(turn: "Turn", step: "Step") -> bool:
    """It is relevant where it stands, or at another place: a step may stand at several."""
    return relevant(turn, step) or any(
        relevant(turn, one) for one in turn.steps.steps if one.id == step.id and one is not step
    )


def discard_off_path(turn: "Turn", place: int) -> None:
    """She took a path: discard what belongs to another, unless a later answer leads there again."""
    later, path = _held(turn, place), turn.path
    off = [step for step in later if not _applies(turn, step)]
    for step in later:
        then = then_of(turn, step)
        if then is not None and then.verb == "become" and relevant(turn, step):
            turn.path = then.target
            off = [one for one in off if not _applies(turn, one)]
    turn.path = path
    for step in off:
        if step.id in turn.answers:
            discard(turn, step)


def path_at(turn: "Turn", trail: tuple[str, ...]) -> str:
    """The path as it was after these questions."""
    path = ""
    main = turn.interview.routes["main"]
    for name in trail:
        if name in main.index:
            then = then_of(turn, main.steps[main.index[name]])
            path = then.target if then is not None and then.verb == "become" else path
    return path
