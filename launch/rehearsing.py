"""A conversation nobody has: the real engine and the real rendering over an invented town.

What the backend would do with the effects is played in memory: a request counts as received, a sign
and a return code are known again. Nothing is stored, sent or logged.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from conversation import (
    CaseStatus,
    Context,
    Directory,
    Event,
    Said,
    State,
    advance,
    begin,
    dump_state,
    load_state,
    normalise,
)
from conversation import effects as fx
from i18n import CAPABILITIES, Bubble, languages, render
from launch.demo_town import OPERATOR, TOWN
from launch.documents import Document

START: Final = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one event led to."""

    bubbles: tuple[Bubble, ...]
    effects: tuple[fx.Effect, ...]


@dataclass(slots=True)
class Rehearsal:
    """One person and one messenger. The state is written as JSON and read back at every turn."""

    document: Document
    locale: str = "en"
    channel: str = "signal"
    directory: Directory = TOWN
    now: datetime = START
    count: int = 0
    status: CaseStatus = field(default_factory=CaseStatus)
    sign: str = ""
    code: str = ""
    state: State = field(default_factory=lambda: State("", ""))

    def __post_init__(self) -> None:
        self.state = begin(self.document.interview, "rehearsal")

    def take(self, event: Event) -> Answered:
        """One event, and what is said to it as the messenger shows it."""
        context = self._context(event)
        before = load_state(dump_state(self.state))
        step = advance(self.document.interview, before, event, context)
        self.state = step.state
        self.count += 1
        for effect in step.effects:
            self._carry_out(effect)
        bubbles = [
            bubble
            for reply in step.replies
            for bubble in render(
                reply,
                self.state.locale or self.locale,
                CAPABILITIES[self.channel],
                self.document.catalogues,
                now=self.now,
            )
        ]
        return Answered(tuple(bubbles), step.effects)

    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.now += timedelta(minutes=minutes)

    def state_json(self) -> str:
        """The state, for reading."""
        return msgspec.json.format(dump_state(self.state), indent=2).decode()

    def _context(self, event: Event) -> Context:
        word = normalise(event.text) if isinstance(event, Said) else ""
        digits = "".join(c for c in word if c.isdecimal())
        is_code = len(digits) == 16 and not word.strip("0123456789 ")
        offered = tuple(row.id for row in languages().rows() if row.offered)
        return Context(
            now=self.now,
            nonce=self.count.to_bytes(32, "big"),
            channel=self.channel,
            buttons=CAPABILITIES[self.channel].buttons,
            locale_hint=self.locale,
            locales=offered if self.locale in offered else (*offered, self.locale),
            directory=self.directory,
            operator=OPERATOR,
            status=self.status,
            code_matches=digits == self.code if is_code else None,
            sign_matches=word == self.sign if self.sign else None,
        )

    def _carry_out(self, effect: fx.Effect) -> None:
        match effect:
            case fx.AskHelp():
                self.status = CaseStatus("received")
            case fx.Sign(sign=sign):
                self.sign = sign
            case fx.ReturnCode(code=code):
                self.code = code
            case fx.Erase() | fx.Forget():
                self.status, self.sign, self.code = CaseStatus(), "", ""


def shown(effect: fx.Effect) -> dict[str, Any]:
    """An effect as plain data, her own words left out."""
    data: dict[str, Any] = msgspec.to_builtins(effect)
    if data.get("text") is not None:
        data["text"] = "(own words)"
    return data
