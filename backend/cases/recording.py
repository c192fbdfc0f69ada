"""Answers and consents as sealed items: draft key first, compartments once they exist."""

from typing import Any

import msgspec

from backend.ambient import iso
from backend.relais import Relais
from backend.vault import seal_item


class Publics(msgspec.Struct):
    """Public halves of a case's compartments: name -> (generation, 1,216 bytes)."""

    case_id: str
    keys: dict[str, tuple[int, bytes]]

    def place_for(self, wanted: str) -> str | None:
        """The compartment to use: the wanted one, or None while it does not exist."""
        return wanted if wanted in self.keys else None


class DraftItem(msgspec.Struct, frozen=True):
    """What waits in the draft: own words and consents given before a compartment exists."""

    compartment: str
    kind: str
    step: str
    content: dict[str, Any]


def item_slot(relais: Relais, owner: str, kind: str, step: str) -> bytes:
    """Blind name of "the answer to this step of this case (or conversation)"."""
    return relais.vault.keyring.index("slot", owner, kind, step)


def draft_row(relais: Relais, conversation_id: str, item: DraftItem) -> dict[str, Any]:
    """A row of ``draft_items``, sealed under today's draft key."""
    day = relais.world.day()
    slot = item_slot(relais, conversation_id, item.kind, item.step)
    return {
        "conversation_id": conversation_id,
        "slot": slot,
        "sealed": relais.vault.drafts.seal(
            day, msgspec.json.encode(item), "draft_items", conversation_id, slot.hex()
        ),
        "key": day,
    }


def open_draft(relais: Relais, row: Any) -> DraftItem:
    """The inverse of :func:`draft_row`; raises ``DraftKeyGone``."""
    raw = relais.vault.drafts.open(
        row.key, row.sealed, "draft_items", row.conversation_id, row.slot.hex()
    )
    return msgspec.json.decode(raw, type=DraftItem)


def item_row(relais: Relais, publics: Publics, item: DraftItem) -> dict[str, Any]:
    """A row of ``items``, sealed to the compartment; only its holders can read it."""
    generation, public = publics.keys[item.compartment]
    item_id = relais.world.new_id()
    return {
        "id": item_id,
        "case_id": publics.case_id,
        "compartment": item.compartment,
        "generation": generation,
        "kind": item.kind,
        "slot": item_slot(relais, publics.case_id, item.kind, item.step),
        "sealed": seal_item(
            msgspec.json.encode(item.content),
            case_id=publics.case_id,
            compartment=item.compartment,
            generation=generation,
            public=public,
            item_id=item_id,
            kind=item.kind,
        ),
        "made_at": relais.world.now(),
    }


def answer(
    relais: Relais,
    *,
    step: str,
    compartment: str,
    code: str,
    value: Any,
    text: str | None,
    prompt: str,
    locale: str,
) -> DraftItem:
    """An answer as the console reads it."""
    content: dict[str, Any] = {
        "step": step,
        "prompt": prompt,
        "code": code,
        "locale": locale,
        "at": iso(relais.world.now()),
    }
    content |= {"text": text} if text is not None else {"value": value}
    return DraftItem(compartment, "answer", step, content)
