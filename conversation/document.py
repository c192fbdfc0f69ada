"""An interview as the engine runs it: typed, frozen, every condition compiled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from conversation.formula import Formula
from conversation.lexicon import Lexicon
from conversation.replies import Part, Ref

if TYPE_CHECKING:
    from conversation.turn import Turn

Kind = Literal[
    "say",
    "choice",
    "many",
    "number",
    "date",
    "place",
    "text",
    "media",
    "sign",
    "contact",
    "code",
    "consent",
    "review",
    "signpost",
    "submit",
    "locale",
    "proof",
    "returning",
    "change",
    "consents",
]
"""The last five are the engine's own: language picker, "show your sign", the menu of those who come
back, which answer to change, which yes to take back."""

SILENT = frozenset({"say", "signpost", "submit"})
"""Kinds that ask nothing."""

Condition = Callable[["Turn"], bool]


@dataclass(frozen=True, slots=True)
class Text:
    """One translatable text. ``id`` is the msgctxt."""

    id: str
    source: str
    note: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a step."""

    id: str
    label: Ref
    when: Condition | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    when_source: Formula | None = None
    """Its condition as written, for the tools of authors."""


@dataclass(frozen=True, slots=True)
class Then:
    """What an answer leads to. ``target``: a step id, or the path to become."""

    verb: Literal["goto", "leave_safely", "urgent", "become", "close", "rest", "outside"]
    target: str = ""
    end: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Which fields mean something depends on ``kind``."""

    id: str
    kind: Kind
    prompt: str
    """Message id of its text; empty for a submit."""
    part: Part = field(default_factory=lambda: Part(""))
    placeholders: tuple[str, ...] = ()
    more: Part | None = None
    hint: Part | None = None
    example: Part | None = None
    options: tuple[Choice, ...] = ()
    plain: bool = True
    """Every option is always shown."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What may be typed for an option: its id and its label in the source language."""
    then: Mapping[str, Then] = field(default_factory=dict)
    when: Condition | None = None
    when_source: Formula | None = None
    """Its condition as written, with that of the `include` it came with."""
    compartment: str = ""
    code: str = ""
    exclusive: frozenset[str] = frozenset()
    low: int | None = None
    high: int | None = None
    own_words: bool = False
    source: str = ""
    """areas, organisations or locales: where its options come from."""
    purpose: str = ""
    signpost: str = ""
    lines: Mapping[str, Part] = field(default_factory=dict)
    by: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)
    submit: int = 0
    file: str = ""
    """The document it is written in: the interview, or a shared block."""
    line: int = 0

    @property
    def silent(self) -> bool:
        """It says something and waits for nothing."""
        return self.kind in SILENT


@dataclass(frozen=True, slots=True)
class Route:
    """Steps in the order in which they are asked."""

    steps: tuple[Step, ...]
    index: Mapping[str, int]
    """Step id -> its first place."""

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Route":
        """Number the steps."""
        row = tuple(steps)
        index: dict[str, int] = {}
        for place, step in enumerate(row):
            index.setdefault(step.id, place)
        return cls(row, index)


@dataclass(frozen=True, slots=True)
class Interview:
    """A loaded document. ``routes`` holds ``main``, its blocks, and the engine's own routes."""

    id: str
    version: int
    source: str
    title: str
    expire_after: int
    """Hours of silence after which an unfinished interview ends."""
    steps: Mapping[str, Step]
    """Every step of the document by id."""
    routes: Mapping[str, Route]
    lexicon: Lexicon
    shared: tuple[str, ...] = ()
    """Names of the shared blocks it includes."""
    translatable: tuple[Text, ...] = ()


def texts(interview: Interview) -> Iterable[Text]:
    """Every translatable text of the document, in its order."""
    return interview.translatable
