"""From the engine's effects to rows: decided and sealed here, before the transaction."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from backend.cases import asking, filing, noting
from backend.cases.changes import Changes
from backend.cases.work import Work, load_publics
from conversation import effects as fx
from conversation import normalise


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
    work.changes.conversation["return_index"] = work.relais.vault.keyring.index(
        "return_code", effect.code
    )


async def _come_back(work: Work, _effect: fx.ComeBack) -> None:
    if work.returned_case is not None:
        work.changes.conversation["case_id"] = work.returned_case


async def _submit(work: Work, effect: fx.Submit) -> None:
    if effect.part == 2:
        work.changes.submit_account = True
    work.changes.submitted = effect.part == 2


async def _reduce(work: Work, _effect: fx.Reduce) -> None:
    work.changes.clear_drafts = True


async def _leave(work: Work, _effect: fx.Leave) -> None:
    """The outbox does it: everything shown is deleted before the goodbye."""


async def _forget(work: Work, _effect: fx.Forget) -> None:
    work.changes.clear_drafts = True
    work.changes.conversation["expires_at"] = work.relais.world.now()


async def _erase(work: Work, _effect: fx.Erase) -> None:
    work.changes.erase = True
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
    fx.Submit: _submit,
    fx.Reduce: _reduce,
    fx.Leave: _leave,
    fx.Tidy: _nothing,
    fx.Forget: _forget,
    fx.Erase: _erase,
    fx.CountTopic: _count_topic,
}
"""One for each effect; a test holds it against the engine's list."""
