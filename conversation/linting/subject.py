"""What a rule looks at: the document, its texts and every way through it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from conversation.findings import Finding, Severity
from conversation.linting.catalogue import RULES
from conversation.review import ACCOUNT

if TYPE_CHECKING:
    import re

    from conversation.document import Interview, Step, Text
    from conversation.paths import Paths


class Word(Protocol):
    """A word that survivors are never to read, as ``i18n.glossary`` gives it."""

    @property
    def avoid(self) -> str:
        """The word."""

    @property
    def prefer(self) -> str:
        """What to write in its place."""

    @property
    def level(self) -> str:
        """``error`` or ``warning``."""

    @property
    def pattern(self) -> "re.Pattern[str]":
        """Finds it."""


Glossary = Callable[[str], Iterable[Word]]
"""Language -> its words to avoid."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths that a person on a small phone can bear."""

    ask: int = 300
    say: int = 600
    label: int = 40
    sentence: int = 12
    """Words."""
    page: int = 7
    """Options."""
    bubble: int = 2000
    """Bytes: a Signal message above travels as a file."""
    preview: int = 40
    """Characters that a locked screen shows."""
    way: int = 39
    """Messages of the bot on the longest way without detours."""
    detours: int = 50
    """Messages of the bot on the longest way of all."""
    me: int = 30
    """The median of `me` without detours, after the opening, stays below."""
    short: int = 12
    """The median of the short version of `me`, after the opening."""


@dataclass(frozen=True)
class Subject:
    """One document under the linter."""

    interview: "Interview"
    paths: "Paths"
    limits: Limits
    glossary: Glossary | None
    phrases: Mapping[str, str]
    """Message id -> English text of what the engine itself says."""

    @cached_property
    def texts(self) -> "Mapping[str, Text]":
        """Message id -> text of the document."""
        return {text.id: text for text in self.interview.translatable}

    @cached_property
    def steps(self) -> "tuple[Step, ...]":
        """Every step once."""
        return tuple(self.interview.steps.values())

    @cached_property
    def account_steps(self) -> "tuple[Step, ...]":
        """What is asked of the account, the people who did it, and the evidence."""
        return tuple(step for step in self.steps if step.compartment in ACCOUNT)

    def words(self, message_id: str) -> str:
        """A text of the document or of the engine; empty when there is none."""
        text = self.texts.get(message_id)
        return text.source if text is not None else self.phrases.get(message_id, "")

    def texts_of(self, step: "Step") -> "Iterator[Text]":
        """Every text that is written at a step."""
        prefix = step.prompt.rpartition("/")[0] + "/"
        return (text for text in self.interview.translatable if text.id.startswith(prefix))

    def option_text(self, step: "Step", option: str) -> "Text | None":
        """The text of an option's label."""
        return next((self.texts.get(o.label.id) for o in step.options if o.id == option), None)


Findings = Iterator[Finding]
Check = Callable[[Subject], Findings]


def at_step(
    step: "Step", code: str, advice: str, *, line: int = 0, severity: Severity | None = None
) -> Finding:
    """A finding about a step; ``line``: where it is written, if not at the step's beginning."""
    return Finding(step.file, line or step.line, code, advice, severity or RULES[code].severity)


def at_text(text: "Text", code: str, advice: str, severity: Severity | None = None) -> Finding:
    """A finding about one text."""
    return Finding(text.file, text.line, code, advice, severity or RULES[code].severity)


def at_top(subject: Subject, code: str, advice: str) -> Finding:
    """A finding about the document as a whole: at its beginning."""
    own = (s.file for s in subject.steps if s.file and not s.file.startswith("shared/"))
    file = next(own, f"{subject.interview.id}.yaml")
    return Finding(file, 1, code, advice, RULES[code].severity)
