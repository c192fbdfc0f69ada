"""Who may call what: session, header against forged requests, roles, place in the roster."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Request

from backend.accounts.roster_store import current, vouched
from backend.accounts.sessions import SignedIn, find_session
from backend.errors import RelaisError
from backend.relais import Relais

COOKIE: Final = "relais_session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def relais_of(request: Request) -> Relais:
    """The object built in ``app.py``."""
    relais: Relais = request.app.state.relais
    return relais


Here = Annotated[Relais, Depends(relais_of)]


def same_site(request: Request) -> None:
    """Refuse what another site's page could make a browser send."""
    if request.method in _SAFE:
        return
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    if request.headers.get("x-relais") != "console" or foreign:
        raise RelaisError(
            403, "forged", "Requests that change something need the header X-Relais: console."
        )


async def signed_in(request: Request, relais: Here) -> SignedIn:
    """The member of the session; 401 ``signed_out`` without a live one. Counts as use."""
    return await _member(request, relais, touch=True)


async def watching(request: Request, relais: Here) -> SignedIn:
    """As :func:`signed_in`, for what a page asks by itself: does not put off the idle end."""
    return await _member(request, relais, touch=False)


async def _member(request: Request, relais: Relais, *, touch: bool) -> SignedIn:
    token = request.cookies.get(COOKIE)
    member = await find_session(relais, token, touch=touch) if token else None
    if member is None:
        raise RelaisError(401, "signed_out", "Unlock the console first.")
    return member


Member = Annotated[SignedIn, Depends(signed_in)]


def hold_role(member: SignedIn, *roles: str) -> None:
    """403 ``role`` unless the member has one of these roles."""
    if member.roles.isdisjoint(roles):
        raise RelaisError(403, "role", "Your role does not allow this.")


async def hold_roster(relais: Relais, member: SignedIn) -> None:
    """403 ``not_in_roster`` unless the roster in force vouches for the member's keys."""
    async with relais.db.read() as connection:
        roster = await current(connection, relais.settings, relais.world.now())
        keys = await vouched(connection, roster, [member.id])
    if member.id not in keys:
        raise RelaisError(
            403,
            "not_in_roster",
            "You are not yet in the signed roster. A coordinator has to sign and upload it.",
        )


def _case_worker(who: Callable[..., Awaitable[SignedIn]]) -> Callable[..., Awaitable[SignedIn]]:
    async def checked(relais: Here, member: Annotated[SignedIn, Depends(who)]) -> SignedIn:
        hold_role(member, "responder", "coordinator")
        await hold_roster(relais, member)
        return member

    return checked


async def _coordinator(relais: Here, member: Member) -> SignedIn:
    """A coordinator whom the roster vouches for; while none is in force, whoever has the role."""
    hold_role(member, "coordinator")
    async with relais.db.read() as connection:
        roster = await current(connection, relais.settings, relais.world.now())
    if roster is not None:
        await hold_roster(relais, member)
    return member


Coordinator = Annotated[SignedIn, Depends(_coordinator)]
"""May invite, remove, and sign the roster."""
CaseWorker = Annotated[SignedIn, Depends(_case_worker(signed_in))]
"""Responder or coordinator, vouched for by the roster."""


async def _case_coordinator(member: CaseWorker) -> SignedIn:
    hold_role(member, "coordinator")
    return member


CaseCoordinator = Annotated[SignedIn, Depends(_case_coordinator)]
"""A coordinator, vouched for by the roster."""


async def _auditor(relais: Here, member: Member) -> SignedIn:
    hold_role(member, "auditor")
    await hold_roster(relais, member)
    return member


Auditor = Annotated[SignedIn, Depends(_auditor)]
"""Looks at what was done, never at what was told."""
CaseWatcher = Annotated[SignedIn, Depends(_case_worker(watching))]
"""The same, without putting off the idle end of the session."""
