"""The review's answers, and going back to one question to change it."""

from typing import TYPE_CHECKING

from conversation.asking import draw, renew
from conversation.moving import enter_route, follow, open_question
from conversation.recording import record
from conversation.review import reviewed
from conversation.wording import phrase

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.turn import Turn


def reviewed_answer(turn: "Turn", step: "Step", option: str) -> None:
    """Send, or change something first."""
    turn.unmark("skipped:review")
    if option == "send":
        record(turn, step, option)
        follow(turn, step)
    elif reviewed(turn):
        enter_route(turn, "review_change", f"{turn.route}:{turn.at}")
    else:
        turn.notes.append(phrase("review_empty"))
        renew(turn)
        draw(turn)


def change(turn: "Turn", step_id: str) -> None:
    """Ask that one question again; what follows from it is worked out when it is answered."""
    turn.route = "main"
    turn.resume = turn.resume.partition("|")[2]
    steps = turn.steps
    open_question(turn, steps.steps[steps.index[step_id]])
