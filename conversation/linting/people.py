"""Rules about who is asked what, and what may be said back."""

import re
from typing import Final

from conversation.linting.subject import Check, Findings, Subject, at_step, at_text
from conversation.review import ACCOUNT

_CONTACT: Final = re.compile(
    r"https?://|www\.|\b[\w.+-]+@[\w-]+\.\w+|(?<!\w)\+?\d(?:[\s().-]?\d){6,}", re.IGNORECASE
)
"""Links, addresses of mail, telephone numbers."""
_GROWN: Final = frozenset({"evidence", "justice", "account"})


def child001(subject: Subject) -> Findings:
    """Trap 13: under 18 no files, no evidence, no justice; of the youngest, no account at all."""
    found: set[str] = set()
    steps = subject.interview.steps
    for name, _, band in sorted(subject.paths.asked_of):
        step = steps.get(name)
        if step is None or band == "no" or name in found:
            continue
        grown = step.kind == "media" or step.purpose in _GROWN - {"account"}
        youngest = band == "0_11" and (step.compartment in ACCOUNT or step.purpose == "account")
        if grown or youngest or step.compartment == "evidence":
            found.add(name)
            advice = f'somebody under 18 is asked `{name}`; add `child: {{is: "no"}}` to its `when`'
            yield at_step(step, "CHILD001", advice)
    if subject.account_steps and not {"age_band", "their_age"} & steps.keys():
        step = subject.account_steps[0]
        advice = "nothing asks how old she is before the account; add `age_band`"
        yield at_step(step, "CHILD001", advice)


def shel001(subject: Subject) -> Findings:
    """Trap 12: no text holds a number, a link or an address; services come from the directory.

    That a safe house never reaches a chat is the engine's, and tested there.
    """
    for text in subject.interview.translatable:
        if _CONTACT.search(text.source):
            advice = "this looks like a number, link or address; the directory names services"
            yield at_text(text, "SHEL001", advice)


def echo001(subject: Subject) -> Findings:
    """Trap 14: what is said back comes from lists.

    Free words where {area} would show them are refused; all other placeholders are closed, and that
    no reply holds what she wrote is tested with the engine.
    """
    area = subject.interview.steps.get("area")
    if area is not None and area.own_words:
        advice = "`area` is said back as {area}; remove `own_words`, or give the step another id"
        yield at_step(area, "ECHO001", advice)


def dist001(subject: Subject) -> Findings:
    """Trap 15: who is in need is helped and then goes on; no answer of need ends the path.

    `{urgent: end}` is for who is not safe now. That words of distress alert nobody without a yes is
    the engine's, and tested there; its phrase must offer to go on.
    """
    for step in subject.steps:
        for answer, then in step.then.items():
            ends = then.verb == "urgent" and then.end and step.id != "safe_now"
            needy = step.compartment == "medical" and answer != "skip"
            if ends or (needy and then.verb in {"close", "rest", "leave_safely"}):
                advice = f"`{answer}` ends the conversation of somebody in need; write `urgent`"
                yield at_step(step, "DIST001", advice)


RULES: Final[tuple[Check, ...]] = (child001, shel001, echo001, dist001)
