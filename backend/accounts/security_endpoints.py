"""A member's own key over HTTP. What changes something asks for the words once more."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from backend.accounts import guard, passkeys, security
from backend.accounts.guard import Here, Member
from backend.accounts.security_schemas import (
    AuthenticatorOut,
    CodeIn,
    CodesOut,
    EndedOut,
    NewWords,
    PasskeyIn,
    PasskeyOptions,
    Proof,
    SecurityOut,
)
from backend.accounts.totp import secret_text, secret_uri
from backend.errors import RelaisError

router = APIRouter(tags=["accounts"], prefix="/me")
PasskeyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,1400}$")]
Which = Annotated[str, Path(pattern=r"^([0-9a-f]{16}|others)$")]


def _token(request: Request) -> str:
    return request.cookies.get(guard.COOKIE, "")


@router.get("/security")
async def get_security(request: Request, member: Member, relais: Here) -> SecurityOut:
    """Open sessions, and how many recovery codes are left."""
    async with relais.db.read() as connection:
        return await security.read_security(connection, relais, member.id, _token(request))


@router.delete("/sessions/{which}")
async def delete_sessions(which: Which, request: Request, member: Member, relais: Here) -> EndedOut:
    """End another session of one's own, or all ``others``."""
    async with relais.db.write() as tx:
        ended = await security.end_sessions(tx, relais, member.id, _token(request), which)
    return EndedOut(ended=ended)


@router.post("/recovery-codes")
async def post_codes(body: Proof, member: Member, relais: Here) -> CodesOut:
    """Eight new codes for a lost authenticator; 403 ``wrong_words``."""
    async with relais.db.write() as tx:
        proven = await security.prove(tx, relais, member.id, body.login)
        codes = await security.new_codes(tx, relais, member.id) if proven else []
    if not proven:
        raise security.wrong_words()
    return CodesOut(codes=codes)


@router.post("/authenticator/new")
async def post_new_authenticator(body: Proof, member: Member, relais: Here) -> AuthenticatorOut:
    """Begin with a new authenticator; 403 ``wrong_words``."""
    async with relais.db.write() as tx:
        proven = await security.prove(tx, relais, member.id, body.login)
        secret = await security.begin_authenticator(tx, relais, member.id) if proven else b""
    if not proven:
        raise security.wrong_words()
    return AuthenticatorOut(
        totp_secret=secret_text(secret), totp_uri=secret_uri(secret, member.name)
    )


@router.post("/authenticator", status_code=204)
async def post_authenticator(body: CodeIn, member: Member, relais: Here) -> None:
    """Its first code: from now on it counts; 422 ``wrong_code``."""
    async with relais.db.write() as tx:
        right = await security.finish_authenticator(tx, relais, member.id, body.totp)
    if not right:
        raise RelaisError(
            422, "wrong_code", "That code does not fit. Check the phone's clock and try again."
        )


@router.post("/passkeys/new")
async def post_new_passkey(body: Proof, member: Member, relais: Here) -> PasskeyOptions:
    """Options for ``navigator.credentials.create``; 403 ``wrong_words``, 409 ``no_passkeys``."""
    async with relais.db.write() as tx:
        proven = await security.prove(tx, relais, member.id, body.login)
        options = (
            await passkeys.begin_registration(tx, relais, member.id, member.name) if proven else {}
        )
    if not proven:
        raise security.wrong_words()
    return PasskeyOptions(options=options)


@router.post("/passkeys", status_code=204)
async def post_passkey(body: PasskeyIn, member: Member, relais: Here) -> None:
    """Keep it; 422 ``wrong_passkey`` when it answers no challenge of hers."""
    async with relais.db.write() as tx:
        right = await passkeys.finish_registration(tx, relais, member.id, body.credential.plain())
    if not right:
        raise RelaisError(422, "wrong_passkey", "That passkey was not taken. Begin again.")


@router.delete("/passkeys/{passkey_id}", status_code=204)
async def delete_passkey(
    passkey_id: PasskeyId, request: Request, member: Member, relais: Here
) -> None:
    """Forget it; every other session ends, since its device may be lost.

    404 ``no_passkey``, 409 ``last_factor``.
    """
    async with relais.db.write() as tx:
        found = await passkeys.remove(tx, member.id, passkey_id)
        if found:
            await security.end_sessions(tx, relais, member.id, _token(request), "others")
    if not found:
        raise RelaisError(404, "no_passkey", "There is no such passkey.")


@router.post("/words", status_code=204)
async def post_words(body: NewWords, request: Request, member: Member, relais: Here) -> None:
    """New words for the same key; every other session ends. 403 ``wrong_words``."""
    async with relais.db.write() as tx:
        proven = await security.prove(tx, relais, member.id, body.before)
        if proven:
            await security.change_words(tx, relais, member.id, _token(request), body)
    if not proven:
        raise security.wrong_words()
