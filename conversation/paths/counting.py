"""Counting the ways through a graph of questions: how many, how long, what comes before what."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conversation.paths.projection import traits
from conversation.paths.walking import Edge, Graph
from conversation.turn import Turn

if TYPE_CHECKING:
    from conversation.document import Interview

PATHS: Final = ("me", "helping", "saw", "info")
DANGER: Final = "danger"
BEFORE: Final = "before a path"
STRAIGHT: Final = "me, straight"
"""`me` without detours: no urgent block, nobody left out, not by way of `info`."""
BOTH: Final = "me, both parts"
"""`me`, straight, that goes on at `more`."""
SHORT: Final = "me, short"
"""`me`, straight, that stops at `more`."""

Lengths = Counter[int]
"""Length -> number of ways."""


@dataclass(slots=True)
class Stat:
    """The ways of one group: how many, and how many questions and bubbles they have."""

    questions: Lengths = field(default_factory=Counter)
    bubbles: Lengths = field(default_factory=Counter)

    @property
    def ways(self) -> int:
        """How many ways there are; answers that make no difference count once."""
        return self.questions.total()

    def add(self, questions: Lengths, bubbles: Lengths) -> None:
        """More ways."""
        self.questions.update(questions)
        self.bubbles.update(bubbles)

    def as_json(self) -> dict[str, Any]:
        """For programs: counts, and for both lengths least, median, most and the histogram."""
        return {
            "ways": self.ways,
            "questions": _spread(self.questions),
            "bubbles": _spread(self.bubbles),
        }


def median(lengths: Lengths) -> int:
    """The middle one; the lower of two."""
    left = (lengths.total() + 1) // 2
    for length in sorted(lengths):
        left -= lengths[length]
        if left <= 0:
            return length
    return 0


def _spread(lengths: Lengths) -> dict[str, Any]:
    ordered = sorted(lengths)
    return {
        "least": ordered[0] if ordered else 0,
        "median": median(lengths),
        "most": ordered[-1] if ordered else 0,
        "histogram": {str(length): lengths[length] for length in ordered},
    }


def count(interview: "Interview", graph: Graph) -> dict[str, Stat]:
    """The ways of each group. Ways that go round in circles are left out, and named in `cut`."""
    found: dict[str, Stat] = {}
    questions: list[Lengths] = [Counter() for _ in graph.nodes]
    bubbles: list[Lengths] = [Counter() for _ in graph.nodes]
    if graph.nodes:
        questions[0][0] = 1
        bubbles[0][graph.opening[1]] = 1
    for place in in_order(graph):
        for edge in graph.nodes[place].edges:
            longer = _shifted(questions[place], 1)
            more_said = _shifted(bubbles[place], edge.bubbles)
            if edge.to is not None:
                questions[edge.to].update(longer)
                bubbles[edge.to].update(more_said)
                continue
            for group in groups_of(interview, graph, place, edge):
                found.setdefault(group, Stat()).add(longer, more_said)
    return found


def _shifted(lengths: Lengths, by: int) -> Lengths:
    return Counter({length + by: number for length, number in lengths.items()})


def in_order(graph: Graph) -> list[int]:
    """Each question after every question that leads to it."""
    waiting_for = Counter(e.to for node in graph.nodes for e in node.edges if e.to is not None)
    ready = deque([0] if graph.nodes else [])
    order: list[int] = []
    while ready:
        place = ready.popleft()
        order.append(place)
        for edge in graph.nodes[place].edges:
            if edge.to is not None:
                waiting_for[edge.to] -= 1
                if not waiting_for[edge.to]:
                    ready.append(edge.to)
    if len(order) < len(graph.nodes):
        left = sorted({graph.nodes[p].state.at for p in set(range(len(graph.nodes))) - {*order}})
        graph.cut.add(f"goes round in circles at {', '.join(left)}")
    return order


def groups_of(interview: "Interview", graph: Graph, place: int, edge: Edge) -> Iterator[str]:
    """The groups that a way belongs to which ends with this answer."""
    state, options = graph.nodes[place].state, edge.answer.options
    way = traits(Turn(interview, state, graph.context))
    if way.danger or (state.at == "safe_now" and "danger" in options):
        yield DANGER
        return
    if way.path not in PATHS:
        yield BEFORE
        return
    yield way.path
    if way.path in {"me", "helping"}:
        yield f"{way.path}, {'adult' if way.child == 'no' else 'child'}"
    if way.detours:
        return
    yield f"{way.path}, straight"
    went_on = way.more
    if state.at == "more":
        went_on = "yes" if "now" in options else "no"
    if went_on:
        yield f"{way.path}, {'both parts' if went_on == 'yes' else 'short'}"


def always_before(graph: Graph) -> Mapping[int, frozenset[str]]:
    """Question -> steps that were put before her on every way to it, itself included."""
    found: dict[int, frozenset[str]] = {0: graph.opening[0]} if graph.nodes else {}
    for place in in_order(graph):
        for edge in graph.nodes[place].edges:
            if edge.to is not None:
                seen = found[place] | edge.said
                found[edge.to] = found[edge.to] & seen if edge.to in found else seen
    return found
