"""A person is asked for: only what an alert needs, from wherever she is."""

from typing import TYPE_CHECKING

from conversation import facts
from conversation.asking import draw
from conversation.builtin import TRACKED
from conversation.moving import enter_route
from conversation.wording import phrase, status

if TYPE_CHECKING:
    from conversation.turn import Turn


def ask_person(turn: "Turn") -> None:
    """Begin the short way to a helper; or say that one was asked, or that there is none."""
    if facts.unproved(turn):
        draw(turn)
    elif facts.FACTS["help"].read(turn) == "yes":
        turn.notes += (phrase("human_already"), status(turn))
        draw(turn)
    elif not facts.organisations(turn):
        turn.notes.append(phrase("nobody_near"))
        draw(turn)
    elif turn.route == "person" or turn.route not in TRACKED | {"return"}:
        draw(turn)
    else:
        for step in turn.interview.steps.values():
            if step.purpose == "services":
                turn.answers.pop(step.id, None)
        turn.notes.append(phrase("human_begin"))
        enter_route(turn, "person", f"{turn.route}:{turn.at}")
