"""What a step says that asks nothing, and what was said just before a question."""

from typing import TYPE_CHECKING

from conversation import facts
from conversation.signposts import signpost
from conversation.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversation.document import Step
    from conversation.replies import Part
    from conversation.turn import Turn


def told(turn: "Turn", step: "Step") -> "list[Part]":
    """The paragraphs of a step that asks nothing; a submission says nothing by itself."""
    if step.kind == "submit":
        return []
    if step.kind == "signpost":
        return signpost(turn, step)
    extra = (values.get(facts.FACTS[fact].read(turn)) for fact, values in step.by.items())
    return [worded(turn, step), *(one for one in extra if one is not None)]


def told_before(turn: "Turn", step: "Step") -> "Iterator[Step]":
    """The steps that spoke between the question before this one and this one, latest first."""
    route = turn.steps
    for before in reversed(route.steps[: route.index[step.id]]):
        if before.id not in turn.answers:
            continue  # it did not concern her
        if not before.silent:
            return
        yield before
