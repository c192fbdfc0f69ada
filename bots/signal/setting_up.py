"""`relais-bot signal register|link|status|challenge|identities`: by hand, with the daemon."""

import asyncio
from typing import Any, Final

import typer

from bots.core import (
    BotSettings,
    ConfigurationError,
    Health,
    World,
    configure_logging,
    load_settings,
    serve_health,
    until_signal,
)
from bots.signal.accounts import submit
from bots.signal.challenge import SOLVE_AT, captcha_of
from bots.signal.daemon import daemon_of
from bots.signal.deciding import identities, refuse, trust
from bots.signal.lines import Lost
from bots.signal.rpc import Rpc, RpcError, numbers_of
from bots.signal.state import load_holds, open_state, store_holds
from bots.signal.with_daemon import do, fail

REGISTER_AT: Final = "https://signalcaptchas.org/registration/generate.html"
"""Signal's own page; it ends on a link ``signalcaptcha://…``."""
NAME: Final = "Messages"
"""A profile's name that tells nothing."""

setting_up = typer.Typer(
    help="Run the Signal bot; or register a number, link, look, free a number.",
    invoke_without_command=True,
    no_args_is_help=False,
)


@setting_up.command()
def daemon() -> None:
    """Run signal-cli alone, started again when it ends or hangs; the bot runs elsewhere."""
    try:
        settings = load_settings()
        configure_logging(settings.log_format)
        asyncio.run(_daemon(settings))
    except ConfigurationError as error:
        fail(str(error))


async def _daemon(settings: BotSettings) -> None:
    health = Health("signal-daemon")
    child = daemon_of(settings, World(), health)
    server = await serve_health(health, settings.port_for("signal-daemon"))
    try:
        await until_signal(child.run())
    finally:
        server.close()


@setting_up.command()
def register(number: str, voice: bool = False) -> None:
    """Make NUMBER (+236…) the bot's: captcha, code, PIN, registration lock, neutral profile."""
    if not number.startswith("+") or not number[1:].isdecimal():
        fail("A number with its country, such as +23675000000.")
    do(lambda rpc, _: _register(rpc, number, voice=voice))


async def _register(rpc: Rpc, number: str, *, voice: bool) -> None:
    if number not in await numbers_of(rpc):
        await _verify(rpc, number, voice=voice)
    elif not typer.confirm(
        f"{number} is registered here already. Set its profile anew, and a new PIN for its lock?"
    ):
        return
    try:
        await _finish(rpc, number)
    except (Lost, RpcError):
        typer.echo(
            f"{number} is registered, but its profile or its lock is not set yet. "
            f"`relais-bot signal register {number}` goes on from here.",
            err=True,
        )
        raise
    typer.echo(f"{number} is the bot's.")


async def _verify(rpc: Rpc, number: str, *, voice: bool) -> None:
    """Captcha, code, and the PIN of an earlier lock."""
    try:
        await rpc.call("register", account=number, voice=voice)
    except RpcError as error:
        if "captcha" not in error.message.lower():
            raise
        await rpc.call("register", account=number, voice=voice, captcha=_ask_captcha(REGISTER_AT))
    code = typer.prompt("The code that came by a call" if voice else "The code that came by SMS")
    digits = "".join(one for one in code if one.isdecimal())
    try:
        await rpc.call("verify", account=number, verificationCode=digits)
    except RpcError as error:
        if "pin" not in error.message.lower():
            raise
        pin = typer.prompt("This number has a registration lock. Its PIN", hide_input=True)
        await rpc.call("verify", account=number, verificationCode=digits, pin=pin)


async def _finish(rpc: Rpc, number: str) -> None:
    """May be done again: each step replaces what was there."""
    await _make_neutral(rpc, number)
    pin = f"{int.from_bytes(World().random(8), 'big') % 10**8:08d}"
    # Said first: if the answer is lost on the way, the lock may be there all the same.
    typer.echo(
        f"The registration lock of {number} gets the PIN {pin}: write it on paper and keep it "
        "where you keep the keyring. Without it nobody, you included, can register this number "
        "anew."
    )
    await rpc.call("setPin", account=number, pin=pin)


async def _make_neutral(rpc: Rpc, number: str) -> None:
    """A name that tells nothing; the number is shown to nobody who does not have it."""
    await rpc.call("updateProfile", account=number, givenName=NAME)
    await rpc.call(
        "updateConfiguration",
        account=number,
        readReceipts=True,
        typingIndicators=True,
        linkPreviews=False,
        unidentifiedDeliveryIndicators=False,
    )
    await rpc.call("updateAccount", account=number, numberSharing=False)


def _ask_captcha(address: str) -> str:
    typer.echo(
        f"Signal wants to see that a person is here. Open\n  {address}\nsolve it, and copy the "
        "link that it ends with (it begins with signalcaptcha://)."
    )
    while True:
        captcha = captcha_of(typer.prompt("The link"))
        if captcha:
            return captcha
        typer.echo("That is none: it begins with signalcaptcha://", err=True)


@setting_up.command()
def link() -> None:
    """Add the bot to a number that is on a phone already. A number of its own is safer."""
    do(_link)


async def _link(rpc: Rpc, _settings: BotSettings) -> None:
    answer = await rpc.call("startLink")
    uri = str(answer.get("deviceLinkUri", ""))
    if not uri.startswith("sgnl://"):
        raise ConfigurationError("The Signal daemon gave no link.")
    typer.echo("On the phone: Signal, Settings, Linked devices, Link a new device. Scan this:\n")
    typer.echo(_square(uri))
    typer.echo(
        "Whatever is typed on that phone, the bot sees as if it had said it itself: use the phone "
        "for nothing else."
    )
    await rpc.call("finishLink", seconds=300.0, deviceLinkUri=uri, deviceName=NAME)
    typer.echo("Linked. The bot finds the number by itself.")


def _square(uri: str) -> str:
    import io  # noqa: PLC0415

    import segno  # noqa: PLC0415

    out = io.StringIO()
    segno.make(uri).terminal(out, compact=True)
    return out.getvalue()


@setting_up.command()
def status() -> None:
    """The daemon, its numbers, and whether Signal knows them."""
    do(_status)


async def _status(rpc: Rpc, _settings: BotSettings) -> None:
    version = (await rpc.call("version")).get("version", "?")
    numbers = await numbers_of(rpc)
    typer.echo(f"signal-cli {version}, {len(numbers)} number(s)")
    for one in numbers:
        typer.echo(f"{one}: {await _known(rpc, one)}")


async def _known(rpc: Rpc, number: str) -> str:
    try:
        answer: Any = await rpc.call("getUserStatus", account=number, recipient=[number])
    except RpcError as error:
        return f"Signal cannot be asked ({error.code})"
    known = any(one.get("isRegistered") for one in answer if isinstance(one, dict))
    return "registered" if known else "not registered any more: `relais-bot signal register`"


@setting_up.command()
def username(number: str, name: str) -> None:
    """Give NUMBER the user name NAME (letters, a dot, two digits), for links without a number."""
    do(lambda rpc, _: _username(rpc, number, name))


async def _username(rpc: Rpc, number: str, name: str) -> None:
    answer: Any = await rpc.call("updateAccount", account=number, username=name) or {}
    typer.echo(f"Its user name is {answer.get('username', name)}.")
    if answer.get("usernameLink"):
        typer.echo(
            f"For the sheet: relais channels links --signal {answer['usernameLink']} …\n"
            "Whoever writes by it does not see the number."
        )


@setting_up.command()
def challenge() -> None:
    """Free the numbers that Signal makes wait: solve its captcha for each of them."""
    do(_challenge)


async def _challenge(rpc: Rpc, settings: BotSettings) -> None:
    state = open_state(settings, World())
    try:
        holds = load_holds(state)
        waiting = {one: hold.token for one, hold in holds.items() if hold.token}
        if not waiting:
            typer.echo("No number waits for a person.")
        refused: RpcError | None = None
        for number, token in waiting.items():
            typer.echo(f"{number}:")
            try:
                await submit(rpc, number, token, _ask_captcha(SOLVE_AT))
            except RpcError as error:
                refused = error
                typer.echo("Signal did not take it.")
                continue
            holds = load_holds(state)  # the bot may have noted others while a person solved this
            holds.pop(number, None)
            store_holds(state, holds)
            typer.echo("It is free; what waits leaves within a minute.")
        if refused is not None:
            raise refused
    finally:
        state.close()


for _command in (identities, trust, refuse):
    setting_up.command()(_command)
