"""The state of one conversation: small, immutable, JSON, with a schema version.

It keeps the values of closed answers, which conditions need. What a person wrote in her own words
stays outside, as a reference ``{"item": n}`` to a sealed item.
"""

from typing import Any, Final, Literal

import msgspec

SCHEMA: Final = 1

Value = str | int | list[str] | dict[str, Any] | bool | None
"""choice: option id · many: option ids · number: int · place: area id or {"item": n} ·
text, media: {"items": [n, …], "files": [those of them that are files]} ·
date: {"precision": "day|month|year|season|unsure", "year": …, "month": …, "day": …,
"season": …, "until": … (the second year of a winter), "part": "beginning|middle|end" (of it),
"approximate": True (else missing)} or {"item": n} · consent: option id ·
code, sign, language, said: True · None: skipped."""

Mode = Literal[
    "new",  # nobody has spoken yet
    "asking",  # `at` is the question she sees
    "menu",  # the numbered menu of `0` lies over the question
    "confirm_erase",  # "Erase everything?" lies over the question
    "erase_sent",  # "It was sent. Now, or in some days?": asked after that, where a case lives
    "human",  # the offer of a human lies over the question (third unclear answer)
    "distress",  # the offer of a human lies over the question (words that tell of distress)
    "paused",
    "left",  # quick exit: the next message gets only the greeting
    "closed",  # the interview ended; the next message is a return
]


class State(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything :func:`conversation.advance` remembers between two messages."""

    interview: str
    content: str
    """Hash of the interview document and its catalogues, as archived."""
    schema: int = SCHEMA
    locale: str = ""
    """Empty until she chose one; the channel's hint serves meanwhile."""
    mode: Mode = "new"
    at: str = ""
    """Id of the step whose question is open."""
    route: str = "main"
    """"main", the name of the block that runs (`urgent`), or a route of the engine's own."""
    resume: str = ""
    """Where to go on after this route, innermost first, as "main:area|…" (see ``moving``);
    empty: the interview ends after it."""
    path: str = ""
    """me, helping, saw, info; empty before it is chosen."""
    answers: dict[str, Value] = {}
    trail: tuple[str, ...] = ()
    """Ids of the steps asked so far, in order; `back` walks it."""
    barrier: int = 0
    """`back` may not go before this index of the trail (last Consent, Urgent or Submit)."""
    items: int = 0
    """How many own-word items were recorded; the next one gets this number."""
    misses: int = 0
    """Unclear answers to the present question."""
    ask: str = ""
    """Nonce of the question on the screen; button tokens carry it."""
    page: int = 0
    """First option shown, for long lists."""
    picks: tuple[str, ...] = ()
    """Ticked options of a `many` that is not finished."""
    parts: tuple[str, ...] = ()
    """What happened already: urgent, help, account, keep, drop, submit1, submit2, topic,
    settled:…, quiet:… (a person was offered), offer (one is still to be offered), skipped:… (she
    was told what a skip would do), unproved (her sign was asked and not shown yet), refused:… (a
    file that was not taken while she was away is still to be told)."""
    seen: str = ""
    """UTC time of her last message, ISO 8601, minutes."""
    returning: bool = False
    kept: dict[str, str] = {}
    """What outlives the reduction after submission: child, path, case, phone, `yes:<purpose>`
    for each consent that stands (its step), and signs (how many were wrong, since when)."""
    voice: bool = False
    """She asked to hear the questions."""
    pictures: bool = False
    """She asked for pictures beside the options."""
    stale: bool = False
    """The edition changed under the open question: it is shown again before an answer counts."""
    run: str = ""
    """Names this telling apart from others that went into the same case; the first has none."""


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(State)


class StateError(Exception):
    """A stored state that this version cannot read. ``code``: `damaged` or `newer`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def dump_state(state: State) -> bytes:
    """The state as compact JSON bytes."""
    return _encoder.encode(state)


def load_state(raw: bytes) -> State:
    """Read :func:`dump_state`'s bytes; raises :class:`StateError`."""
    try:
        state = _decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise StateError("damaged") from error
    if state.schema > SCHEMA:
        raise StateError("newer")
    return state
