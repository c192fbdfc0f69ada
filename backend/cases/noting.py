"""Answers and consents: into their compartment if there is one, else into the draft."""

import hashlib

from msgspec.structs import replace
from sqlalchemy import select

from backend.ambient import iso
from backend.cases.asking import exclude
from backend.cases.recording import (
    DraftItem,
    answer,
    draft_row,
    item_slot,
    slot_name,
)
from backend.cases.work import Work
from backend.database.tables import conversations, earlier_cases
from conversation import effects as fx

_ACCOUNT_PURPOSES = frozenset({"account", "evidence", "statistics", "justice"})


async def record(work: Work, effect: fx.Record) -> None:
    """An answer; organisations that she leaves out never get a key."""
    if effect.compartment == "routing":
        await exclude(work, effect)
        return
    item = answer(
        work.relais,
        step=effect.step,
        compartment=effect.compartment,
        code=effect.code,
        value=effect.value,
        text=effect.text,
        prompt=effect.prompt,
        locale=work.locale,
    )
    item = replace(item, name=work.named(slot_name(effect.step, effect.item)))
    if effect.item is not None and _gathers(work, effect.step):
        item.content["part"] = effect.item
    if isinstance(effect, fx.Correct):
        drop(work, slot_name(effect.step, effect.before))
    _keep(work, item, closed=effect.text is None)


def _gathers(work: Work, step: str) -> bool:
    """Several messages answer one question; none of them is a correction of another."""
    found = work.edition.interview.steps.get(step)
    return found is not None and found.kind in {"text", "media"}


async def discard(work: Work, effect: fx.Discard) -> None:
    """An answer that no longer applies."""
    drop(work, slot_name(effect.step, effect.item))


async def code(work: Work, effect: fx.Code) -> None:
    """The coded record of a compartment; it replaces the one before."""
    content = {
        "interview": work.edition.interview.id,
        "version": work.edition.interview.version,
        "codes": effect.values,
        "at": iso(work.relais.world.now()),
    }
    place = effect.compartment
    if work.place_for(place):
        name = f"coded:{place}"
        if effect.added:
            name += f":{work.relais.world.new_id()}"
            work.changes.added = True
        else:
            drop(work, name, kind="coded", always=True)
        item = DraftItem(place, "coded", name, content, work.named(name))
        work.changes.items.append(work.sealed(item))


async def take_back(work: Work, effect: fx.TakeBack) -> None:
    """A yes that ends: the request is closed, or what was told is destroyed, as was promised."""
    if effect.purpose in {"account", "evidence"}:
        work.changes.also = await _told_before(work)
    if work.case is None:
        return
    if effect.purpose in {"services", "urgent"}:
        work.changes.withdraw = True
    elif effect.purpose == "account":
        work.changes.drop_account = True
    elif effect.purpose == "evidence":
        work.changes.drop_evidence = True


async def _told_before(work: Work) -> list[str]:
    """Requests of hers from before the present one: a yes of then stands until it is taken back.

    Not those of somebody who told apart from her, or that she left without their sign.
    """
    group = select(conversations.c.told_group).where(conversations.c.id == work.conversation_id)
    found = await work.connection.execute(
        select(earlier_cases.c.case_id)
        .where(
            earlier_cases.c.conversation_id == work.conversation_id,
            earlier_cases.c.told_group.is_not_distinct_from(group.scalar_subquery()),
        )
        .order_by(earlier_cases.c.case_id)
    )
    return list(found.scalars())


async def consent(work: Work, effect: fx.Consent) -> None:
    """A yes or no, with the text that was shown."""
    shown = work.edition.catalogues.text(work.locale, effect.prompt)
    content = {
        "purpose": effect.purpose,
        "answer": effect.answer,
        "organisations": [work.names.get(one, one) for one in effect.organisations],
        "prompt": effect.prompt,
        "text_hash": hashlib.sha256(shown.encode()).hexdigest(),
        "locale": work.locale,
        "channel": work.channel,
        "at": iso(work.relais.world.now()),
    }
    place = "account" if effect.purpose in _ACCOUNT_PURPOSES else "brief"
    item = DraftItem(place, "consent", effect.step, content, work.named(effect.step))
    _keep(work, item, closed=False)


def _keep(work: Work, item: DraftItem, *, closed: bool) -> None:
    """Into its compartment if that exists; else own words and consents wait in the draft.

    Closed answers are in the state already.
    """
    if work.place_for(item.compartment):
        work.changes.items.append(work.sealed(item))
    elif not closed:
        work.changes.drafts.append(draft_row(work.relais, work.conversation_id, item))


def drop(work: Work, name: str, *, kind: str = "answer", always: bool = False) -> None:
    """Throw this telling's item of that name away; once it was sent, only when ``always``."""
    name = work.named(name)
    work.changes.drop_drafts.append(item_slot(work.relais, work.conversation_id, kind, name))
    work.changes.drafts = [
        row for row in work.changes.drafts if row["slot"] != work.changes.drop_drafts[-1]
    ]
    if work.publics is not None and (always or not work.sent):
        slot = item_slot(work.relais, work.publics.case_id, kind, name)
        work.changes.drop_slots.append(slot)
        work.changes.items = [row for row in work.changes.items if row["slot"] != slot]
