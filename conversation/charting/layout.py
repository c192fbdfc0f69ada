"""Where each box stands: steps from top to bottom, blocks beside them, arrows for jumps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from conversation.charting.plain_words import PlainWords, TextOf
from conversation.loading import RESERVED

if TYPE_CHECKING:
    from conversation.document import Interview, Step

BOX: Final = 560
LINE: Final = 17
PAD: Final = 12
GAP: Final = 18
COLUMNS: Final = 78
"""Characters in a line of a box."""
LANES: Final = 190
"""Room for arrows between the column and the blocks."""
_HEADING: Final = 26

_KINDS: Final[Mapping[str, str]] = {
    "say": "says",
    "choice": "asks: one answer",
    "many": "asks: several answers",
    "number": "asks: a number",
    "date": "asks: a date",
    "place": "asks: a place",
    "text": "asks: own words",
    "media": "asks: files",
    "sign": "asks: a sign of her own",
    "contact": "asks: may we write",
    "code": "shows a return code",
    "consent": "asks for consent",
    "review": "shows what was chosen",
    "signpost": "shows help near her",
    "submit": "sends",
    "locale": "asks: the language",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in a box. ``style``: label, when, text, option, lead, note."""

    text: str
    style: str


@dataclass(slots=True)
class Box:
    """One step as it is drawn."""

    step: "Step"
    lines: list[Line]
    x: int = 0
    y: int = 0

    @property
    def height(self) -> int:
        """In pixels."""
        return len(self.lines) * LINE + 2 * PAD


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a box to a later one; ``lane`` keeps arrows apart."""

    start: Box
    end: Box
    label: str
    lane: int


@dataclass(slots=True)
class Group:
    """A route: the main one or a block."""

    name: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    @property
    def bottom(self) -> int:
        """Where it ends."""
        return max((box.y + box.height for box in self.boxes), default=0)


@dataclass(slots=True)
class Plan:
    """Everything placed."""

    groups: list[Group]
    width: int
    height: int


def plan(interview: "Interview", text_of: TextOf, top: int) -> Plan:
    """Place the main route at the left and each block of the document at its right."""
    words = PlainWords(interview, text_of)
    own = [name for name in interview.routes if name == "main" or name not in RESERVED]
    groups: list[Group] = []
    x = 40
    for name in own:
        group = Group(name)
        y = top + _HEADING
        for step in interview.routes[name].steps:
            box = Box(step, list(_lines(step, words, text_of)), x, y)
            y += box.height + GAP
            group.boxes.append(box)
        group.arrows = _arrows(group, words)
        groups.append(group)
        x += BOX + LANES
    bottom = max(group.bottom for group in groups)
    return Plan(groups, x - LANES + 150, bottom + 60)


def _lines(step: "Step", words: PlainWords, text_of: TextOf) -> Iterator[Line]:
    yield Line(_label(step), "label")
    for part in wrap(words.condition(step.when_source), COLUMNS):
        yield Line(part, "when")
    text = text_of(step.prompt) if step.prompt else f"Part {step.submit} is complete and sent."
    for paragraph in text.split("\n"):
        for part in wrap(paragraph, COLUMNS) or [""]:
            yield Line(part, "text")
    variants = {value: p.id for values in step.by.values() for value, p in values.items()}
    yield from _notes(variants, text_of)
    yield from _option_lines(step, words, text_of)
    yield from _notes({name: part.id for name, part in step.lines.items()}, text_of)
    if step.more is not None:
        yield from _notes({"More": step.more.id}, text_of)


def _label(step: "Step") -> str:
    label = f"{step.id} · {_KINDS.get(step.kind, step.kind)}"
    if step.purpose:
        label += f" ({step.purpose})"
    return f"{label} · kept in: {step.compartment}" if step.compartment else label


def _notes(named: Mapping[str, str], text_of: TextOf) -> Iterator[Line]:
    """Texts that stand at a step under a name of their own."""
    for name, message in named.items():
        for line in wrap(f"{name}: {text_of(message)}", COLUMNS - 3):
            yield Line(f"   {line}", "note")


def _option_lines(step: "Step", words: PlainWords, text_of: TextOf) -> Iterator[Line]:
    for option in step.options:
        label = f"○ {text_of(option.label.id)}"
        when = words.condition(option.when_source)
        for line in wrap(label + (f"  ({when})" if when else ""), COLUMNS - 3):
            yield Line(f"   {line}", "option")
        if option.id in step.then:
            yield Line(f"        → {words.target(step.then[option.id])}", "lead")
    shown = {option.id for option in step.options}
    for answer, then in step.then.items():
        if answer not in shown:
            lead = f"   {words.answer(step, answer)} → {words.target(then)}"
            yield Line(lead, "lead")


def _arrows(group: Group, words: PlainWords) -> list[Arrow]:
    """One arrow from a step to each later one that its answers jump to."""
    found: list[Arrow] = []
    ends: list[int] = []
    for place, box in enumerate(group.boxes):
        targets: dict[str, list[str]] = {}
        for answer, then in box.step.then.items():
            if then.verb == "goto":
                targets.setdefault(then.target, []).append(words.answer(box.step, answer))
        for target, answers in targets.items():
            end = next((b for b in group.boxes[place + 1 :] if b.step.id == target), None)
            if end is None:
                continue
            lane = next((n for n, y in enumerate(ends) if y < box.y), len(ends))
            ends[lane:] = [end.y] if lane == len(ends) else [end.y, *ends[lane + 1 :]]
            found.append(Arrow(box, end, ", ".join(answers), lane))
    return found
