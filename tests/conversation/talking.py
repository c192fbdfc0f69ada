"""A person who talks with the engine: what the tests of conversations are written with."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from conversation import (
    Area,
    CaseStatus,
    Chose,
    Context,
    Directory,
    Event,
    Interview,
    Lexicon,
    Member,
    Organisation,
    Reply,
    Said,
    Service,
    State,
    Team,
    advance,
    begin,
    dump_state,
    load_interview,
    load_state,
)
from conversation import effects as fx

HERE = Path(__file__).parent
KEYWORDS = {
    "help": "help",
    "aide": "help",
    "repeat": "repeat",
    "back": "back",
    "skip": "skip",
    "s": "skip",
    "pause": "pause",
    "language": "language",
    "status": "status",
    "human": "human",
    "erase": "erase",
    "leave": "leave",
    "exit": "leave",
    "more": "more",
    "done": "done",
    "menu": "menu",
}
START = datetime(2026, 11, 24, 12, tzinfo=UTC)

DIRECTORY = Directory(
    areas=tuple(Area(f"a{n}", {"en": name}) for n, name in enumerate(("North", "River", "Rim"), 1)),
    organisations=(Organisation("o1", "Lantern"), Organisation("o2", "Hands")),
    services=(
        Service("s1", "o2", "health_medical_service", (), "Clinic", "Open", children=True,
                offers=("hiv_pep", "sti")),
        Service("s2", "o1", "psychosocial_service", ("a1",), "Room", "Daily"),
        Service("s3", "o1", "safehouse_service", (), "SECRET HOUSE", "SECRET"),
    ),
    teams=(
        Team("t1", "o1", ("psychosocial_service", "child_protection_service", "safehouse_service"),
             (), ("en",), 1, (Member("m1", "female"),), True),
        Team("t2", "o2", ("health_medical_service", "psychosocial_service"), (), ("en", "fr"), 2,
             (Member("m2", "male"), Member("m3", "female")), True),
    ),
)  # fmt: skip


@cache
def rich() -> Interview:
    """The test's own interview."""
    return load_interview((HERE / "rich.yaml").read_bytes(), "rich.yaml", Lexicon.of(KEYWORDS))


@dataclass
class Person:
    """Writes to the engine; the state is written and read again at every message."""

    interview: Interview = field(default_factory=rich)
    directory: Directory = DIRECTORY
    channel: str = "telegram"
    now: datetime = START
    status: CaseStatus = field(default_factory=CaseStatus)
    code_matches: bool | None = None
    sign_matches: bool | None = None
    sent: bool = False
    code_kept: bool = False
    sign_of_earlier: bool = False
    state: State = field(default_factory=lambda: State("", ""))
    replies: tuple[Reply, ...] = ()
    effects: tuple[fx.Effect, ...] = ()
    everything: list[fx.Effect] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.state = begin(self.interview, "hash")

    def context(self) -> Context:
        """The present moment."""
        return Context(
            now=self.now,
            nonce=hashlib.sha256(str(self.count).encode()).digest(),
            channel=self.channel,
            buttons=self.channel != "signal",
            locale_hint="en",
            locales=("en", "fr"),
            directory=self.directory,
            operator="Operator",
            status=self.status,
            code_matches=self.code_matches,
            sign_matches=self.sign_matches,
            sent=self.sent,
            code_kept=self.code_kept,
            sign_of_earlier=self.sign_of_earlier,
        )

    def does(self, event: Event, *, minutes: float = 1) -> "Person":
        """One event, a moment later."""
        self.now += timedelta(minutes=minutes)
        self.count += 1
        before = dump_state(self.state)
        step = advance(self.interview, self.state, event, self.context())
        assert dump_state(self.state) == before, "the old state was changed"
        self.state = load_state(dump_state(step.state))
        assert self.state == step.state
        self.replies, self.effects = step.replies, step.effects
        self.everything += step.effects
        return self

    def says(self, *texts: str) -> "Person":
        """Texts, one after the other."""
        for text in texts:
            self.does(Said(text))
        return self

    def presses(self, *options: str) -> "Person":
        """Buttons of the latest reply, by the option's id."""
        for option in options:
            self.does(Chose(f"{self.state.ask}:{option}"))
        return self

    def ids(self) -> list[str]:
        """Message ids of everything said last."""
        return [part.id for reply in self.replies for part in reply.parts]

    def options(self) -> list[str]:
        """Option ids under the last reply."""
        return [option.token.partition(":")[2] for option in self.replies[-1].options]

    def footer(self) -> list[str]:
        """Footer commands under the last reply."""
        return [option.token.partition("!")[2] for option in self.replies[-1].footer]

    def found(self, kind: type[Any]) -> list[Any]:
        """Effects of this kind in the last step."""
        return [effect for effect in self.effects if isinstance(effect, kind)]


def at(person: Person, steps: Iterable[str]) -> Person:
    """Answer each step as it comes by its first sensible option, until one of ``steps`` is open."""
    wanted = set(steps)
    answers = {
        "language": "1", "safe_now": "1", "for_whom": "1", "age_band": "3", "urgent_now": "3",
        "area": "1", "when_last": "1", "needs": "2", "who_answers": "3", "ask_help": "1",
        "reply_here": "1", "sign": "rose", "return_code": "1", "more": "1", "keep_account": "1",
        "count": "12", "many_people": "1", "incident_date": "12/3/2026", "incident_place": "2",
        "who_group": "1", "account": "SENTINEL words", "stats_ok": "1", "review": "1",
    }  # fmt: skip
    if person.state.mode == "new":
        person.says("hello")
    while person.state.at not in wanted:
        assert person.state.mode == "asking", (person.state.at, person.state.mode)
        person.says(answers[person.state.at])
        if "remove" in person.footer():
            person.says("done")
    return person
