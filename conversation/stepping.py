"""Reading one step of a document, but for its conditions and targets, which need the whole."""

from dataclasses import dataclass, field
from typing import Final, cast

from conversation.document import Kind
from conversation.fields import Fields, names_in, step_id
from conversation.findings import Findings
from conversation.options import RawOption, read_exclusive, read_options
from conversation.yaml_source import Node

COMPARTMENTS: Final = ("brief", "account", "medical", "perpetrator", "evidence", "routing")
PURPOSES: Final = (
    "services",
    "urgent",
    "account",
    "evidence",
    "statistics",
    "justice",
    "contact",
)
_ASKED: Final = ("choice", "many", "number", "date", "place", "text", "media", "contact", "code")
_MARKS: Final = ("ask", "say", "consent", "signpost", "review", "submit", "use")
"""Exactly one of these says what a step is."""
_COMMON: Final = frozenset({"id", "note", "when", "text", "more", "hint", "example", "then", "by"})
_RECORDED: Final = frozenset({"compartment", "code"})
_KEYS: Final = {
    "choice": _COMMON | _RECORDED | {"ask", "options", "from"},
    "many": _COMMON | _RECORDED | {"ask", "options", "from", "exclusive"},
    "number": _COMMON | _RECORDED | {"ask", "range"},
    "date": _COMMON | _RECORDED | {"ask", "own_words"},
    "place": _COMMON | _RECORDED | {"ask", "from", "own_words"},
    "text": _COMMON | _RECORDED | {"ask", "sign"},
    "media": _COMMON | _RECORDED | {"ask"},
    "contact": _COMMON | _RECORDED | {"ask", "options"},
    "code": _COMMON | {"ask"},
    "say": frozenset({"id", "note", "when", "more", "say", "by"}),
    "consent": _COMMON | {"consent", "options"},
    "signpost": frozenset({"id", "note", "when", "more", "signpost", "text", "lines", "by"}),
    "review": _COMMON | {"review", "options"},
    "submit": frozenset({"id", "note", "when", "submit"}),
    "use": frozenset({"use", "note", "when"}),
}
_SOURCES: Final = {
    "choice": ("locales",),
    "many": ("organisations",),
    "place": ("areas",),
}
_CARE: Final = (
    "hiv_pep emergency_contraception sti hepatitis_b tetanus pregnancy_test forensic later ask"
)
_LINES: Final = {
    "care_windows": tuple(_CARE.split()),
    "services": ("none",),
    "urgent": ("none",),
}
_OPEN: Final = frozenset({"number", "date", "place", "text", "media", "contact"})
"""Kinds whose answers are always kept, and so always need a compartment."""


@dataclass(slots=True, eq=False)
class RawStep:
    """A step as written. ``kind`` is ``use`` for a step that stands elsewhere."""

    id: str
    kind: str
    scope: str
    fields: Fields
    options: list[RawOption] = field(default_factory=list)
    exclusive: frozenset[str] = frozenset()
    prompt: str = ""
    placeholders: tuple[str, ...] = ()
    own: dict[str, str] = field(default_factory=dict)
    """more, hint, example -> message id."""
    lines: dict[str, str] = field(default_factory=dict)
    by: dict[str, dict[str, str]] = field(default_factory=dict)
    low: int | None = None
    high: int | None = None
    also: Node | None = None
    """The condition of the `include` that brought it."""
    also_findings: Findings | None = None

    @property
    def when(self) -> Node | None:
        """Its condition, as written."""
        return self.fields.values.get("when")

    @property
    def step_kind(self) -> Kind:
        """The kind the engine runs."""
        if self.kind == "text" and self.fields.flag("sign"):
            return "sign"
        if self.fields.word("from") == "locales":
            return "locale"
        return cast("Kind", self.kind)


def read_step(fields: Fields, scope: str) -> RawStep | None:
    """One step; None when it is too broken to go on with."""
    if not fields.values:
        fields.findings.add(fields.node.line, "DOC003", "a step is a mapping: `- id: …`")
        return None
    marks = [mark for mark in _MARKS if mark in fields.values]
    if len(marks) != 1:
        advice = f"a step has exactly one of {', '.join(_MARKS)}"
        fields.findings.add(fields.node.line, "STEP003", advice)
        return None
    kind = fields.word("ask") if marks[0] == "ask" else marks[0]
    if kind not in _KEYS:
        advice = f"`{kind}` cannot be asked; use one of {', '.join(_ASKED)}"
        fields.add("ask", "DOC004", advice)
        return None
    fields.only(_KEYS[kind], f"a {kind} step")
    name = fields.word("use") if kind == "use" else fields.word("id")
    if not step_id(name):
        advice = "a step needs an id of lower-case letters, digits and _, up to 40, a letter first"
        fields.add("id", "STEP002", advice)
        return None
    raw = RawStep(name, kind, scope, fields)
    if kind != "use":
        _read_texts(raw)
        _read_kind(raw)
    return raw


def _read_texts(raw: RawStep) -> None:
    fields, prefix, note = raw.fields, f"{raw.scope}/{raw.id}", raw.fields.word("note")
    key = "say" if raw.kind == "say" else "text"
    if raw.kind != "submit":
        raw.prompt = f"{prefix}/text"
        raw.placeholders = names_in(fields.text(key, raw.prompt, note))
    raw.options = read_options(fields, prefix, raw.kind)
    raw.exclusive = read_exclusive(fields, [option.id for option in raw.options])
    for key in ("more", "hint", "example"):
        if key in fields.values:
            raw.own[key] = f"{prefix}/{key}"
            fields.text(key, raw.own[key], note)
    lines = fields.mapping("lines")
    if lines is not None:
        for name in lines.values:
            raw.lines[name] = f"{prefix}/lines/{name}"
            lines.text(name, raw.lines[name], note)
    by = fields.mapping("by")
    for fact in by.values if by is not None else ():
        below = by.mapping(fact) if by is not None else None
        for value in below.values if below is not None else ():
            message = f"{prefix}/by/{fact}/{value}"
            raw.by.setdefault(fact, {})[value] = message
            if below is not None:
                below.text(value, message, note)


def _read_kind(raw: RawStep) -> None:
    fields, kind = raw.fields, raw.kind
    source = fields.word("from")
    if source and source not in _SOURCES.get(kind, ()):
        fits = ", ".join(_SOURCES.get(kind, ())) or "nothing"
        fields.add("from", "OPT005", f"a {kind} takes its options from {fits}, not `{source}`")
    wants_options = kind in {"choice", "many", "contact", "consent", "review"}
    if wants_options and not source and len(raw.options) < (1 if kind == "many" else 2):
        fields.add("options", "OPT002", f"a {kind} needs options to choose from")
    if kind == "consent" and fields.word("consent") not in PURPOSES:
        fields.add("consent", "DOC004", f"a consent's purpose is one of {', '.join(PURPOSES)}")
    if kind == "signpost":
        _check_signpost(raw)
    if kind == "submit" and fields.number("submit") not in {1, 2}:
        fields.add("submit", "DOC004", "submit part 1 or part 2: `submit: 1`")
    if kind == "review" and not fields.flag("review"):
        fields.add("review", "DOC004", "write `review: true`")
    if kind == "number":
        _read_range(raw)
    _check_compartment(raw, source)


def _check_signpost(raw: RawStep) -> None:
    known = _LINES.get(raw.fields.word("signpost"))
    if known is None:
        advice = f"a signpost is one of {', '.join(_LINES)}"
        raw.fields.add("signpost", "DOC004", advice)
        return
    for extra in [name for name in raw.lines if name not in known]:
        advice = f"this signpost has no line `{extra}`; it has {', '.join(known)}"
        raw.fields.add("lines", "DOC001", advice)


def _read_range(raw: RawStep) -> None:
    limits = raw.fields.mapping("range")
    if limits is None:
        return
    limits.only({"min", "max"}, "a range")
    raw.low, raw.high = limits.number("min"), limits.number("max")
    if raw.low is not None and raw.low < 1:
        limits.add("min", "RANGE001", "a number begins at 1: 0 opens the menu and 00 leaves")
    if raw.low is not None and raw.high is not None and raw.low > raw.high:
        limits.add("max", "RANGE001", "`max` is below `min`; nothing could be answered")


def _check_compartment(raw: RawStep, source: str) -> None:
    fields = raw.fields
    place = fields.word("compartment")
    if place and place not in COMPARTMENTS:
        advice = f"there is no compartment `{place}`; use one of {', '.join(COMPARTMENTS)}"
        fields.add("compartment", "COMP002", advice)
    if place:
        return
    kept = raw.kind in _OPEN and not fields.flag("sign")
    coded = bool(fields.word("code")) or any(option.coded for option in raw.options)
    if kept or coded or source == "organisations":
        advice = f"this answer is kept: say where, `compartment: {' | '.join(COMPARTMENTS)}`"
        fields.findings.add(fields.node.line, "COMP001", advice)
