"""Drawing what she sees: the question, or what lies over it, as one reply."""

from typing import TYPE_CHECKING, Final

from conversation import review
from conversation.builtin import TRACKED
from conversation.choices import PAGE, Label, choices
from conversation.effects import ReturnCode
from conversation.ending import ERASE_DAYS, UNDONE
from conversation.replies import Count, Name, Option, Part, Ref, Reply
from conversation.telling import told, told_before
from conversation.wording import phrase, worded

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.turn import Turn

_FOOTER: Final = {
    key: Ref(f"engine/{key}/text")
    for key in ("more", "done", "previous_page", "next_page", "skip", "back", "exit", "remove")
} | {
    "menu": Ref("engine/menu_button/text"),
    "voice": Ref("engine/voice_button/text"),
    "pictures": Ref("engine/pictures_button/text"),
}
_MENU: Final = (
    [
        "help",
        "repeat",
        "back",
        "skip",
        "pause",
        "language",
        "voice",
        "pictures",
        "status",
        "human",
        "erase",
        "leave",
    ],
    "engine/menu/options/",
)
_ERASE: Final = (["yes", "no"], "engine/erase_confirm/options/")
_ERASE_SENT: Final = (["now", "later", "no"], "engine/erase_sent/options/")
_HUMAN: Final = (["human", "go_on", "stop"], "engine/unclear_third/options/")
_DISTRESS: Final = (["human", "near", "go_on"], "engine/distress/options/")
OVERLAYS: Final = {
    "menu": _MENU,
    "confirm_erase": _ERASE,
    "erase_sent": _ERASE_SENT,
    "human": _HUMAN,
    "distress": _DISTRESS,
}
"""What lies over the question: option ids, and the prefix of their labels."""
GATHERS: Final = frozenset({"text", "media"})
"""Kinds that stay open until Done."""
_SKIPPABLE: Final = frozenset(
    {"choice", "many", "number", "date", "place", "text", "media", "sign", "proof", "locale"}
)


def draw(turn: "Turn", *, redraw: bool = False) -> None:
    """Say what is noted, then the question or what lies over it."""
    if not turn.ask:
        turn.ask = turn.context.nonce[:8].hex()
    if turn.mode in OVERLAYS:
        _draw_overlay(turn)
    else:
        _draw_question(turn, redraw=redraw)
    turn.notes = []


def over(turn: "Turn") -> list[str]:
    """Options of what lies over the question; none where nothing does."""
    ids = OVERLAYS[turn.mode][0] if turn.mode in OVERLAYS else []
    # Only her code undoes it: without one, later is no other than now.
    return [one for one in ids if one != "later" or turn.context.code_kept]


def renew(turn: "Turn") -> None:
    """The next drawing is a new question: buttons of earlier ones are stale."""
    turn.ask = ""


def _draw_overlay(turn: "Turn") -> None:
    prefix = OVERLAYS[turn.mode][1]
    parts = list(turn.notes)
    if turn.mode == "menu":
        parts.append(phrase("menu"))
    elif turn.mode == "human":
        parts.append(phrase("unclear_third"))
    elif turn.mode == "distress":
        parts.append(phrase("distress"))
    elif turn.mode == "erase_sent":
        later = turn.context.code_kept
        days = Count(ERASE_DAYS)
        parts.append(phrase("erase_sent", days=days) if later else phrase("erase_sent_now"))
    else:
        parts.append(phrase("erase_confirm"))
        parts.append(Part(f"engine/erase_limits/options/{turn.context.channel}"))
    options = tuple(Option(f"{turn.ask}:{one}", Ref(prefix + one)) for one in over(turn))
    turn.replies.append(
        Reply(
            tuple(parts),
            options,
            _footer(turn, ("exit",)),
            voice=turn.voice,
            pictures=turn.pictures,
        )
    )


def _draw_question(turn: "Turn", *, redraw: bool) -> None:
    step = turn.step
    found = choices(turn, step)
    shown = found
    paged = len(found) > PAGE
    if paged:
        turn.page = min(turn.page, (len(found) - 1) // PAGE * PAGE)
        shown = found[turn.page : turn.page + PAGE]
    else:
        turn.page = 0
    parts = _parts(turn, step)
    if redraw:
        # Her tick or turned page replaces the bubble: what it told her must not go with it.
        before = [told(turn, one) for one in told_before(turn, step)]
        turn.notes = [part for paragraphs in reversed(before) for part in paragraphs] + turn.notes
    turn.replies.append(
        Reply(
            (*turn.notes, *parts),
            _options(turn, step, shown),
            _footer(turn, _keys(turn, step, len(found))),
            turn.page + 1,
            redraw,
            step.kind == "locale",
            voice=turn.voice,
            pictures=turn.pictures,
        )
    )


def _parts(turn: "Turn", step: "Step") -> list[Part]:
    if step.kind == "code" and turn.context.code_matches is not None:
        return []  # she wrote a number back: the one that she was shown still stands above
    parts = [worded(turn, step)]
    if step.kind == "many":
        parts.append(phrase("many_hint" if turn.context.buttons else "many_hint_numbers"))
    elif step.kind == "media":
        parts.append(phrase("media_limits", size=Count(turn.context.max_file_mb)))
    elif step.kind == "review":
        parts += review.lines(turn)
    if step.kind in GATHERS and (held := _held(turn, step)):
        parts.append(phrase("gathered", count=Count(held)))
    if step.kind == "code":
        # The code is kept nowhere: whenever the question is drawn, there is a new one.
        code = f"{int.from_bytes(turn.context.nonce[8:32], 'big') % 10**16:016d}"
        turn.effects.append(ReturnCode(code))
        groups = " ".join(code[i : i + 4] for i in range(0, 16, 4))
        parts.append(phrase("code_line", code=Name(groups)))
        if turn.context.code_kept:
            parts.append(phrase("code_earlier"))
    if step.kind == "returning" and turn.unmark(UNDONE):
        parts.insert(0, phrase("erase_undone"))
    return parts


def _options(turn: "Turn", step: "Step", shown: list[tuple[str, Label]]) -> tuple[Option, ...]:
    ask = turn.ask
    if step.kind == "many":
        picks = turn.picks
        return tuple(Option(f"{ask}:{one}", label, one in picks) for one, label in shown)
    return tuple(Option(f"{ask}:{one}", label) for one, label in shown)


def _keys(turn: "Turn", step: "Step", count: int) -> list[str]:
    keys = ["more"] if mores(turn, step) else []
    if step.kind == "locale":
        keys += ["voice", "pictures"] if turn.context.voices else ["pictures"]
    gathered = step.kind in GATHERS and _held(turn, step)
    if step.kind == "many" or gathered:
        keys.append("done")
    if gathered:
        keys.append("remove")
    if count > PAGE:
        if turn.page:
            keys.append("previous_page")
        if turn.page + PAGE < count:
            keys.append("next_page")
    if step.kind in _SKIPPABLE and not gathered:
        keys.append("skip")
    if can_go_back(turn):
        keys.append("back")
    keys += ("menu", "exit")
    return keys


def _footer(turn: "Turn", keys: "list[str] | tuple[str, ...]") -> tuple[Option, ...]:
    ask = turn.ask
    return tuple(Option(f"{ask}:!{key}", _FOOTER[key]) for key in keys)


def _held(turn: "Turn", step: "Step") -> int:
    """How many items an open question has gathered."""
    value = turn.answers.get(step.id)
    items = value.get("items") if isinstance(value, dict) else None
    return len(items) if isinstance(items, list) else 0


def gathered_keys(turn: "Turn", step: "Step") -> tuple[Option, ...]:
    """What stands below the acknowledgement of something that she sent."""
    if not turn.ask:
        turn.ask = turn.context.nonce[:8].hex()
    keys = ("done", "remove") if _held(turn, step) else ("skip",)
    return _footer(turn, (*keys, "menu", "exit"))


def entry(turn: "Turn", step_id: str) -> str:
    """A step's name in the trail."""
    return step_id if turn.route == "main" else f"{turn.route}:{step_id}"


def can_go_back(turn: "Turn") -> bool:
    """There is a question before this one, and no barrier between."""
    if turn.route not in TRACKED:
        return False
    here = entry(turn, turn.at)
    place = turn.trail.index(here) if here in turn.trail else len(turn.trail)
    return place > turn.barrier


def mores(turn: "Turn", step: "Step") -> list[Part]:
    """What "More" shows: the longer text of the question and of what was just said before it."""
    own = [step.more] if step.more is not None else []
    before = [one.more for one in told_before(turn, step) if one.more is not None]
    return before[::-1] + own
