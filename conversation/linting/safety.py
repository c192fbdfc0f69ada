"""Rules about the order of things: safe first, leaving always, care before the account."""

import re
from typing import TYPE_CHECKING, Final

from conversation.document import Then
from conversation.linting.lengths import bubble_text
from conversation.linting.subject import Check, Findings, Subject, at_step, at_text, at_top
from conversation.linting.topic import telling
from conversation.normalise import normalise

if TYPE_CHECKING:
    from conversation.document import Step, Text

_CLOSED: Final = {
    "en": re.compile(
        r"\b(?:too late|no longer (?:works?|possible|helps?)|only works? within|expired?|"
        r"not any more|must be taken within|has passed)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(?:trop tard|ne marche plus|n'est plus possible|plus possible|seulement dans les|"
        r"dépassé)\b",
        re.IGNORECASE,
    ),
}
"""Words that tell somebody that a window of care has closed."""
_EXITS: Final = ("0", "00", "x")
LIMITS: Final = "limits"
"""Id of the step that says the legal limits."""
CARE_FIRST: Final = "care_first"


def safe001(subject: Subject) -> Findings:
    """Trap 1: only the language comes before `safe_now`; who is not safe is let go at once."""
    safe = subject.interview.steps.get("safe_now")
    if safe is None:
        advice = "the first question is `safe_now`: may she write without anyone looking?"
        yield at_top(subject, "SAFE001", advice)
        return
    for step in subject.interview.routes["main"].steps:
        if step.id == "safe_now":
            break
        if step.kind != "locale":
            advice = f"`{step.id}` stands before `safe_now`; only the language may"
            yield at_step(step, "SAFE001", advice)
    if safe.when_source is not None:
        yield at_step(safe, "SAFE001", "`safe_now` is asked of everybody; remove its `when`")
    if safe.then.get("skip") != Then("leave_safely"):
        advice = "skipping `safe_now` is not a yes; write `skip: leave_safely` under its `then`"
        yield at_step(safe, "SAFE001", advice)
    for option in safe.options:
        if option.id != "yes" and option.id not in safe.then:
            advice = f"`{option.id}` goes on as if she were safe; write where it leads under `then`"
            yield at_step(safe, "SAFE001", advice)


def prev001(subject: Subject) -> Findings:
    """Trap 2: what a locked screen shows of any bubble tells nothing of the topic.

    The greeting and the knock are the engine's phrases; they are checked as bubbles too.
    """
    found: set[tuple[str, str]] = set()
    for bubble in subject.paths.bubbles:
        word = telling(
            bubble_text(subject, bubble)[: subject.limits.preview], subject.interview.source
        )
        ids = (*bubble[0], *bubble[1])
        text = next((t for i in ids if (t := subject.texts.get(i)) and word in t.source), None)
        if word and text is not None and (text.id, word) not in found:
            found.add((text.id, word))
            advice = f"`{word}` is seen on a locked screen; begin the bubble with other words"
            yield at_text(text, "PREV001", advice)


def exit001(subject: Subject) -> Findings:
    """Trap 3: nothing stands in the way of leaving: 0, 00, x and every word for it.

    That leaving works in each state is the engine's, and tested there.
    """
    keywords = subject.interview.lexicon.keywords
    for step in subject.steps:
        if step.kind == "number" and (step.low is None or step.low < 1):
            advice = "a number begins at 1: 0 opens the menu and 00 leaves; write `range: {min: 1}`"
            yield at_step(step, "EXIT001", advice)
        for option in step.options:
            text = subject.texts.get(option.label.id)
            word = normalise(text.source) if text is not None else ""
            if text is not None and (word in keywords or word in _EXITS):
                advice = f"`{text.source}` is a command when it is typed; use other words"
                yield at_text(text, "EXIT001", advice)


def med001(subject: Subject) -> Findings:
    """Trap 4: care is shown before the account is asked for, and no window is called closed."""
    care = {s.id for s in subject.steps if s.kind == "signpost" or s.id == CARE_FIRST}
    for step in subject.account_steps:
        before = subject.paths.before(step.id, ("me", "helping"))
        if before is not None and before.isdisjoint(care):
            advice = f"`{step.id}` can be asked before any care was shown; put a `signpost` first"
            yield at_step(step, "MED001", advice)
            break
    for step in subject.steps:
        if step.signpost == "care_windows" and "ask" not in step.lines:
            advice = "write the line `ask`: what is said when no service near her offers any of it"
            yield at_step(step, "MED001", advice)
    pattern = _CLOSED.get(subject.interview.source)
    for text in subject.interview.translatable:
        found = pattern.search(text.source) if pattern is not None else None
        if found is not None:
            advice = f"«{found[0]}» tells her that care is over; say what can still help"
            yield at_text(text, "MED001", advice)


def lim001(subject: Subject) -> Findings:
    """Trap 6: the legal limits are said before anything of the account is asked, on every way."""
    steps = subject.account_steps
    if not steps:
        return
    if LIMITS not in subject.interview.steps:
        yield at_top(
            subject, "LIM001", "no step `limits` says when helpers may tell others; add it"
        )
        return
    for step in steps:
        before = subject.paths.before(step.id)
        if before is not None and LIMITS not in before:
            yield at_step(step, "LIM001", f"`{step.id}` can be asked before `limits` was said")
            return


def skip001(subject: Subject) -> Findings:
    """Trap 8: who skips everything still sees who helps; words and files are never required."""
    posts = {step.id for step in subject.steps if step.kind == "signpost"}
    for path in ("me", "info"):
        shown = subject.paths.skipping(path)
        if shown is not None and shown.isdisjoint(posts):
            advice = f"on the path `{path}`, skipping everything reaches no `signpost`; add one"
            yield at_step(_chooser(subject, path), "SKIP001", advice)
    for step in subject.steps:
        then = step.then.get("skip")
        ends = then is not None and then.verb in {"close", "rest", "leave_safely"}
        if ends and step.kind in {"text", "media", "date", "place", "number"}:
            advice = f"skipping `{step.id}` ends the conversation; nobody has to answer it"
            yield at_step(step, "SKIP001", advice)


def _chooser(subject: Subject, path: str) -> "Step":
    """The step at which this path is chosen."""
    wanted = Then("become", path)
    steps = subject.interview.routes["main"].steps
    return next((s for s in steps if wanted in s.then.values()), steps[-1])


def text001(subject: Subject) -> Findings:
    """What stands in braces is filled in: the code of a return code stands in a line of its own."""
    for text in subject.interview.translatable:
        if "{code}" in text.source:
            advice = "`{code}` is not filled in; the engine shows the code below an `ask: code`"
            yield at_text(text, "TEXT001", advice)
        if "{" in text.source and _never_filled(subject, text):
            advice = "placeholders are filled in only in the text of a step; write it out here"
            yield at_text(text, "TEXT001", advice)


def _never_filled(subject: Subject, text: "Text") -> bool:
    """Labels, longer texts, hints and lines are said as they are."""
    prompts = {step.prompt for step in subject.steps}
    return text.id not in prompts and "/by/" not in text.id and "{code}" not in text.source


RULES: Final[tuple[Check, ...]] = (safe001, prev001, exit001, med001, lim001, skip001, text001)
