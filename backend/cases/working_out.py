"""From the engine's effects to rows: decided and sealed here, before the transaction."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sqlalchemy import select

from backend.cases import asking, filing, noting
from backend.cases.changes import Changes
from backend.cases.work import Work, load_publics
from backend.chats import leads
from backend.database.tables import conversations, earlier_cases
from conversation import effects as fx
from conversation import normalise

_SENT: Final = {"unsent_run": None, "unsent_keep": None}
"""Of a chat in which no account is under way."""


async def work_out(work: Work, effects: tuple[fx.Effect, ...]) -> Changes:
    """Every effect in order."""
    if work.case is not None:
        work.publics = await load_publics(work, work.case.id)
    for effect in effects:
        await _CARRY_OUT[type(effect)](work, effect)
    return work.changes


async def _contact(work: Work, effect: fx.Contact) -> None:
    work.changes.conversation["contact"] = effect.hours not in {"no", ""}


async def _sign(work: Work, effect: fx.Sign) -> None:
    work.changes.conversation["sign_index"] = work.relais.vault.keyring.index(
        "sign", work.conversation_id, normalise(effect.sign).lower()
    )


async def _return_code(work: Work, effect: fx.ReturnCode) -> None:
    work.changes.codes.shown = work.relais.vault.keyring.index("return_code", effect.code)


async def _come_back(work: Work, effect: fx.ComeBack) -> None:
    found = work.returned
    if found is None or found.case_id is None:
        return
    if work.case is not None and found.case_id == work.case.id:  # one that waits is none
        return
    # What led to the other request alone stays with that one, the sign of this phone too.
    # Nor is her leave to be written to anybody else's in this chat.
    before = await _of_this_chat(work, found.case_id)
    work.changes.clear_drafts = True
    work.changes.undo_erase = found.case_id if found.erasing else None
    _leave_codes(work)
    work.changes.conversation |= {
        "case_id": found.case_id,
        "sign_index": found.sign_index or (before.sign_index if before else None),
        "told_group": before.told_group if before else work.relais.world.new_id(),
        **_SENT,
    }
    if before is not None:
        work.changes.conversation["contact"] = before.contact
    elif work.case is not None:  # of another phone: what she agreed to there is about her request
        work.changes.conversation["contact"] = await _agreed(work, found.case_id)
    work.part_from_case(effect.kept)


def _leave_codes(work: Work) -> None:
    """What the chat had keeps the codes that were shown for it."""
    work.changes.codes.to_case = work.had
    work.changes.codes.gone = work.had is None


async def _agreed(work: Work, case_id: str) -> bool:
    """Somewhere she agreed to be written to about this request."""
    for table in (conversations, earlier_cases):
        query = select(table.c.case_id).where(table.c.case_id == case_id, table.c.contact)
        if (await work.connection.execute(query.limit(1))).first() is not None:
            return True
    return False


async def _of_this_chat(work: Work, case_id: str) -> Any:
    """What led to a request that this chat had before; None when it never had it."""
    found = await work.connection.execute(
        select(earlier_cases).where(
            earlier_cases.c.conversation_id == work.conversation_id,
            earlier_cases.c.case_id == case_id,
        )
    )
    row = found.one_or_none()
    genuine = row is not None and leads(work.relais.vault.keyring, earlier_cases, row._mapping)
    return row if genuine else None


async def _apart(work: Work, effect: fx.Apart) -> None:
    _leave_codes(work)
    work.part_from_case(effect.kept, danger=effect.danger)
    work.changes.clear_drafts = True
    nothing = {"case_id": None, "sign_index": None, "contact": False}
    group = {"told_group": work.relais.world.new_id()}
    work.changes.conversation |= nothing | group | _SENT


async def _submit(work: Work, effect: fx.Submit) -> None:
    if effect.part == 2:
        work.changes.submit_account = work.changes.added = True
        work.changes.run = work.run
        work.changes.conversation |= _SENT


async def _reduce(work: Work, _effect: fx.Reduce) -> None:
    work.changes.clear_drafts = True
    work.changes.conversation |= _SENT
    if "account" in work.before.parts and "account" not in work.after.parts:
        work.changes.drop_unsent = work.run


async def _leave(work: Work, _effect: fx.Leave) -> None:
    """The outbox does it: everything shown is deleted before the goodbye."""


async def _forget(work: Work, _effect: fx.Forget) -> None:
    work.changes.clear_drafts = True
    if work.after.mode in {"new", "left"}:  # else the chat goes on
        work.changes.conversation["expires_at"] = work.relais.world.now()


async def _erase(work: Work, effect: fx.Erase) -> None:
    work.changes.erase = True
    work.changes.erase_later = effect.later
    work.changes.clear_drafts = True
    work.changes.conversation["expires_at"] = work.relais.world.now()


async def _nothing(_work: Work, _effect: fx.Tidy) -> None:
    """What it asks for goes through the outbox."""


async def _count_topic(work: Work, effect: fx.CountTopic) -> None:
    work.changes.topic = effect.topic


_CARRY_OUT: Final[dict[type, Callable[[Work, Any], Awaitable[None]]]] = {
    fx.Record: noting.record,
    fx.Correct: noting.record,
    fx.Discard: noting.discard,
    fx.Attach: filing.attach,
    fx.Detach: filing.detach,
    fx.DropFile: filing.drop_file,
    fx.Consent: noting.consent,
    fx.Code: noting.code,
    fx.TakeBack: noting.take_back,
    fx.AskHelp: asking.ask_help,
    fx.OpenAccount: asking.open_account,
    fx.Contact: _contact,
    fx.Sign: _sign,
    fx.ReturnCode: _return_code,
    fx.ComeBack: _come_back,
    fx.Apart: _apart,
    fx.Submit: _submit,
    fx.Reduce: _reduce,
    fx.Leave: _leave,
    fx.Tidy: _nothing,
    fx.Forget: _forget,
    fx.Erase: _erase,
    fx.CountTopic: _count_topic,
}
"""One for each effect; a test holds it against the engine's list."""
