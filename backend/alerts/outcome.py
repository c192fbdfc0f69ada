"""What became of something a responder did with a case."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal[
    "taken",  # it is this member's now
    "lost",  # somebody else has it: ``taker``
    "passed",  # others are asked
    "returned",  # given back; others are asked
    "rerouted",  # conflict: this member is out of the case
    "answered",  # the first step is noted
    "done",
    "step_missing",  # not done without a first step
    "not_open",  # closed, or gone
    "not_yours",  # the case is nothing to this member, who learns nothing of it
]


class Outcome(msgspec.Struct, frozen=True):
    """``taker`` is the name of whoever has the case; moments in UTC milliseconds.

    ``first_step_by``: until a first step is noted; ``answered_at``: once it is.
    """

    status: Status
    code: str = ""
    taker_id: str | None = None
    taker: str | None = None
    first_step_by: int | None = None
    answered_at: int | None = None


TakeOutcome = Outcome
