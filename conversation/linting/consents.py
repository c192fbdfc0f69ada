"""Rules about consents: one purpose, named recipients, the rest under More, and no by default."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from conversation import facts
from conversation.formula import comparisons, holds
from conversation.linting.subject import Check, Findings, Subject, at_step, at_text

if TYPE_CHECKING:
    from conversation.document import Step

_NAMED: Final = frozenset({"services", "urgent", "account", "evidence", "justice"})
"""Purposes for which somebody receives something, and is named."""
_NAMES: Final = frozenset({"organisations", "operator"})

Words = Mapping[str, re.Pattern[str]]


def _words(**patterns: str) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in patterns.items()}


_TEXT: Final[Mapping[str, Words]] = {
    "en": _words(
        refusing=r"\bno changes nothing\b|\bsay no\b|\byou can say no\b",
        withdrawing=r"\btake (?:it|this) back\b|\bchange your mind\b|\bsend stop\b|"
        r"\bcannot be called back\b",
    )
}
"""What the first bubble says: (7) that a no costs nothing, (8) how to take a yes back."""
_MORE: Final[Mapping[str, Words]] = {
    "en": _words(
        keeping=r"\b(?:kept|keep|keeps|stored?|locked|years|write only)\b",
        messenger=r"\bmessengers?\b",
        risk=r"\brisks?\b",
    )
}
"""What More says: (4) where and how long, (5) what the messenger sees, (6) one risk."""
_ABOUT: Final = {
    "refusing": "that a no changes nothing about help",
    "withdrawing": "how to take a yes back, and what cannot be undone",
    "keeping": "where it is kept, and how long",
    "messenger": "what the messenger sees",
    "risk": "one concrete risk",
}


def cons001(subject: Subject) -> Findings:
    """Trap 5, what a document can show of it: More is there, recipients are named, one purpose, no.

    The ten elements are words; which of them seem to be missing is CONS002, and a lawyer reads all.
    """
    for step in subject.steps:
        if step.kind not in {"consent", "contact"}:
            continue
        if step.more is None:
            advice = "a consent has a longer text: write `more:` with where, how long, risk and law"
            yield at_step(step, "CONS001", advice)
        if step.kind == "consent":
            yield from _consent(subject, step)


def _consent(subject: Subject, step: "Step") -> Findings:
    text = subject.texts.get(step.prompt)
    if step.purpose in _NAMED and _NAMES.isdisjoint(step.placeholders) and text is not None:
        advice = "name who receives it: put {organisations} into the text"
        yield at_text(text, "CONS001", advice)
    if text is not None and text.source.count("?") != 1:
        advice = "ask for one purpose with one question; a second purpose is a consent of its own"
        yield at_text(text, "CONS001", advice)
    no, skip = step.then.get("no"), step.then.get("skip")
    if (no is not None or skip is not None) and no != skip:
        advice = "skipping is a no: let `skip` and `no` lead to the same place under `then`"
        yield at_step(step, "CONS001", advice)


def cons002(subject: Subject) -> Findings:
    """Trap 5, the words: elements that seem to be missing from a consent's text or its More."""
    language = subject.interview.source
    for step in subject.steps:
        if step.kind not in {"consent", "contact"}:
            continue
        missing = _missing(subject, step.prompt, _TEXT.get(language, {}))
        more = step.more.id if step.more is not None else ""
        missing += _missing(subject, more, _MORE.get(language, {})) if more else []
        if missing:
            about = "; ".join(_ABOUT[name] for name in missing)
            yield at_step(step, "CONS002", f"the text does not seem to say {about}")


def _missing(subject: Subject, message_id: str, patterns: Words) -> list[str]:
    said = subject.words(message_id)
    return [name for name, pattern in patterns.items() if not pattern.search(said)]


def excl001(subject: Subject) -> Findings:
    """Trap 11: she can leave out whom she must, before anybody is told, and nobody else sees whom.

    That an organisation left out is never alerted or granted is the engine's, and tested there.
    """
    lists = {step.id for step in subject.steps if step.source == "organisations"}
    for step in subject.steps:
        if step.source == "organisations" and step.compartment != "routing":
            advice = "whom she leaves out is for routing only; write `compartment: routing`"
            yield at_step(step, "EXCL001", advice)
        if step.purpose in {"services", "urgent"}:
            yield from _choosing(step, lists)
    who = subject.interview.steps.get("who_group")
    for option in who.options if who is not None else ():
        if (
            who is not None
            and option.id in facts.RESTRICTED
            and not _asked_again(subject, option.id)
        ):
            advice = (
                f"after `{option.id}`, ask again whom to leave out: a `many` from organisations"
            )
            yield at_step(who, "EXCL001", advice)


def _choosing(step: "Step", lists: set[str]) -> Findings:
    then = step.then.get("not_these")
    if all(option.id != "not_these" for option in step.options):
        advice = "offer `not_these`: she may know somebody who works at one of them"
        yield at_step(step, "EXCL001", advice)
    elif then is None or then.target not in lists:
        advice = "let `not_these` lead to a `many` with `from: organisations`"
        yield at_step(step, "EXCL001", advice)


def _asked_again(subject: Subject, option: str) -> bool:
    return any(
        holds(one, {"who_group": option})
        for step in subject.steps
        if step.source == "organisations"
        for one in comparisons(step.when_source)
        if one.name == "who_group"
    )


RULES: Final[tuple[Check, ...]] = (cons001, cons002, excl001)
