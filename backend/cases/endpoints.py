"""Tonight's lists, one case, and what a responder does with it."""

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Path

from backend import alerts
from backend.accounts.guard import CaseWatcher, CaseWorker, Here, same_site
from backend.accounts.sessions import SignedIn
from backend.alerts.outcome import Outcome
from backend.cases.lines import tonight
from backend.cases.reading import not_yours, read_case
from backend.cases.schemas import CaseFile, StatusOut, StepIn, Tonight
from backend.cases.steps import add_step
from backend.errors import RelaisError
from backend.http import ERRORS
from backend.relais import Relais

router = APIRouter(
    prefix="/v1", tags=["cases"], dependencies=[Depends(same_site)], responses=ERRORS
)

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def _reason(x_relais_reason: Annotated[str, Header(max_length=2_700)] = "") -> str:
    """Why a coordinator opens it: percent-encoded, in a header, since addresses end up in logs."""
    said = unquote(x_relais_reason).strip()
    if len(said) > 300:
        raise RelaisError(422, "malformed", "Say the reason in 300 characters or fewer.")
    return said


Reason = Annotated[str, Depends(_reason)]

_REFUSED = {
    "lost": (409, "taken", "Another helper has this case."),
    "not_open": (409, "not_open", "This case is not open any more."),
    "step_missing": (409, "step_missing", "Note a first step before you close the case."),
}


def _status(outcome: Outcome) -> StatusOut:
    if outcome.status == "not_yours":
        raise not_yours()
    if outcome.status in _REFUSED:
        status, code, advice = _REFUSED[outcome.status]
        extra = {"taker": outcome.taker} if outcome.taker is not None else {}
        raise RelaisError(status, code, advice, extra=extra)
    return StatusOut(status=outcome.status, taker=outcome.taker)


async def _do(act: Any, relais: Relais, case_id: str, member: SignedIn) -> StatusOut:
    async with relais.db.write() as tx:
        outcome = await act(tx, relais, case_id, member.id)
    relais.wake.all()
    return _status(outcome)


@router.get("/tonight")
async def read_tonight(member: CaseWatcher, relais: Here) -> Tonight:
    """What is open to the member, taken by her, and (coordinators) accounts without a request.

    Pages ask this by themselves, so it does not put off the session's idle end.
    """
    async with relais.db.read() as connection:
        return await tonight(connection, relais, member)


@router.get("/cases/{case_id}")
async def open_case(case_id: CaseId, member: CaseWorker, relais: Here, reason: Reason) -> CaseFile:
    """Ciphertext and grants for the taker, or for a coordinator who holds a key.

    403 ``not_yours``; 403 ``reason_needed`` for a coordinator when another has taken it. Every
    serving is written down.
    """
    return await read_case(relais, member, case_id, reason)


@router.post("/cases/{case_id}/take")
async def take(case_id: CaseId, member: CaseWorker, relais: Here) -> StatusOut:
    """Take an open case; 409 ``taken`` with the name of whoever was first."""
    return await _do(alerts.take, relais, case_id, member)


@router.post("/cases/{case_id}/pass")
async def pass_on(case_id: CaseId, member: CaseWorker, relais: Here) -> StatusOut:
    """Say no to an alert, or give a taken case back."""
    return await _do(alerts.pass_on, relais, case_id, member)


@router.post("/cases/{case_id}/conflict")
async def conflict(case_id: CaseId, member: CaseWorker, relais: Here) -> StatusOut:
    """I know this person: own grants are destroyed, others are asked, nobody learns why."""
    return await _do(alerts.conflict, relais, case_id, member)


@router.post("/cases/{case_id}/done")
async def done(case_id: CaseId, member: CaseWorker, relais: Here) -> StatusOut:
    """The taker closes the case; 409 ``step_missing`` before a first step."""
    return await _do(alerts.done, relais, case_id, member)


@router.post("/cases/{case_id}/steps")
async def note_step(case_id: CaseId, body: StepIn, member: CaseWorker, relais: Here) -> StatusOut:
    """Note a step, sealed by the browser to the ``team`` compartment; sent twice, it is one."""
    async with relais.db.write() as tx:
        outcome = await alerts.note_step(tx, relais, case_id, member.id)
        status = _status(outcome)
        await add_step(tx, relais, case_id, member.id, body)
    relais.wake.all()
    return status
