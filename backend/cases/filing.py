"""Files that she sent: linked to an answer, taken back, or not taken at all.

A file is an item like every answer: in the draft until its compartment exists, then sealed to those
who hold it. What the item says of the file stands inside the seal; the bytes are in the store.
"""

from typing import Any

from backend.ambient import iso
from backend.cases.recording import DraftItem, draft_row, item_slot, slot_name
from backend.cases.work import Work
from backend.media.file_keys import FileKeys, open_keys
from backend.media.linking import FileGone, Link, find_in_draft, find_unnamed, to_case, to_draft
from backend.vault import DraftKeyGone
from conversation import effects as fx
from sealing import SealError

KIND = "file"


async def attach(work: Work, effect: fx.Attach) -> None:
    """The file belongs to this answer from now on. Raises ``FileGone``."""
    row = await find_unnamed(work.connection, effect.file, work.channel)
    if row is None:
        raise FileGone
    keys = open_keys(work.relais, row)
    content = _described(work, effect, keys)
    name = work.named(slot_name(effect.step, effect.item))
    item = DraftItem(effect.compartment, KIND, effect.step, content, name)
    if work.place_for(item.compartment):
        sealed = work.sealed(item)
        work.changes.items.append(sealed)
        work.changes.links.append(_to_case(work, effect.file, keys, sealed))
        return
    draft = draft_row(work.relais, work.conversation_id, item)
    work.changes.drafts.append(draft)
    work.changes.links.append(
        to_draft(work.relais, effect.file, keys, work.conversation_id, draft["slot"])
    )


def _described(work: Work, effect: fx.Attach, keys: FileKeys) -> dict[str, Any]:
    step = work.edition.interview.steps.get(effect.step)
    preview = keys.preview
    return {
        **_where(work, effect.step, effect.item),
        "prompt": effect.prompt,
        "code": step.code if step is not None else "",
        "media": effect.media,
        "mime": keys.mime,
        "size": keys.size,
        "sha256": keys.sha256.hex(),
        "file": effect.file,
        "preview": None
        if preview is None
        else {
            "mime": preview.mime,
            "width": preview.width,
            "height": preview.height,
            "size": preview.size,
        },
        "no_preview": keys.no_preview,
    }


def _where(work: Work, step: str, item: int) -> dict[str, Any]:
    """As received: by which channel, in answer to what, under which words."""
    return {
        "step": step,
        "item": item,
        "locale": work.locale,
        "channel": work.channel,
        "at": iso(work.relais.world.now()),
        "interview": work.edition.interview.id,
        "version": work.edition.interview.version,
        "content": work.edition.hash,
    }


def _to_case(work: Work, file: str, keys: FileKeys, sealed: dict[str, Any]) -> Link:
    assert work.publics is not None  # noqa: S101  (there is an item in its compartment)
    _, public = work.publics.key_of(sealed["compartment"])
    return to_case(work.relais, file, keys, sealed, public)


async def move_file(work: Work, item: DraftItem, sealed: dict[str, Any]) -> None:
    """Its item moved from the draft into the compartment as row ``sealed``: so does the file."""
    file = str(item.content["file"])
    row = await find_in_draft(work.connection, file, work.conversation_id)
    if row is None:
        return
    try:
        keys = open_keys(work.relais, row)
    except (DraftKeyGone, SealError):  # the item still says that there was a file
        return
    work.changes.links = [link for link in work.changes.links if link.file != file]
    work.changes.links.append(_to_case(work, file, keys, sealed))


async def detach(work: Work, effect: fx.Detach) -> None:
    """She took it back: item and bytes go; once the account was sent, a note stands beside it."""
    name = work.named(slot_name(effect.step, effect.item))
    _drop_draft(work, item_slot(work.relais, work.conversation_id, KIND, name))
    if work.publics is None:
        return
    if work.sent:
        _note_taken_back(work, effect)
        return
    _drop_sealed(work, item_slot(work.relais, work.publics.case_id, KIND, name))


def _drop_draft(work: Work, slot: bytes) -> None:
    changes = work.changes
    changes.drop_drafts.append(slot)
    changes.drafts = [row for row in changes.drafts if row["slot"] != slot]
    _drop_file(work, slot)


def _drop_sealed(work: Work, slot: bytes) -> None:
    changes = work.changes
    changes.drop_slots.append(slot)
    changes.items = [row for row in changes.items if row["slot"] != slot]
    _drop_file(work, slot)


def _drop_file(work: Work, slot: bytes) -> None:
    """By slot, and one that this very turn was about to link."""
    changes = work.changes
    changes.drop_file_slots.append(slot)
    changes.drop_files += [link.file for link in changes.links if link.slot == slot]
    changes.links = [link for link in changes.links if link.slot != slot]


def _note_taken_back(work: Work, effect: fx.Detach) -> None:
    step = work.edition.interview.steps.get(effect.step)
    place = step.compartment if step is not None else ""
    if not work.place_for(place):
        return
    content = {**_where(work, effect.step, effect.item), "taken_back": True}
    name = f"{slot_name(effect.step, effect.item)}!"  # beside the file, not in its place
    item = DraftItem(place, KIND, effect.step, content, work.named(name))
    work.changes.items.append(work.sealed(item))


async def drop_file(work: Work, effect: fx.DropFile) -> None:
    """It came where no file is taken."""
    work.changes.drop_files.append(effect.file)
