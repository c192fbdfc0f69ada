"""Every way through an interview, walked in the real engine: a graph of questions and answers."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation.engine import advance, begin
from conversation.events import Chose, Event, Said, Started
from conversation.paths.answers import Answer, Answers
from conversation.paths.projection import Projection
from conversation.state import State
from conversation.turn import Stepped

if TYPE_CHECKING:
    from conversation.context import Context
    from conversation.document import Interview
    from conversation.replies import Reply

MOST_STATES: Final = 60_000
"""States walked in one circumstance; of a document with more, the rest is left out, and said."""
_OWN_END: Final = frozenset({"engine/closed/text"})
"""What the engine says at an end for which the document has no words."""
_ENDED: Final = frozenset({"left", "closed", "new"})

Bubble = tuple[tuple[str, ...], tuple[str, ...]]
"""Message ids of its paragraphs, and of its options."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One answer: where it leads (None: the end), what was said, and how many bubbles that were."""

    answer: Answer
    to: int | None
    said: frozenset[str]
    bubbles: int


@dataclass(slots=True)
class Node:
    """One question that is open. ``first``: the edge by which it was first reached."""

    state: State
    depth: int
    first: tuple[int, Answer] | None
    edges: list[Edge] = field(default_factory=list)


@dataclass(slots=True)
class Graph:
    """All of one circumstance. Node 0 is the first question."""

    context: "Context"
    nodes: list[Node] = field(default_factory=list)
    opening: tuple[frozenset[str], int] = (frozenset(), 0)
    """What is said with the first question, and in how many bubbles."""
    bubbles: set[Bubble] = field(default_factory=set)
    offered: dict[str, set[str]] = field(default_factory=dict)
    """Step -> options that were shown."""
    wordless: set[str] = field(default_factory=set)
    """Steps at which an answer ended the conversation without a word."""
    cut: set[str] = field(default_factory=set)
    """Why the graph is not whole; empty when it is."""

    def answers_to(self, node: int) -> list[Answer]:
        """The shortest way to a question."""
        found: list[Answer] = []
        first = self.nodes[node].first
        while first is not None:
            found.append(first[1])
            first = self.nodes[first[0]].first
        return found[::-1]

    def arrival(self, node: int) -> frozenset[str]:
        """What is said together with a question when it is first reached."""
        first = self.nodes[node].first
        edges = self.nodes[first[0]].edges if first is not None else []
        return next((edge.said for edge in edges if edge.to == node), self.opening[0])


def walk(
    interview: "Interview", context: "Context", answers: Answers, start: State | None = None
) -> Graph:
    """Breadth first, so that the first way to each question is a shortest one."""
    return _Walker(interview, context, answers).walk(start or begin(interview, ""))


class _Walker:
    def __init__(self, interview: "Interview", context: "Context", answers: Answers) -> None:
        self.interview = interview
        self.context = context
        self.answers = answers
        self.projection = Projection(interview)
        self.graph = Graph(context)
        self.known: dict[tuple[object, ...], int] = {}
        self.step_of = _step_of(interview)
        self.submits = {s.submit: s.id for s in interview.steps.values() if s.kind == "submit"}

    def walk(self, start: State) -> Graph:
        opened = self._do(start, Started())
        self._note(opened)
        self.graph.opening = (self._said(start, opened), _count(opened))
        if opened.state.mode == "asking":
            self._node(opened.state, 0, None)
        waiting = deque([0] if self.graph.nodes else [])
        while waiting:
            place = waiting.popleft()
            before = len(self.graph.nodes)
            self._answer(place)
            waiting.extend(range(before, len(self.graph.nodes)))
        self.graph.cut |= {f"not every combination at `{step}`" for step in self.answers.cut}
        return self.graph

    def _do(self, state: State, event: Event) -> Stepped:
        return advance(self.interview, state, event, self.context)

    def _node(self, state: State, depth: int, first: tuple[int, Answer] | None) -> int | None:
        key = self.projection.key(state, self.context)
        if key in self.known:
            return self.known[key]
        if len(self.graph.nodes) >= MOST_STATES:
            self.graph.cut.add(f"more than {MOST_STATES} states")
            return None
        self.known[key] = len(self.graph.nodes)
        self.graph.nodes.append(Node(state, depth, first))
        return self.known[key]

    def _answer(self, place: int) -> None:
        node = self.graph.nodes[place]
        found = self.answers.at(node.state, self.context)
        shown = {option for answer in found for option in answer.options}
        self.graph.offered.setdefault(node.state.at, set()).update(shown)
        for answer in found:
            edge = self._edge(place, node, answer)
            if edge is not None:
                node.edges.append(edge)

    def _edge(self, place: int, node: Node, answer: Answer) -> Edge | None:
        state, heard, bubbles = node.state, frozenset[str](), 0
        stepped = None
        for kind, what in answer.moves:
            event: Event = Said(what) if kind == "say" else Chose(f"{state.ask}:{what}")
            stepped = self._do(state, event)
            self._note(stepped)
            heard |= self._said(state, stepped)
            bubbles += _count(stepped)
            state = stepped.state
        if stepped is None or not _moved(node.state, state):
            return None
        if state.mode in _ENDED:
            if {part.id for reply in stepped.replies for part in reply.parts} <= _OWN_END:
                self.graph.wordless.add(node.state.at)
            return Edge(answer, None, heard, bubbles)
        to = self._node(state, node.depth + 1, (place, answer))
        return Edge(answer, to, heard, bubbles) if to is not None else None

    def _said(self, before: State, stepped: Stepped) -> frozenset[str]:
        """Ids of the steps that one event put before her, silent ones included."""
        found = {
            self.step_of[part.id]
            for reply in stepped.replies
            for part in reply.parts
            if part.id in self.step_of
        }
        sent = {e.part for e in stepped.effects if isinstance(e, fx.Submit)}
        found |= {self.submits[part] for part in sent if part in self.submits}
        return frozenset(found | (stepped.state.answers.keys() - before.answers.keys()))

    def _note(self, stepped: Stepped) -> None:
        self.graph.bubbles.update(_bubble(reply) for reply in stepped.replies)


def _moved(before: State, after: State) -> bool:
    if after.mode in _ENDED:
        return True
    place = (before.route, before.at, before.resume)
    return after.mode == "asking" and (after.route, after.at, after.resume) != place


def _step_of(interview: "Interview") -> dict[str, str]:
    """Message id -> the step whose text it is, also where it stands `by` a fact."""
    found: dict[str, str] = {}
    for step in interview.steps.values():
        variants = (part.id for values in step.by.values() for part in values.values())
        for message in (step.prompt, *variants):
            found.setdefault(message, step.id)
    found.pop("", None)
    return found


def _bubble(reply: "Reply") -> Bubble:
    labels = tuple(getattr(option.label, "id", "") for option in reply.options)
    return tuple(part.id for part in reply.parts), labels


def _count(stepped: Stepped) -> int:
    return sum(not reply.redraw for reply in stepped.replies)
