"""What she pressed, in words: a messenger with buttons shows it where the buttons were."""

from typing import TYPE_CHECKING, Final

from conversation.asking import OVERLAYS, draw
from conversation.choices import choices
from conversation.events import Chose
from conversation.replies import Option, Reply
from conversation.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversation.choices import Label
    from conversation.events import Event
    from conversation.state import State

_OPEN: Final = frozenset({"asking", "paused", *OVERLAYS})
_DONE: Final = "!done"
_PRESSED: Final = "-"
"""Token of a button that only shows what was pressed: it belongs to no question."""


def pressed(turn: Turn, before: "State", event: "Event") -> Reply | None:
    """The options of a press that closed its question; None while its buttons still count.

    Done, at a list of ticks, stands for all that are ticked.
    """
    if not isinstance(event, Chose) or before.mode not in _OPEN or turn.ask == before.ask:
        return None
    ask, _, option = event.token.partition(":")
    if not before.ask or ask != before.ask or _asked_for_safety_first(turn, before):
        return None
    then = Turn(turn.interview, before, turn.context)
    if option == _DONE and then.picks:
        ticked = [label for one, label in choices(then, then.step) if one in then.picks]
        return _of(ticked)
    draw(then)
    shown = then.replies[-1]
    found = [one.label for one in (*shown.options, *shown.footer) if one.token == event.token]
    # Below an acknowledgement stand keys that the question itself does not have.
    return _of(found, picker=shown.picker) if found else None


def _of(labels: "Iterable[Label]", *, picker: bool = False) -> Reply:
    return Reply((), tuple(Option(_PRESSED, label) for label in labels), picker=picker)


def _asked_for_safety_first(turn: Turn, before: "State") -> bool:
    """She came back after a while: her press may not have been carried out."""
    return turn.route == "resume" and before.route != "resume"
