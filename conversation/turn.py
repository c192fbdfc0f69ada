"""One call of ``advance`` at work: a private, mutable copy of the state, and what it produced.

Nothing outside sees it; the state that went in is never changed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversation.state import Mode, State, Value

if TYPE_CHECKING:
    from conversation.context import Context
    from conversation.directory import Match, Wish
    from conversation.document import Interview, Route, Step
    from conversation.effects import Effect
    from conversation.replies import Part, Reply


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one event led to: the new state, what to say, what to carry out."""

    state: State
    replies: "tuple[Reply, ...]"
    effects: "tuple[Effect, ...]"
    pressed: "Reply | None" = None
    """The options that she pressed, when the question with those buttons is closed by it."""


class Turn:
    """The working copy. Its fields are those of :class:`State`; lists replace tuples."""

    __slots__ = (
        "answers",
        "ask",
        "at",
        "barrier",
        "content",
        "context",
        "effects",
        "interview",
        "items",
        "kept",
        "locale",
        "matched",
        "misses",
        "mode",
        "notes",
        "page",
        "parts",
        "path",
        "picks",
        "pictures",
        "pressed",
        "refused",
        "replies",
        "resume",
        "returning",
        "route",
        "run",
        "seen",
        "stale",
        "trail",
        "voice",
    )

    def __init__(self, interview: "Interview", state: State, context: "Context") -> None:
        self.interview = interview
        self.context = context
        self.content = state.content
        self.locale = state.locale
        self.mode: Mode = state.mode
        self.at = state.at
        self.route = state.route
        self.resume = state.resume
        self.path = state.path
        self.answers: dict[str, Value] = dict(state.answers)
        self.trail = state.trail
        self.barrier = state.barrier
        self.items = state.items
        self.misses = state.misses
        self.ask = state.ask
        self.page = state.page
        self.picks = state.picks
        self.parts = state.parts
        self.seen = state.seen
        self.returning = state.returning
        self.kept = state.kept
        self.voice = state.voice
        self.pictures = state.pictures
        self.stale = state.stale
        self.run = state.run
        self.notes: list[Part] = []
        """Said before the next question."""
        self.replies: list[Reply] = []
        self.effects: list[Effect] = []
        self.pressed: Reply | None = None
        self.refused = ""
        """Key of the phrase that says why her file was not taken."""
        self.matched: tuple[Wish, Match] | None = None

    def freeze(self) -> Stepped:
        """The outcome, immutable again."""
        state = State(
            self.interview.id,
            self.content,
            1,
            self.locale,
            self.mode,
            self.at,
            self.route,
            self.resume,
            self.path,
            self.answers,
            self.trail,
            self.barrier,
            self.items,
            self.misses,
            self.ask,
            self.page,
            self.picks,
            self.parts,
            self.seen,
            self.returning,
            self.kept,
            self.voice,
            self.pictures,
            self.stale,
            self.run,
        )
        return Stepped(state, tuple(self.replies), tuple(self.effects), self.pressed)

    @property
    def steps(self) -> "Route":
        """The route that runs."""
        return self.interview.routes[self.route]

    @property
    def step(self) -> "Step":
        """The step whose question is open."""
        route = self.interview.routes[self.route]
        return route.steps[route.index[self.at]]

    @property
    def spoken(self) -> str:
        """The locale to speak."""
        return self.locale or self.context.locale_hint

    def mark(self, part: str) -> None:
        """Remember that ``part`` happened."""
        if part not in self.parts:
            self.parts = (*self.parts, part)

    def unmark(self, part: str) -> bool:
        """Forget that ``part`` happened; whether it had."""
        had = part in self.parts
        self.parts = tuple(one for one in self.parts if one != part)
        return had
