"""What of a state can still matter: two states with the same projection have the same future.

Of the answers it keeps only what the steps that may still come can notice: that a step was asked
already and where its answer leads, and what remains open of each condition once everything known
is put in. So thousands of ways through the same questions are one state.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from conversation import facts
from conversation.loading import RESERVED
from conversation.paths.outlook import ALWAYS, NEVER, Known, Outlook, sources
from conversation.relevance import then_of
from conversation.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversation.context import Context
    from conversation.document import Interview, Step, Then
    from conversation.state import State

_FORMS: Final = ":>+"
_PASSING: Final = frozenset(
    {"answers", "trail", "barrier", "items", "misses", "ask", "page", "picks", "seen", "kept"}
    | {"interview", "content", "schema", "parts", "locale"}
)
"""Fields that no later question depends on, or of which only a part is kept below."""
_NOTES: Final = ("topic", "keep", "drop", "settled:")
"""Marks of what happened that open or close no question by themselves."""

Entry = tuple[object, ...]


class Projection:
    """Projects the states of one interview."""

    def __init__(self, interview: "Interview") -> None:
        self._interview = interview
        self._outlook = Outlook(interview)
        steps = interview.steps.values()
        self._exclusions = {s.id for s in steps if s.source == "organisations"}
        naming = {s.id for s in steps if s.purpose in facts.PURPOSES_THAT_NAME}
        self._naming = naming | self._exclusions

    def key(self, state: "State", context: "Context") -> tuple[object, ...]:
        """Hashable; equal for states with the same future and the same traits of their way."""
        turn = Turn(self._interview, state, context)
        return (
            *(getattr(state, name) for name in state.__struct_fields__ if name not in _PASSING),
            self._future(turn),
            tuple(sorted(p for p in state.parts if not p.startswith(_NOTES))),
            _pending(state),
            traits(turn),
            tuple(sorted(state.kept.items())) if state.returning else (),
        )

    def _future(self, turn: Turn) -> Entry:
        """Each step that may still come, with what is still open about it."""
        paths, ahead, known = self._prospect(turn)
        entries = [e for e in (self._entry(turn, step, known) for step in ahead) if e is not None]
        if turn.at in self._naming or self._somebody_named(entries):
            entries += self._left_out(turn)
        if len(paths) > 1:  # given answers may still go with the path
            entries += dict.fromkeys(
                now for step in ahead for s in sources(step) for now in self._outlook.now(turn, s)
            )
        return tuple(entries)

    def _prospect(self, turn: Turn) -> "tuple[frozenset[str], list[Step], Known]":
        """The paths she may still be on, the steps that may still come, and what is known."""
        paths = frozenset({turn.path})
        ahead = list(self._places(turn))
        while True:
            unanswered = {s.id for s in ahead if s.id not in turn.answers}
            known = self._outlook.known(turn, paths, unanswered)
            wider = paths | {
                then.target
                for step in ahead
                for then in _leads(turn, step)
                if then.verb == "become" and self._outlook.left(step.when_source, known) != NEVER
            }
            if wider == paths:
                return paths, ahead, known
            if len(paths) == 1:
                ahead = [*ahead, *self._interview.routes["main"].steps]
            paths = wider

    def _places(self, turn: Turn) -> "Iterator[Step]":
        routes = self._interview.routes
        found = [*self._after(turn.route, turn.at)]
        for place in filter(None, turn.resume.split("|")):
            form = next(sign for sign in _FORMS if sign in place)
            route, _, name = place.partition(form)
            found += self._after(route, name)
        yield from found
        blocks = {then.target for s in found for then in _leads(turn, s) if then.verb == "urgent"}
        for block in blocks - {turn.route}:
            yield from routes[block].steps

    def _after(self, route: str, name: str) -> "tuple[Step, ...]":
        row = self._interview.routes[route]
        return row.steps[row.index.get(name, 0) :]

    def _entry(self, turn: Turn, step: "Step", known: Known) -> Entry | None:
        """What is open about a step; None when nothing of it can come."""
        answered = step.id in turn.answers
        if answered and (step.silent or not step.then):
            return None
        # In the engine's own routes a step has another condition than the one that is written.
        own = turn.route in RESERVED and turn.route != "main"
        left = ALWAYS if own else self._outlook.left(step.when_source, known)
        if left == NEVER:
            return None
        if answered:
            then = then_of(turn, step)
            return (step.id, left, then) if then is not None else None
        if step.plain:
            return (step.id, left)
        options = (self._outlook.left(option.when_source, known) for option in step.options)
        return (step.id, left, *options)

    def _somebody_named(self, entries: list[Entry]) -> bool:
        asks = self._outlook.asks_helpers
        return any(entry[0] in self._naming or entry[1] in asks for entry in entries)

    def _left_out(self, turn: Turn) -> list[Entry]:
        """Who was left out decides who is there to be named."""
        found: list[Entry] = [
            (one, repr(turn.answers.get(one))) for one in sorted(self._exclusions)
        ]
        return [*found, ("named", facts.organisations(turn))]


def _leads(turn: Turn, step: "Step") -> "list[Then]":
    """Where its answer may still lead; what was answered in its own place leads nowhere again.

    `outside` is no other path here: it wipes what was answered, so what follows is always the same.
    """
    if not step.then:
        return []
    if step.id not in turn.answers:
        return list(step.then.values())
    then = then_of(turn, step)
    if then is None or then.verb == "outside":
        return []
    done = step.id in turn.trail if then.verb == "become" else "block" in turn.parts
    return [] if done else [then]


def _pending(state: "State") -> tuple[str, ...]:
    return tuple(
        name
        for name, value in state.answers.items()
        if value == "not_these" and f"settled:{name}" not in state.parts
    )


class Traits(NamedTuple):
    """What ways are grouped by; part of every projection, so that a state belongs to one group."""

    path: str
    child: str
    danger: bool
    more: str
    """Whether she went on after part 1: yes, no, or empty when it was not asked."""
    detours: frozenset[str]
    """urgent (the block ran), left out (an organisation), information (she came from `info`),
    handed over (somebody helped her to begin)."""


def traits(turn: Turn) -> Traits:
    """The traits of the way so far."""
    answers = turn.answers
    went_on = "" if "more" not in answers else "yes" if answers["more"] == "now" else "no"
    taken = {
        "urgent": "block" in turn.parts,
        "left out": any(part.startswith("settled:") for part in turn.parts),
        "information": turn.path != "info" and "info_next" in turn.trail,
        "handed over": turn.path == "me" and "can_write" in turn.trail,
    }
    return Traits(
        turn.path,
        facts.child(turn),
        answers.get("safe_now") == "danger",
        went_on,
        frozenset(name for name, done in taken.items() if done),
    )
