"""Own words and files live outside the state; here is how an answer lets go of them."""

from typing import TYPE_CHECKING

from conversation import effects as fx

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.turn import Turn


def drop_items(turn: "Turn", step: "Step", value: object) -> bool:
    """Discard every item of an answer in her own words; False when it has none."""
    if not isinstance(value, dict):
        return False
    items = value.get("items", [value["item"]] if "item" in value else [])
    files = value.get("files", items if value.get("file") else [])
    for number in items:
        kind = fx.Detach if number in files else fx.Discard
        turn.effects.append(kind(step.id, number))
    return bool(items)
