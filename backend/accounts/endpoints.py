"""Invitations, log-in and the member's own settings."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from backend import alerts
from backend.accounts import devices, guard, links
from backend.accounts import enrolment as enrolling
from backend.accounts.enrolment import Keys
from backend.accounts.guard import Here, Member
from backend.accounts.invitations import find_invitation
from backend.accounts.login import Refused, argon_for, log_in, passkey_options
from backend.accounts.me import read_me, set_locale
from backend.accounts.passkeys import relying_party
from backend.accounts.people_endpoints import router as people_router
from backend.accounts.roster_endpoints import roster_out
from backend.accounts.roster_endpoints import router as roster_router
from backend.accounts.schemas import (
    EnrolIn,
    EnrolledOut,
    InvitationOut,
    LinkCodeOut,
    LocaleIn,
    LoginIn,
    LoginOut,
    LoginStartIn,
    LoginStartOut,
    Me,
    OnCallIn,
    PasskeyStartIn,
)
from backend.accounts.security_endpoints import router as security_router
from backend.accounts.security_schemas import PasskeyOptions
from backend.accounts.sessions import close_session
from backend.accounts.totp import secret_text, secret_uri
from backend.ambient import iso
from backend.errors import RelaisError
from backend.http import ERRORS
from backend.relais import Relais
from backend.settings import CHANNELS

router = APIRouter(
    prefix="/v1", tags=["accounts"], dependencies=[Depends(guard.same_site)], responses=ERRORS
)
router.include_router(roster_router)
router.include_router(people_router)
router.include_router(security_router)
_COOKIE_PATH: Final = "/v1"

Token = Annotated[str, Path(min_length=20, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Channel = Annotated[str, Path(max_length=16, pattern=r"^[a-z]+$")]


def _set_cookies(response: Response, relais: Relais, member_id: str, token: str) -> None:
    secure = relais.settings.public_url.startswith("https:")
    device = devices.device_cookie(relais, member_id)
    for name, value, age in (
        (guard.COOKIE, token, None),
        (devices.COOKIE, device, devices.KEEP_SECONDS),
    ):
        response.set_cookie(
            name,
            value,
            max_age=age,
            path=_COOKIE_PATH,
            secure=secure,
            httponly=True,
            samesite="strict",
        )


@router.get("/invitations/{token}")
async def begin_enrolment(token: Token, relais: Here) -> InvitationOut:
    """What this invitation is for; 404 ``invitation_gone`` when it does not work."""
    async with relais.db.read() as connection:
        invited = await find_invitation(connection, relais, token)
        roster = await roster_out(connection, relais)
    return InvitationOut(
        member=invited.name,
        organisation=invited.organisation,
        roles=list(invited.roles),
        totp_secret=secret_text(invited.totp_secret),
        totp_uri=secret_uri(invited.totp_secret, invited.name),
        passkeys_possible=relying_party(relais.settings) is not None,
        mode=relais.settings.mode,
        roster=roster,
    )


@router.post("/invitations/{token}/passkey")
async def begin_enrolment_passkey(token: Token, relais: Here) -> PasskeyOptions:
    """Options for ``navigator.credentials.create``; 404 ``invitation_gone``, 409 ``no_passkeys``.

    What the device answers goes into the enrolment itself.
    """
    return PasskeyOptions(options=await enrolling.passkey_options(relais, token))


@router.post("/invitations/{token}", status_code=201)
async def finish_enrolment(
    token: Token, body: EnrolIn, relais: Here, response: Response
) -> EnrolledOut:
    """Enrol. The invitation is used up, code or challenge too, and a session is opened."""
    keys = Keys(
        kem_public=body.kem_public,
        sign_public=body.sign_public,
        wrapped_seed=body.wrapped_seed,
        argon=body.argon.stored(),
        login=body.login,
    )
    enrolled = await enrolling.enrol(relais, token, keys, body.factor)
    _set_cookies(response, relais, enrolled.member_id, enrolled.token)
    return EnrolledOut(member_id=enrolled.member_id, name=enrolled.name)


@router.post("/login/start")
async def start_login(body: LoginStartIn, relais: Here) -> LoginStartOut:
    """Argon2id parameters of this name; stable invented ones for names that nobody has."""
    async with relais.db.read() as connection:
        return LoginStartOut(argon=await argon_for(connection, relais, body.name))


@router.post("/login/passkey")
async def start_passkey(body: PasskeyStartIn, relais: Here) -> PasskeyOptions:
    """Options for ``navigator.credentials.get``; 409 ``no_passkeys`` where none can be.

    Without the right words they are invented, and tell nothing of anybody.
    """
    async with relais.db.read() as connection:
        return PasskeyOptions(
            options=await passkey_options(connection, relais, body.name, body.login)
        )


@router.post("/login")
async def finish_login(
    body: LoginIn, relais: Here, request: Request, response: Response
) -> LoginOut:
    """Open a session; 401 ``wrong``, or 429 ``slow_down`` with Retry-After."""
    device = devices.device_member(relais, request.cookies.get(devices.COOKIE))
    code = body.passkey.plain() if body.passkey is not None else body.totp
    outcome = await log_in(relais, body.name, body.login, code, device=device)
    if isinstance(outcome, Refused):
        raise outcome.error()
    _set_cookies(response, relais, outcome.member_id, outcome.token)
    me = await _me(relais, outcome.member_id)
    return LoginOut(me=me, wrapped_seed=me.wrapped_seed)


@router.post("/logout", status_code=204)
async def log_out(relais: Here, request: Request, response: Response) -> None:
    """End the session; without one nothing happens."""
    token = request.cookies.get(guard.COOKIE)
    if token:
        async with relais.db.write() as tx:
            await close_session(tx, relais, token)
    response.delete_cookie(guard.COOKIE, path=_COOKIE_PATH, httponly=True, samesite="strict")


async def _me(relais: Relais, member_id: str) -> Me:
    async with relais.db.read() as connection:
        return await read_me(connection, relais, member_id)


@router.get("/me")
async def me(member: Member, relais: Here) -> Me:
    """The signed-in member."""
    return await _me(relais, member.id)


@router.post("/me/on-call")
async def on_call(body: OnCallIn, member: Member, relais: Here) -> Me:
    """Be alerted from now on, or no longer."""
    async with relais.db.write() as tx:
        await alerts.set_on_call(tx, relais, member.id, body.on_call)
    relais.directory.invalidate()
    relais.wake.all()
    return await _me(relais, member.id)


@router.post("/me/locale")
async def locale(body: LocaleIn, member: Member, relais: Here) -> Me:
    """Choose a language that is shipped; 422 ``unknown_locale`` otherwise."""
    if body.locale not in relais.content.locales:
        raise RelaisError(422, "unknown_locale", "This language is not shipped.")
    await set_locale(relais, member.id, body.locale)
    return await _me(relais, member.id)


@router.post("/me/link-codes")
async def link_code(member: Member, relais: Here) -> LinkCodeOut:
    """A code to send to the bot within fifteen minutes; an earlier one lapses."""
    async with relais.db.write() as tx:
        code, expires_at = await links.make_code(tx, relais, member.id)
    served = [one for one in CHANNELS if one == "page" or relais.settings.bot_token(one)]
    return LinkCodeOut(code=code, expires_at=iso(expires_at), channels=served)


@router.delete("/me/links/{channel}", status_code=204)
async def unlink(channel: Channel, member: Member, relais: Here) -> None:
    """No more alerts on this messenger; 404 ``not_linked`` when there is none."""
    async with relais.db.write() as tx:
        found = await links.unlink(tx, relais, member.id, channel)
    relais.directory.invalidate()
    if not found:
        raise RelaisError(404, "not_linked", "No chat of that messenger is linked.")
