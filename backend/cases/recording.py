"""Answers and consents as sealed items: draft key first, compartments once they exist."""

from typing import Any

import msgspec

from backend.ambient import iso
from backend.relais import Relais
from backend.vault import seal_item
from backend.vault.genuine import NotGenuine, item_mark


class Publics(msgspec.Struct):
    """Public halves of a case's compartments: name -> (generation, 1,216 bytes)."""

    case_id: str
    keys: dict[str, tuple[int, bytes]]
    strange: frozenset[str] = frozenset()
    """Those of which the newest key is not one that this server made."""

    def key_of(self, name: str) -> tuple[int, bytes]:
        """To seal to. Raises :class:`NotGenuine`; leaving, erasing and silence never ask."""
        if name in self.strange:
            raise NotGenuine
        return self.keys[name]

    def place_for(self, wanted: str) -> str | None:
        """The compartment to use: the wanted one, or None while it does not exist."""
        return wanted if wanted in self.keys else None


class DraftItem(msgspec.Struct, frozen=True):
    """What waits in the draft: own words and consents given before a compartment exists."""

    compartment: str
    kind: str
    step: str
    content: dict[str, Any]
    name: str = ""
    """Of its slot; the step when empty."""

    @property
    def slot(self) -> str:
        """What its slot is called."""
        return self.name or self.step


def item_slot(relais: Relais, owner: str, kind: str, step: str) -> bytes:
    """Blind name of "the answer to this step of this case (or conversation)"."""
    return relais.vault.keyring.index("slot", owner, kind, step)


def slot_name(step: str, item: int | None) -> str:
    """An answer is one to a step; each message of own words or file is one of its own."""
    return step if item is None else f"{step}#{item}"


def draft_place(conversation_id: str, slot: bytes) -> tuple[str, str, str]:
    """What a waiting item is bound to."""
    return "draft_items", conversation_id, slot.hex()


def draft_row(relais: Relais, conversation_id: str, item: DraftItem) -> dict[str, Any]:
    """A row of ``draft_items``, sealed under today's draft key."""
    day = relais.world.day()
    slot = item_slot(relais, conversation_id, item.kind, item.slot)
    return {
        "conversation_id": conversation_id,
        "slot": slot,
        "sealed": relais.vault.drafts.seal(
            day, msgspec.json.encode(item), *draft_place(conversation_id, slot)
        ),
        "key": day,
    }


def open_draft(relais: Relais, row: Any) -> DraftItem:
    """The inverse of :func:`draft_row`; raises ``DraftKeyGone``."""
    place = draft_place(row.conversation_id, row.slot)
    raw = relais.vault.drafts.open(row.key, row.sealed, *place)
    return msgspec.json.decode(raw, type=DraftItem)


def item_row(
    relais: Relais, publics: Publics, item: DraftItem, *, held: str | None = None
) -> dict[str, Any]:
    """A row of ``items``, sealed to the compartment; only its holders can read it.

    ``held``: the telling that she has not sent yet.
    """
    generation, public = publics.key_of(item.compartment)
    item_id = relais.world.new_id()
    row = {
        "id": item_id,
        "case_id": publics.case_id,
        "compartment": item.compartment,
        "generation": generation,
        "kind": item.kind,
        "slot": item_slot(relais, publics.case_id, item.kind, item.slot),
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
        "held": held,
    }
    return row | {"mark": item_mark(relais.vault.keyring, row)}


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
