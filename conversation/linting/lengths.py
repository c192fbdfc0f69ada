"""Rules about length: what fits a small phone, a short breath, and the messengers."""

import re
from typing import TYPE_CHECKING, Final

from conversation.linting.subject import Check, Findings, Subject, at_step, at_text, at_top

if TYPE_CHECKING:
    from conversation.document import Text
    from conversation.paths.walking import Bubble

_SENTENCE: Final = re.compile(r"[.!?:;…。؟\n]+(?:\s+|$)")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_NAMED: Final = 24
"""Characters counted for a placeholder: a name or two."""
_QUESTIONS: Final = frozenset(
    {"choice", "many", "number", "date", "place", "text", "media", "sign", "contact", "code"}
)


def len001(subject: Subject) -> Findings:
    """A question is read in one glance. A consent is a message: it has more to say."""
    for step in subject.steps:
        for text in _prompts(subject, step.prompt):
            size = len(text.source)
            if step.kind in _QUESTIONS and size > subject.limits.ask:
                advice = (
                    f"{size} characters; a question has at most {subject.limits.ask}: shorten it"
                )
                yield at_text(text, "LEN001", advice)


def len002(subject: Subject) -> Findings:
    """A message, a consent and a longer text are read without scrolling far."""
    asked = {
        t.id for s in subject.steps if s.kind in _QUESTIONS for t in _prompts(subject, s.prompt)
    }
    for text in subject.interview.translatable:
        size = len(text.source)
        if text.id not in asked and "/options/" not in text.id and size > subject.limits.say:
            advice = f"{size} characters; a message has at most {subject.limits.say}: say less"
            yield at_text(text, "LEN002", advice)


def len003(subject: Subject) -> Findings:
    """A label stands on a button."""
    for text in subject.interview.translatable:
        size = len(text.source)
        if "/options/" in text.id and size > subject.limits.label:
            advice = f"{size} characters; a label has at most {subject.limits.label}: shorten it"
            yield at_text(text, "LEN003", advice)


def len004(subject: Subject) -> Findings:
    """Short sentences are understood under stress, and by people who read little."""
    for text in subject.interview.translatable:
        for sentence in _SENTENCE.split(text.source):
            words = len(sentence.split())
            if words > subject.limits.sentence:
                start = " ".join(sentence.split()[:4])
                advice = f"«{start} …» has {words} words; write two sentences"
                yield at_text(text, "LEN004", advice)


def len005(subject: Subject) -> Findings:
    """A long list has pages: its last options are seen by few."""
    for step in subject.steps:
        count = len(step.options)
        if count > subject.limits.page:
            over = count - subject.limits.page
            rest = "one is" if over == 1 else f"{over} are"
            advice = f"{count} options: the last {rest} on a second page"
            yield at_step(step, "LEN005", advice)


def len006(subject: Subject) -> Findings:
    """A bubble with everything in it fits what an old phone shows whole."""
    worst: dict[str, int] = {}
    for bubble in subject.paths.bubbles:
        size = len(bubble_text(subject, bubble).encode())
        last = bubble[0][-1] if bubble[0] else ""
        worst[last] = max(worst.get(last, 0), size)
    for message_id, size in sorted(worst.items()):
        if size > subject.limits.bubble:
            advice = (
                f"with what stands before it {size} bytes; over {subject.limits.bubble} it is split"
            )
            text = subject.texts.get(message_id)
            found = at_text(text, "LEN006", advice) if text else at_top(subject, "LEN006", advice)
            yield found


def bubble_text(subject: Subject, bubble: "Bubble") -> str:
    """A bubble about as it reads: paragraphs, then numbered options; names are dots."""
    parts, options = bubble
    said = [subject.words(one) for one in parts]
    lines = [f"{n}. {subject.words(one)}" for n, one in enumerate(options, 1) if one]
    whole = "\n\n".join(part for part in (*said, "\n".join(lines)) if part)
    return _PLACEHOLDER.sub("·" * _NAMED, whole)


def _prompts(subject: Subject, prompt: str) -> "list[Text]":
    """A step's text and what stands in its place `by` a fact."""
    prefix = prompt.rpartition("/")[0] + "/by/"
    return [t for t in subject.interview.translatable if t.id == prompt or t.id.startswith(prefix)]


RULES: Final[tuple[Check, ...]] = (len001, len002, len003, len004, len005, len006)
