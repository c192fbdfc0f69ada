"""`relais-bot signal identities|trust|refuse`: whose new key on Signal is taken, by hand."""

from typing import Any

import msgspec
import typer

from bots.core import BotSettings, ConfigurationError, World, iso
from bots.signal.rpc import Rpc, RpcError, numbers_of
from bots.signal.state import State, open_state
from bots.signal.with_daemon import do


class _Identity(msgspec.Struct, rename="camel"):
    """As ``listIdentities`` gives it; times in ms."""

    fingerprint: str = ""
    safety_number: str = ""
    trust_level: str = ""
    added_timestamp: int = 0

    @property
    def digits(self) -> str:
        """The safety number without its blanks."""
        return "".join(one for one in self.safety_number if one.isdecimal())


async def _keys_of(rpc: Rpc, person: str) -> dict[str, list[_Identity]]:
    """Number of ours -> the keys that it has seen of them, the newest first.

    Each number keeps its own list, and has a safety number of its own with them.
    """
    found = {}
    for number in await numbers_of(rpc):
        try:
            raw = await rpc.call("listIdentities", account=number, number=person)
        except RpcError:  # this one never met them
            continue
        keys = msgspec.convert(raw or [], list[_Identity], strict=False)
        if keys:
            found[number] = sorted(keys, key=lambda one: -one.added_timestamp)
    return found


def identities() -> None:
    """Whose key on Signal changed, and waits for your decision."""
    do(_identities)


async def _identities(rpc: Rpc, settings: BotSettings) -> None:
    state = open_state(settings, World())
    try:
        waiting, refused = state.changed_keys(), state.refused_keys()
    finally:
        state.close()
    if not waiting:
        typer.echo("Nobody's key waits for a decision.")
    for one in waiting:
        typer.echo(f"{one.person}, since {iso(one.since)}")
        new = {
            number: keys[0].safety_number
            for number, keys in (await _keys_of(rpc, one.person)).items()
            if keys[0].trust_level == "UNTRUSTED"
        }
        for number, safe in new.items():
            typer.echo(f"  safety number with {number}: {safe}")
        if not new:
            typer.echo("  The daemon has not seen the new key itself yet.")
    for one in refused:
        typer.echo(f"{one.person}: refused. `relais-bot signal trust` undoes it.")
    if waiting:
        typer.echo(
            "A new phone is the usual reason. Ask them on another way, or let them read the safety "
            "number in the chat's settings. Then: `relais-bot signal trust ID`, or "
            "`relais-bot signal refuse ID` if it is somebody else."
        )


def trust(person: str, safety_number: str = "") -> None:
    """Take PERSON's new key on every number: what waits leaves, in both directions."""
    do(lambda rpc, settings: _trust(rpc, settings, person, safety_number))


async def _trust(rpc: Rpc, settings: BotSettings, person: str, safety_number: str) -> None:
    state = open_state(settings, World())
    try:
        _in_question(state, person)
        keys = await _keys_of(rpc, person)
        if not keys:
            raise ConfigurationError(f"The Signal daemon knows no key of {person} (any more).")
        ways = _verified(keys, safety_number) if safety_number else _all_known(keys)
        await _take(rpc, person, ways)
        state.decided(person)
    finally:
        state.close()
    typer.echo("Taken. What waits leaves within a minute.")


Ways = list[tuple[str, dict[str, Any]]]
"""(number of ours, how it is to trust)."""


def _all_known(keys: dict[str, list[_Identity]]) -> Ways:
    return [(number, {"trustAllKnownKeys": True}) for number in keys]


def _verified(keys: dict[str, list[_Identity]], safety_number: str) -> Ways:
    """The one key that has this safety number with some number of ours, wherever it was seen."""
    digits = "".join(one for one in safety_number if one.isdecimal())
    seen = [one for some in keys.values() for one in some]
    key = next((one.fingerprint for one in seen if digits and one.digits == digits), None)
    if key is None:
        raise ConfigurationError(
            "No key that the daemon has seen of them has this safety number: "
            "`relais-bot signal identities` shows those that it has. Nothing was changed."
        )
    return [
        (number, {"verifiedSafetyNumber": one.safety_number})
        for number, some in keys.items()
        for one in some
        if one.fingerprint == key
    ]


async def _take(rpc: Rpc, person: str, ways: Ways) -> None:
    """On every number that lets us: where the key is trusted already the daemon may refuse."""
    refused: RpcError | None = None
    taken = 0
    for number, how in ways:
        try:
            await rpc.call("trust", account=number, recipient=person, **how)
        except RpcError as error:
            refused = error
        else:
            taken += 1
    if refused is not None and not taken:
        raise refused


def refuse(person: str) -> None:
    """Send nothing to PERSON any more; `trust` undoes it for what is said after that."""
    do(lambda _, settings: _refuse(settings, person))


async def _refuse(settings: BotSettings, person: str) -> None:
    state = open_state(settings, World())
    try:
        _in_question(state, person)
        state.refuse(person)
    finally:
        state.close()
    typer.echo(
        "Refused. What was to be said to them is dropped, and their alerts go to others. If they "
        "are a responder, take them off call."
    )


def _in_question(state: State, person: str) -> None:
    """Raises :class:`ConfigurationError` where there is nothing to decide."""
    if state.changed_key(person) is None:
        raise ConfigurationError(
            f"No key of {person} is in question. `relais-bot signal identities` shows whose is."
        )
