"""Everything that exploring an interview tells: what is reached, how long, and by which answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conversation import facts
from conversation.paths.answers import SKIP, Answers, uses_of
from conversation.paths.contexts import contexts_for
from conversation.paths.counting import Stat, always_before, count
from conversation.paths.walking import Bubble, Graph, walk
from conversation.state import State
from conversation.turn import Turn

if TYPE_CHECKING:
    from conversation.context import Context
    from conversation.document import Interview


@dataclass(frozen=True)
class Paths:
    """What :func:`explore` found. Corrections and commands are no ways of their own."""

    interview: "Interview"
    graphs: Mapping[str, Graph]
    """Circumstance -> its graph; the first is the fullest."""
    by_context: Mapping[str, Mapping[str, Stat]]
    others: tuple[Graph, ...] = field(default=())
    """Ways of those who come back: they count for what is reached only."""

    @cached_property
    def stats(self) -> Mapping[str, Stat]:
        """Group -> its ways in every circumstance together."""
        found: dict[str, Stat] = {}
        for groups in self.by_context.values():
            for name, stat in groups.items():
                found.setdefault(name, Stat()).add(stat.questions, stat.bubbles)
        return found

    @property
    def cut(self) -> tuple[str, ...]:
        """Why something was left out; empty when every way was walked."""
        reasons = (
            f"{name}: {reason}" for name, graph in self.graphs.items() for reason in graph.cut
        )
        return tuple(sorted(reasons))

    @cached_property
    def reached(self) -> frozenset[str]:
        """Steps that are put before somebody."""
        found: set[str] = set()
        for graph in self._all():
            found |= graph.opening[0]
            found.update(*(edge.said for node in graph.nodes for edge in node.edges))
            found |= {node.state.at for node in graph.nodes}
        return frozenset(found)

    @cached_property
    def unreached(self) -> tuple[str, ...]:
        """Steps of the document that nobody ever sees."""
        return tuple(step for step in self.interview.steps if step not in self.reached)

    @cached_property
    def bubbles(self) -> frozenset[Bubble]:
        """Every bubble that is said, as message ids."""
        return frozenset().union(*(graph.bubbles for graph in self._all()))

    @cached_property
    def dead_ends(self) -> tuple[str, ...]:
        """Questions that no answer leaves, and answers that end without a word."""
        stuck = {n.state.at for g in self._all() for n in g.nodes if not n.edges and not g.cut}
        wordless = (graph.wordless for graph in self.graphs.values())
        return tuple(sorted(stuck.union(*wordless)))

    @cached_property
    def never_offered(self) -> Mapping[str, tuple[str, ...]]:
        """Step -> options that are never shown, of steps that are reached."""
        found: dict[str, tuple[str, ...]] = {}
        for step in self.interview.steps.values():
            asked = [g.offered[step.id] for g in self._all() if step.id in g.offered]
            left = [o.id for o in step.options if not any(o.id in row for row in asked)]
            if asked and left and step.kind != "review":
                found[step.id] = tuple(left)
        return found

    @property
    def opening(self) -> int:
        """Questions before a path is chosen, at least."""
        graph = next(iter(self.graphs.values()))
        chosen = [node.depth for node in graph.nodes if node.state.path]
        return min(chosen, default=0)

    @cached_property
    def asked_of(self) -> frozenset[tuple[str, str, str]]:
        """(step, path, child band or no) of every question that is asked."""
        return frozenset(
            (
                node.state.at,
                node.state.path,
                facts.child(Turn(self.interview, node.state, g.context)),
            )
            for g in self.graphs.values()
            for node in g.nodes
        )

    def before(self, step: str, paths: Iterable[str] = ()) -> frozenset[str] | None:
        """Steps that come before this question on every way, for these paths (none: for all).

        None when it is not asked there.
        """
        wanted = frozenset(paths)
        found = [
            seen
            for name, always in self._always.items()
            for place, seen in always.items()
            if self.graphs[name].nodes[place].state.at == step
            and (not wanted or self.graphs[name].nodes[place].state.path in wanted)
        ]
        return frozenset.intersection(*found) if found else None

    def witness(self, step: str) -> tuple[str, ...] | None:
        """A shortest list of answers after which this step is put before her; None: never.

        In the fullest circumstance in which she sees it at all.
        """
        rows = (_shortest(graph, step) for graph in self._all())
        return next((row for row in rows if row is not None), None)

    def skipping(self, path: str) -> frozenset[str] | None:
        """What she is shown who takes this path, then skips everything; None: no such path."""
        graph = next(iter(self.graphs.values()))
        places = [p for p, node in enumerate(graph.nodes) if node.state.path == path]
        if not places:
            return None
        first = min(places, key=lambda place: graph.nodes[place].depth)
        here: int | None = first
        seen = set(graph.arrival(first))
        while here is not None:
            seen.add(graph.nodes[here].state.at)
            edge = next((e for e in graph.nodes[here].edges if e.answer.name == SKIP), None)
            seen |= edge.said if edge is not None else frozenset()
            here = edge.to if edge is not None else None
        return frozenset(seen)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "interview": self.interview.id,
            "version": self.interview.version,
            "states": {name: len(graph.nodes) for name, graph in self.graphs.items()},
            "complete": not self.cut,
            "cut": list(self.cut),
            "groups": {name: stat.as_json() for name, stat in sorted(self.stats.items())},
            "contexts": {
                name: {group: stat.as_json() for group, stat in sorted(groups.items())}
                for name, groups in self.by_context.items()
            },
            "unreached": list(self.unreached),
            "dead_ends": list(self.dead_ends),
            "never_offered": {step: list(ids) for step, ids in self.never_offered.items()},
        }

    @cached_property
    def _always(self) -> Mapping[str, Mapping[int, frozenset[str]]]:
        return {name: always_before(graph) for name, graph in self.graphs.items()}

    def _all(self) -> tuple[Graph, ...]:
        return (*self.graphs.values(), *self.others)


def _shortest(graph: Graph, step: str) -> tuple[str, ...] | None:
    if step in graph.opening[0]:
        return ()
    for place, node in enumerate(graph.nodes):  # breadth first: the first is a shortest
        for edge in node.edges:
            if step in edge.said:
                return tuple(a.name for a in (*graph.answers_to(place), edge.answer))
    return None


def explore(interview: "Interview", contexts: "Mapping[str, Context] | None" = None) -> Paths:
    """Walk every way through an interview in the real engine.

    Answers that no condition, target or fact can tell apart are tried once; states with the same
    future are one. ``contexts``: circumstances by name; None: all that conditions can tell apart.
    """
    uses = uses_of(interview)
    chosen = contexts if contexts is not None else contexts_for(interview, uses)
    graphs = {
        name: walk(interview, context, Answers(interview, uses, set()))
        for name, context in chosen.items()
    }
    others = [
        walk(interview, context, Answers(interview, uses, set()), _resting(interview, told))
        for context in list(chosen.values())[:1]
        for told in (True, False)
    ]
    by_context = {name: count(interview, graph) for name, graph in graphs.items()}
    return Paths(interview, graphs, by_context, tuple(others))


def _resting(interview: "Interview", told: bool) -> State:
    """Somebody who comes back to a request, with or without having told what happened."""
    done = ("help", "submit1", *(("account", "submit2") if told else ()))
    kept = {"case": "yes", "path": "me", "contact": "any_time", "yes:services": "ask_help"}
    kept |= {"yes:account": "keep_account", "yes:evidence": "evidence_ok"} if told else {}
    return State(interview.id, "", mode="closed", parts=done, kept=kept)
