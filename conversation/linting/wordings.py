"""Rules about words: what survivors never read, and what the engine's own phrases may hold."""

import re
from typing import Final

from conversation.codes import CODES, UNCODED
from conversation.fields import names_in
from conversation.findings import Finding, Severity
from conversation.linting.catalogue import RULES as CATALOGUE
from conversation.linting.subject import Check, Findings, Subject, at_text
from conversation.linting.topic import telling

_CLAIM: Final = re.compile(
    r"\bend[\s-]+to[\s-]+end\b|\be2ee?\b|\bbout[\s-]+en[\s-]+bout\b|\b100\s*%", re.IGNORECASE
)
"""What no chat with a machine can claim: that nobody between can read it."""
_ALERT: Final = frozenset({"code", "need", "urgency", "area", "time", "language", "n"})
_KNOCK: Final = frozenset({"code_name"})
PHRASES: Final = "i18n/phrases"


def word001(subject: Subject) -> Findings:
    """Trap 7: no word of the glossary, and no claim that nobody else can read along."""
    words = tuple(subject.glossary(subject.interview.source)) if subject.glossary else ()
    for text in subject.interview.translatable:
        for word in words:
            if word.pattern.search(text.source):
                level: Severity = "warning" if word.level == "warning" else "error"
                advice = f"`{word.avoid}`: write instead: {word.prefer}"
                yield at_text(text, "WORD001", advice, level)
        if _CLAIM.search(text.source):
            advice = "never claim that nobody else can read this; say who reads"
            yield at_text(text, "WORD001", advice)


def alert001(subject: Subject) -> Findings:
    """Trap 10: an alert names needs that have a code and a phrase, and nothing else is in it.

    A document can only bring a need that no phrase says; the alert's own phrases are checked here,
    what the backend fills in is tested there.
    """
    needs = subject.interview.steps.get("needs")
    for option in needs.options if needs is not None else ():
        text = subject.texts.get(option.label.id)
        known = option.id in CODES["gbvims.service_type"] | UNCODED
        if text is not None and not known:
            advice = (
                f"an alert cannot say the need `{option.id}`; use a value of gbvims.service_type"
            )
            yield at_text(text, "ALERT001", advice)
    for name, source in subject.phrases.items():
        if name.startswith("responder/alert") and name.endswith("/text"):
            yield from _only(name, source, _ALERT, "ALERT001")


def knock001(subject: Subject) -> Findings:
    """Trap 9: a knock is a code name and a fixed text. When and how often is the backend's."""
    for name, source in subject.phrases.items():
        if "knock" in name.split("/")[1] and name.endswith("/text"):
            yield from _only(name, source, _KNOCK, "KNOCK001")
            word = telling(source, "en")
            if word:
                yield _in_phrases("KNOCK001", f"`{name}` says `{word}`; a knock tells nothing")


def phrases001(subject: Subject) -> Findings:
    """Traps 2 and 15 in the engine's phrases: the greeting tells nothing, distress can go on."""
    greeting = subject.phrases.get("engine/greeting/text", "")
    word = telling(greeting, "en")
    if word:
        yield _in_phrases("PREV001", f"the greeting says `{word}`; it tells nothing of the topic")
    offers = {n.rpartition("/")[2] for n in subject.phrases if n.startswith("engine/distress/opt")}
    if offers and "go_on" not in offers:
        yield _in_phrases("DIST001", "after words of distress she can also go on: add `go_on`")


def _only(name: str, source: str, allowed: frozenset[str], code: str) -> Findings:
    for extra in [one for one in names_in(source) if one not in allowed]:
        yield _in_phrases(
            code, f"`{name}` shows {{{extra}}}; it may hold {', '.join(sorted(allowed))}"
        )


def _in_phrases(code: str, advice: str) -> Finding:
    return Finding(PHRASES, 1, code, advice, CATALOGUE[code].severity)


RULES: Final[tuple[Check, ...]] = (word001, alert001, knock001, phrases001)
