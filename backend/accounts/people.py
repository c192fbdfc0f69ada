"""Members as coordinators see and change them: invite, invite anew, reset lost keys, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from backend import alerts
from backend.accounts import links
from backend.accounts.invitations import invitation_url, invite
from backend.accounts.names import login_name
from backend.accounts.people_log import write_down
from backend.accounts.people_schemas import NewPerson, OrganisationOut, PeopleOut, Person, TeamOut
from backend.ambient import iso
from backend.cases import referrals
from backend.database.statements import insert_or_ignore
from backend.database.tables import (
    grants,
    invitations,
    link_codes,
    members,
    organisations,
    passkeys,
    recovery_codes,
    sessions,
    teams,
)
from backend.errors import RelaisError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais


def unknown() -> RelaisError:
    """No such member, or one who was removed."""
    return RelaisError(404, "no_member", "There is no such member. Load the page again.")


async def read_people(connection: AsyncConnection, now: int) -> PeopleOut:
    """Everybody but those who were removed, and what a new member can be put into."""
    live = (
        select(invitations.c.member_id, func.max(invitations.c.expires_at).label("until"))
        .where(invitations.c.used_at.is_(None), invitations.c.expires_at > now)
        .group_by(invitations.c.member_id)
        .subquery()
    )
    rows = await connection.execute(
        select(members, organisations.c.name.label("organisation"), live.c.until)
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .outerjoin(live, live.c.member_id == members.c.id)
        .where(members.c.disabled_at.is_(None))
        .order_by(members.c.login_name)
    )
    places = await connection.execute(select(organisations).order_by(organisations.c.name))
    groups = await connection.execute(select(teams).order_by(teams.c.id))
    return PeopleOut(
        members=[_person(row) for row in rows],
        organisations=[OrganisationOut(id=row.id, name=row.name) for row in places],
        teams=[TeamOut(id=row.id, organisation_id=row.organisation_id) for row in groups],
    )


def _person(row: Any) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        organisation=row.organisation,
        team_id=row.team_id,
        roles=list(row.roles),
        kem=row.kem_public,
        sign=row.sign_public,
        enrolled_at=iso(row.enrolled_at) if row.enrolled_at is not None else None,
        invited_until=iso(row.until) if row.until is not None else None,
    )


async def add_person(tx: AsyncConnection, relais: Relais, new: NewPerson) -> tuple[str, str]:
    """A new member and her invitation: (id, link). The link is kept nowhere.

    Raises 409 ``name_taken``, 422 ``no_team``.
    """
    folded = login_name(new.name)
    taken = await tx.execute(select(members.c.id).where(members.c.login_name == folded))
    if taken.first() is not None:
        raise _name_taken()
    organisation = await _organisation(tx, relais, new.organisation)
    if new.team_id is not None:
        team = await tx.execute(
            select(teams.c.id).where(
                teams.c.id == new.team_id, teams.c.organisation_id == organisation
            )
        )
        if team.first() is None:
            raise RelaisError(422, "no_team", "This organisation has no such team.")
    member_id = relais.world.new_id()
    added = await tx.execute(
        insert_or_ignore(relais.db.dialect, members).values(
            id=member_id,
            organisation_id=organisation,
            team_id=new.team_id,
            name=" ".join(new.name.split()),
            login_name=folded,
            sex=new.sex,
            locale=new.locale,
            roles=list(dict.fromkeys(new.roles)),
            on_call=False,
            totp_step=0,
        )
    )
    if added.rowcount != 1:  # another coordinator, at the same moment
        raise _name_taken()
    return member_id, invitation_url(relais, await invite(tx, relais, member_id))


def _name_taken() -> RelaisError:
    return RelaisError(409, "name_taken", "Somebody has or had this name. Take another.")


async def _organisation(tx: AsyncConnection, relais: Relais, name: str) -> str:
    """The organisation of this name; a new one when nobody has it yet."""
    wanted = " ".join(name.split())
    rows = await tx.execute(select(organisations.c.id, organisations.c.name))
    for row in rows:
        if row.name.casefold() == wanted.casefold():
            return str(row.id)
    new_id = relais.world.new_id()
    await tx.execute(insert(organisations).values(id=new_id, name=wanted, restricted=False))
    return new_id


async def invite_again(tx: AsyncConnection, relais: Relais, member_id: str) -> str:
    """A new link for one who has not enrolled; the earlier one lapses. 409 ``enrolled``."""
    row = await _locked(tx, member_id)
    if row.enrolled_at is not None:
        raise RelaisError(409, "enrolled", "This member has a key. Reset it if it is lost.")
    return invitation_url(relais, await invite(tx, relais, member_id))


async def reset_person(
    tx: AsyncConnection, relais: Relais, member_id: str, by: str
) -> tuple[str, str]:
    """Her words or her authenticator are lost: she begins anew under the same name: (id, link).

    A new key is a new entry of the roster, so the old one leaves it as somebody who was removed
    does. What was granted to it is gone; a coordinator grants anew what she needs. Raises 409
    ``yourself``.
    """
    _hold_other(member_id, by)
    await _let_go_of_cases(tx, relais, member_id, by)
    row = await _locked(tx, member_id)
    await _close(tx, relais, member_id)
    await tx.execute(
        update(members)
        .where(members.c.id == member_id)
        .values(disabled_at=relais.world.now(), on_call=False, login_name=f"#{row.id}")
    )
    new_id = relais.world.new_id()
    kept = ("organisation_id", "team_id", "name", "login_name", "sex", "locale", "roles")
    await tx.execute(
        insert(members).values(
            id=new_id,
            on_call=False,
            totp_step=0,
            **{name: getattr(row, name) for name in kept},
        )
    )
    await write_down(tx, relais.world, "reset", by=by, subject=member_id)
    return new_id, invitation_url(relais, await invite(tx, relais, new_id))


async def remove_person(tx: AsyncConnection, relais: Relais, member_id: str, by: str) -> None:
    """She leaves: signed out everywhere, told nothing more, keyless; her cases go back at once.

    Until the next roster is signed she is in the old one, and is not sealed to all the same.
    Raises 409 ``yourself``, 403 ``role``.
    """
    _hold_other(member_id, by)
    await _let_go_of_cases(tx, relais, member_id, by)
    await _locked(tx, member_id)
    await _close(tx, relais, member_id)
    await tx.execute(
        update(members)
        .where(members.c.id == member_id)
        .values(disabled_at=relais.world.now(), on_call=False)
    )
    await write_down(tx, relais.world, "removed", by=by, subject=member_id)


def _hold_other(member_id: str, by: str) -> None:
    if member_id == by:
        raise RelaisError(409, "yourself", "Another coordinator has to do this for you.")


async def _signers(tx: AsyncConnection, *, lock: bool = False) -> list[str]:
    """Coordinators with a key. ``lock``: all until this transaction ends, in one order.

    Of two who remove or reset each other the second then finds that it is none any more.
    """
    query = (
        select(members.c.id, members.c.roles)
        .where(members.c.disabled_at.is_(None), members.c.enrolled_at.is_not(None))
        .order_by(members.c.id)
    )
    rows = await tx.execute(query.with_for_update() if lock else query)
    return [row.id for row in rows if "coordinator" in row.roles]


async def _locked(tx: AsyncConnection, member_id: str) -> Any:
    found = await tx.execute(
        select(members)
        .where(members.c.id == member_id, members.c.disabled_at.is_(None))
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise unknown()
    return row


async def _let_go_of_cases(tx: AsyncConnection, relais: Relais, member_id: str, by: str) -> None:
    """Off call (open alerts go on), every case of hers back to the queue, referrals to her end.

    Raises 403 ``role``. Locked in the one order: chats, members, cases.
    """
    await alerts.lock_chats(tx, [member_id, *await _signers(tx)])
    if by not in await _signers(tx, lock=True):
        raise RelaisError(403, "role", "Your role does not allow this any more.")
    await alerts.set_on_call(tx, relais, member_id, on=False)
    await _locked(tx, member_id)  # nothing is referred to her from now on
    taken = set(await alerts.taken_by(tx, member_id))
    for case_id in sorted(taken.union(await referrals.cases_referred_to(tx, member_id))):
        await referrals.revoke(tx, relais, case_id, to=[member_id], by=by)
        if case_id in taken:
            await alerts.give_up(tx, relais, case_id, member_id)


_NO_LOGIN: Final = dict.fromkeys(
    ("key_sealed", "argon", "login_index", "totp_sealed", "totp_next_sealed")
)


async def _close(tx: AsyncConnection, relais: Relais, member_id: str) -> None:
    for table in (sessions, link_codes, invitations, recovery_codes, passkeys):
        await tx.execute(delete(table).where(table.c.member_id == member_id))
    await tx.execute(delete(grants).where(grants.c.holder == member_id))
    # Put back into force in the database, the row lets nobody in.
    await tx.execute(update(members).where(members.c.id == member_id).values(_NO_LOGIN))
    await links.unlink(tx, relais, member_id)
