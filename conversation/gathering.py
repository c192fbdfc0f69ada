"""An open question gathers words, files and voice in several messages, until she is done.

Each message is an item of its own and is acknowledged by its number alone; nothing is said again.
"""

from typing import TYPE_CHECKING, Final

from conversation import effects as fx
from conversation import facts
from conversation.asking import GATHERS, OVERLAYS, draw, gathered_keys
from conversation.places import nearest
from conversation.replies import Count, Reply
from conversation.wording import fitting, phrase

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.events import Sent
    from conversation.replies import Part
    from conversation.state import Value
    from conversation.turn import Turn

FILES: Final = frozenset({"photo", "video", "voice", "document"})
_REFUSED: Final = {"too_large": "too_large", "unreadable": "file_lost", "gone": "file_lost"}


def held(turn: "Turn", step: "Step") -> list[int]:
    """Numbers of the items gathered so far."""
    return list(_value(turn, step)["items"])


def _value(turn: "Turn", step: "Step") -> dict[str, list[int]]:
    value = turn.answers.get(step.id)
    if not isinstance(value, dict) or "items" not in value:
        return {"items": [], "files": []}
    return {"items": list(value["items"]), "files": list(value.get("files", ()))}


def add_words(turn: "Turn", step: "Step", text: str) -> None:
    """One message of her own words."""
    number = _next(turn, step, file=False)
    turn.effects.append(
        fx.Record(step.id, step.compartment, step.code, None, text, number, fitting(turn, step).id)
    )


def _next(turn: "Turn", step: "Step", *, file: bool) -> int:
    turn.items += 1
    value = _value(turn, step)
    value["items"].append(turn.items)
    if file:
        value["files"].append(turn.items)
    turn.answers[step.id] = value
    return turn.items


def acknowledge(turn: "Turn", step: "Step") -> None:
    """Say how much there is, and how to go on; under what lies over the question, only that."""
    turn.misses = 0
    count = len(held(turn, step))
    if turn.mode in OVERLAYS:
        turn.notes.append(phrase("gathered_aside", count=Count(count)))
        draw(turn)
        return
    part = phrase("gathered", count=Count(count)) if count else phrase("gathered_nothing")
    turn.replies.append(Reply((*turn.notes, part), (), gathered_keys(turn, step), voice=turn.voice))
    turn.notes = []


def remove_last(turn: "Turn") -> None:
    """Take back the last of what she sent to this question."""
    step = turn.step
    items = held(turn, step) if step.kind in GATHERS else []
    if not items:
        draw(turn)
        return
    value = _value(turn, step)
    number = value["items"].pop()
    if number in value["files"]:
        value["files"].remove(number)
        turn.effects.append(fx.Detach(step.id, number))
    else:
        turn.effects.append(fx.Discard(step.id, number))
    if value["items"]:
        turn.answers[step.id] = value
    else:
        turn.answers.pop(step.id)
    turn.notes.append(phrase("removed"))
    acknowledge(turn, step)


def answers_here(step: "Step", event: "Sent") -> bool:
    """This question takes such a thing as its answer."""
    if event.spot is not None:
        return step.source == "areas"
    return step.own_words and event.media == "voice" and bool(event.file)


def refuse(turn: "Turn", event: "Sent", key: str) -> None:
    """Not here: nothing of it stays, and the question is asked again."""
    if event.file:
        turn.effects.append(fx.DropFile(event.file))
    turn.refused = key
    turn.notes.append(refusal(turn, key))
    draw(turn)


def refusal(turn: "Turn", key: str) -> "Part":
    """Why a file was not taken."""
    return phrase(key, size=Count(turn.context.max_file_mb))


def take_file(turn: "Turn", step: "Step", event: "Sent") -> bool:
    """Keep what she sent, if it fits here; True when it answers a question that does not gather."""
    gathers = step.kind in GATHERS
    voice_fits = step.own_words and event.media == "voice"
    if event.media not in FILES or not (gathers or voice_fits):
        refuse(turn, event, "not_accepted")
    elif event.media != "voice" and facts.child(turn) != "no":
        refuse(turn, event, "young_no_files")
    elif not event.file:
        refuse(turn, event, _REFUSED.get(event.refused, "not_accepted"))
    elif gathers:
        _attach(turn, step, event, _next(turn, step, file=True))
        if event.text.strip():
            add_words(turn, step, event.text)
        acknowledge(turn, step)
    else:
        before = turn.answers.get(step.id)
        turn.items += 1
        turn.answers[step.id] = {"item": turn.items, "file": True}
        if isinstance(before, dict) and isinstance(before.get("item"), int):
            kind = fx.Detach if before.get("file") else fx.Discard
            turn.effects.append(kind(step.id, before["item"]))
        elif before is not None:
            turn.effects.append(fx.Discard(step.id))
        _attach(turn, step, event, turn.items)
        return True
    return False


def _attach(turn: "Turn", step: "Step", event: "Sent", number: int) -> None:
    turn.effects.append(
        fx.Attach(
            step.id, step.compartment, event.file, event.media, number, fitting(turn, step).id
        )
    )


def take_spot(turn: "Turn", step: "Step", event: "Sent") -> "Value":
    """A position: the area it lies in; at an open question, her own words; else nothing of it."""
    if event.spot is None:
        return None
    if step.kind in GATHERS:
        if event.text:
            add_words(turn, step, event.text)
        add_words(turn, step, f"{event.spot[0]:.5f}, {event.spot[1]:.5f}")
        acknowledge(turn, step)
        return None
    if step.source == "areas":
        area = nearest(event.spot, turn.context.directory.areas)
        if area is not None:
            return str(area.id)
    turn.notes.append(phrase("spot_not_kept"))
    draw(turn)
    return None
