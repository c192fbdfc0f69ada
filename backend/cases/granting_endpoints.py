"""Keys of a case over HTTP: for coordinators alone."""

from fastapi import APIRouter, Depends

from backend.accounts.guard import CaseCoordinator, CaseWorker, Here, same_site
from backend.cases.endpoints import CaseId, Reason
from backend.cases.granting import (
    add_grants,
    add_recovered,
    give_back,
    recovery_package,
    who_holds,
)
from backend.cases.granting_schemas import (
    GrantIn,
    HoldersOut,
    PackageIn,
    PackageOut,
    RecoveredIn,
    SpoiledIn,
)
from backend.http import ERRORS

router = APIRouter(
    prefix="/v1", tags=["cases"], dependencies=[Depends(same_site)], responses=ERRORS
)


@router.get("/cases/{case_id}/holders")
async def get_holders(
    case_id: CaseId, member: CaseCoordinator, relais: Here, reason: Reason
) -> HoldersOut:
    """Who has which key, and who else may get one."""
    async with relais.db.write() as tx:
        return await who_holds(tx, relais, member, case_id, reason)


@router.post("/cases/{case_id}/grants", status_code=204)
async def post_grants(
    case_id: CaseId, body: GrantIn, member: CaseCoordinator, relais: Here
) -> None:
    """Give keys to other members; each grant is written down."""
    async with relais.db.write() as tx:
        await add_grants(tx, relais, member, case_id, body)


@router.post("/cases/{case_id}/spoiled", status_code=204)
async def post_spoiled(case_id: CaseId, body: SpoiledIn, member: CaseWorker, relais: Here) -> None:
    """Give back a key of one's own that does not open; a coordinator grants anew."""
    async with relais.db.write() as tx:
        await give_back(tx, relais, member, case_id, body)


@router.post("/recovery/package")
async def post_package(body: PackageIn, member: CaseCoordinator, relais: Here) -> PackageOut:
    """What the recovery page needs. Every coordinator is told."""
    async with relais.db.write() as tx:
        package = await recovery_package(tx, relais, member, body)
    relais.wake.all()
    return package


@router.post("/cases/{case_id}/recovered", status_code=204)
async def post_recovered(
    case_id: CaseId, body: RecoveredIn, member: CaseCoordinator, relais: Here
) -> None:
    """Put away what the recovery page made."""
    async with relais.db.write() as tx:
        await add_recovered(tx, relais, member, case_id, body.grants)
