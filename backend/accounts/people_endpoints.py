"""Members over HTTP: for coordinators alone."""

from typing import Annotated

from fastapi import APIRouter, Path

from backend.accounts.guard import Coordinator, Here
from backend.accounts.people import (
    add_person,
    invite_again,
    read_people,
    remove_person,
    reset_person,
)
from backend.accounts.people_log import write_down
from backend.accounts.people_schemas import InvitedOut, NewPerson, PeopleOut
from backend.errors import RelaisError

router = APIRouter(tags=["members"])
MemberId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("/members")
async def get_members(_: Coordinator, relais: Here) -> PeopleOut:
    """Everybody who is invited or has enrolled."""
    async with relais.db.read() as connection:
        return await read_people(connection, relais.world.now())


@router.post("/members", status_code=201)
async def post_member(body: NewPerson, by: Coordinator, relais: Here) -> InvitedOut:
    """Invite somebody; 409 ``name_taken``, 422 ``no_team`` or ``unknown_locale``."""
    if body.locale not in relais.content.locales:
        raise RelaisError(422, "unknown_locale", "This language is not shipped.")
    async with relais.db.write() as tx:
        member_id, url = await add_person(tx, relais, body)
        await write_down(tx, relais.world, "invited", by=by.id, subject=member_id)
    return InvitedOut(id=member_id, url=url)


@router.post("/members/{member_id}/invitation", status_code=201)
async def post_invitation(member_id: MemberId, by: Coordinator, relais: Here) -> InvitedOut:
    """A new link for one who has not enrolled; 409 ``enrolled``."""
    async with relais.db.write() as tx:
        url = await invite_again(tx, relais, member_id)
        await write_down(tx, relais.world, "invited_again", by=by.id, subject=member_id)
    return InvitedOut(id=member_id, url=url)


@router.post("/members/{member_id}/reset", status_code=201)
async def post_reset(member_id: MemberId, by: Coordinator, relais: Here) -> InvitedOut:
    """Her words or her second factor are lost: a new beginning. 409 ``yourself``."""
    async with relais.db.write() as tx:
        new_id, url = await reset_person(tx, relais, member_id, by.id)
    relais.directory.invalidate()
    relais.wake.all()
    return InvitedOut(id=new_id, url=url)


@router.post("/members/{member_id}/remove", status_code=204)
async def post_removal(member_id: MemberId, by: Coordinator, relais: Here) -> None:
    """She leaves. 409 ``yourself``; 403 ``role``: not a coordinator any more."""
    async with relais.db.write() as tx:
        await remove_person(tx, relais, member_id, by.id)
    relais.directory.invalidate()
    relais.wake.all()
