"""Answers and consents: into their compartment if there is one, else into the draft."""

import hashlib

from backend.ambient import iso
from backend.cases.asking import exclude
from backend.cases.recording import DraftItem, answer, draft_row, item_row, item_slot
from backend.cases.work import Work
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
    if isinstance(effect, fx.Correct):
        _drop(work, effect.step)
    _keep(work, item, closed=effect.text is None)


async def discard(work: Work, effect: fx.Discard) -> None:
    """An answer that no longer applies."""
    _drop(work, effect.step)


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
    _keep(work, DraftItem(place, "consent", effect.step, content), closed=False)


def _keep(work: Work, item: DraftItem, *, closed: bool) -> None:
    """Into its compartment if that exists; else own words and consents wait in the draft.

    Closed answers are in the state already.
    """
    if work.publics is not None and work.publics.place_for(item.compartment):
        work.changes.items.append(item_row(work.relais, work.publics, item))
    elif not closed:
        work.changes.drafts.append(draft_row(work.relais, work.conversation_id, item))


def _drop(work: Work, step: str) -> None:
    work.changes.drop_drafts.append(item_slot(work.relais, work.conversation_id, "answer", step))
    work.changes.drafts = [
        row for row in work.changes.drafts if row["slot"] != work.changes.drop_drafts[-1]
    ]
    sent = work.case is not None and work.case.submitted_at is not None
    if work.publics is not None and not sent:
        slot = item_slot(work.relais, work.publics.case_id, "answer", step)
        work.changes.drop_slots.append(slot)
        work.changes.items = [row for row in work.changes.items if row["slot"] != slot]
