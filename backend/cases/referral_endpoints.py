"""Referrals over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from backend.accounts.guard import CaseWatcher, CaseWorker, Here, same_site
from backend.accounts.sessions import SignedIn
from backend.cases.endpoints import CaseId, Reason
from backend.cases.referral_lines import to_and_by
from backend.cases.referral_schemas import (
    CaseReferralsOut,
    NoteBackIn,
    ReasonIn,
    ReferIn,
    ReferralsOut,
    ReferredOut,
    RevokeIn,
    State,
)
from backend.cases.referring import accept, finish, refer, referrals_of, reject, take_back
from backend.http import ERRORS
from backend.relais import Relais

router = APIRouter(
    prefix="/v1", tags=["cases"], dependencies=[Depends(same_site)], responses=ERRORS
)

ReferralId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


async def _do(
    act: Callable[..., Awaitable[None]],
    state: State,
    relais: Relais,
    member: SignedIn,
    referral_id: str,
    *said: Any,
) -> ReferredOut:
    async with relais.db.write() as tx:
        await act(tx, relais, member, referral_id, *said)
    relais.wake.all()
    return ReferredOut(id=referral_id, status=state)


@router.get("/referrals")
async def get_referrals(member: CaseWatcher, relais: Here) -> ReferralsOut:
    """What was referred to the member and by her: what is open, and the last that is over.

    Pages ask this by themselves, so it does not put off the session's idle end.
    """
    async with relais.db.read() as connection:
        return await to_and_by(connection, relais, member.id)


@router.get("/cases/{case_id}/referrals")
async def get_case_referrals(
    case_id: CaseId, member: CaseWorker, relais: Here, reason: Reason
) -> CaseReferralsOut:
    """Referrals of a case, and to whom it may be referred; for whoever has it."""
    async with relais.db.write() as tx:
        return await referrals_of(tx, relais, member, case_id, reason)


@router.post("/cases/{case_id}/referrals", status_code=201)
async def post_referral(
    case_id: CaseId, body: ReferIn, member: CaseWorker, relais: Here
) -> ReferredOut:
    """Refer a case; its keys are served once the receiver accepted."""
    async with relais.db.write() as tx:
        referral_id = await refer(tx, relais, member, case_id, body)
    relais.wake.all()
    return ReferredOut(id=referral_id, status="in_progress")


@router.post("/referrals/{referral_id}/accept")
async def post_accept(referral_id: ReferralId, member: CaseWorker, relais: Here) -> ReferredOut:
    """Yes: exactly what was referred may be read from now on. Said twice, it is once."""
    return await _do(accept, "accepted", relais, member, referral_id)


@router.post("/referrals/{referral_id}/reject")
async def post_reject(
    referral_id: ReferralId, body: ReasonIn, member: CaseWorker, relais: Here
) -> ReferredOut:
    """No, and why: the keys are destroyed, nothing was read."""
    return await _do(reject, "rejected", relais, member, referral_id, body.reason)


@router.post("/referrals/{referral_id}/done")
async def post_done(
    referral_id: ReferralId, body: NoteBackIn, member: CaseWorker, relais: Here
) -> ReferredOut:
    """What was asked is done: a note back, and the keys are destroyed."""
    return await _do(finish, "done", relais, member, referral_id, body.note)


@router.post("/referrals/{referral_id}/revoke")
async def post_revoke(
    referral_id: ReferralId, body: RevokeIn, member: CaseWorker, relais: Here
) -> ReferredOut:
    """Take it back, as its sender or as a coordinator: the keys are destroyed at once."""
    return await _do(take_back, "revoked", relais, member, referral_id, body.reason)
