"""Deliveries as calls to the daemon."""

import base64
import contextlib
import re
from typing import Any, Final

import msgspec
import structlog

from bots.core import HELD, Delivery, Kit, Later, Pace, Pacer, Permanent, Sent, SpoolError
from bots.signal.accounts import Accounts
from bots.signal.lines import Lost
from bots.signal.rpc import INVALID_PARAMS, IO, RATE_LIMIT, UNTRUSTED, Rpc, RpcError
from bots.signal.state import ChangedKey, State
from bots.signal.translate import OURS

log = structlog.get_logger("relais.signal")

_ADDRESS: Final = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\+[1-9]\d{6,14}"
)
_UNTRUSTED: Final = (
    "The identity key of {count} people on Signal has changed: a new phone, or somebody who stands "
    "between. Nothing is sent to them, and what they write waits in the daemon, 30 days at most. "
    "`relais-bot signal identities` shows who they are, `relais-bot signal trust` takes a new key."
)
_INSIST: Final = (1.0, 5.0, 15.0)
_NOT_FORGOTTEN: Final = (
    "Somebody erased everything, and the Signal daemon did not let go of their contact: it is "
    "still in its folder. Is the disk full? Look at `relais-bot signal status`."
)
PACE: Final = Pace(per_second=50.0, burst=20, per_chat=1.0, chat_burst=20)
"""Signal's server takes 60 messages a minute from one account to another, a bucket of 60 (its
source, ``RateLimiters``); the sum is ours, so that a number that was freed does not send at once
what waited for a day."""
PACED: Final = frozenset({"send", "remoteDelete"})
LOOK_AGAIN: Final = 60.0
"""Seconds; a number that must wait for a day may be freed by a person at any moment."""
TRY_ANYWAY: Final = 3_600.0
"""Seconds until Signal is asked again about a changed key that nobody decided about."""
_NO_ACCOUNT: Final = (
    "The Signal daemon does not have the bot's number (any more): `relais-bot signal register`."
)


class _Result(msgspec.Struct, rename="camel"):
    type: str = ""
    token: str | None = None
    retry_after_seconds: float | None = None


class _Answer(msgspec.Struct):
    timestamp: int = 0
    results: list[_Result] = []


class _Inside(msgspec.Struct):
    response: _Answer | None = None


class Sender:
    """One call after the other for a person; the outlet sees to the order."""

    def __init__(
        self, rpc: Rpc, accounts: Accounts, state: State, kit: Kit, *, trust: bool
    ) -> None:
        self._rpc = rpc
        self._accounts = accounts
        self._state = state
        self._get = kit.get
        self._world = kit.world
        self._health = kit.health
        self._deleted: dict[str, set[int]] = {}
        """Of deletions under way: what Signal took already."""
        self._frames = kit.frames
        self._lane = kit.lane
        self._trust = trust
        self._tried_at: dict[str, int] = {}
        """How often something had been freed when it was tried last for this person, in vain."""
        self._tried: dict[str, float] = {}
        """When Signal was asked last about somebody whose key changed (monotonic)."""
        self._trusted: dict[str, float] = {}
        """When a new key was taken last (monotonic)."""
        self._unsaid: set[str] = set()
        """Who erased while their key was in question: the goodbye is not said to whoever it is."""
        self._pacers: dict[str, Pacer] = {}

    async def carry_out(self, delivery: Delivery) -> Sent:
        """Raises ``Later`` or ``Permanent``."""
        since = self._accounts.times_freed
        try:
            return await self._carry_out(delivery)
        except Later:
            self._tried_at[delivery.address] = since
            raise

    async def reachable(self, person: str) -> None:
        """Returns as soon as what could not be carried out for this person may be tried again."""
        since = self._tried_at.pop(person, self._accounts.times_freed)
        await self._accounts.freed(since)

    async def _carry_out(self, delivery: Delivery) -> Sent:
        person = delivery.address
        if delivery.kind == "forget" and delivery.erased and self._in_question(person):
            return await self._forget_unsaid(person)
        if person in self._unsaid:
            self._unsaid.discard(person)
            if delivery.kind == "send" and not self._accounts.knows(person):
                return Sent()
        account = self._account(person)
        match delivery.kind:
            case "send":
                return await self._send(account, delivery)
            case "edit":
                return await self._edit(account, delivery)
            case "delete" | "forget":
                return await self._delete(account, delivery)
            case "timer":
                await self.set_timer(account, delivery.address, _seconds(delivery.text))
                return Sent()
        raise Permanent("unsupported")

    async def say(self, address: str, text: str) -> None:
        """A sentence of the bot's own."""
        await self._message(self._account(address), address, message=text)

    async def set_timer(self, account: str, person: str, seconds: int) -> None:
        """Of disappearing messages, both sides'; 0: none."""
        await self._call("updateContact", account, recipient=person, expiration=seconds)

    def _account(self, person: str) -> str:
        if not _ADDRESS.fullmatch(person):
            raise Permanent("unknown_address")
        account = self._accounts.serving(person)
        if account is None:
            raise Later(5.0)  # the daemon was not heard yet, or has no number
        self._may(account)
        match self._state.key_of(person):
            case "refused":
                raise Permanent("refused")
            case "undecided":
                last = self._tried.get(person)
                if last is not None and self._world.monotonic() - last < TRY_ANYWAY:
                    raise Later(LOOK_AGAIN, HELD)
        return account

    def _may(self, account: str) -> None:
        wait = self._accounts.held(account)
        if wait:
            raise Later(min(wait, LOOK_AGAIN), HELD)

    async def _send(self, account: str, delivery: Delivery) -> Sent:
        attachments = [
            one
            for number in range(len(delivery.attachments))
            if (one := await self._attachment(delivery, number))
        ]
        beside = {"attachments": attachments} if attachments else {}
        person = delivery.address
        if not self._state.leaving(person):
            sent = await self._message(account, person, message=delivery.text, **beside)
            return Sent((sent,))
        try:
            await self._message(account, person, message=delivery.text, **beside)
        except Permanent:
            await self._forget(account, person)
            raise
        await self._forget(account, person)
        return Sent()

    async def _edit(self, account: str, delivery: Delivery) -> Sent:
        """In place; a message that Signal will not have edited is said anew."""
        target = next(iter(self._ours(delivery, account)), None)
        if target is None or target[1] != account or delivery.attachments:
            return await self._send(account, delivery)
        try:
            sent = await self._message(
                account, delivery.address, message=delivery.text, editTimestamp=target[0]
            )
        except Permanent as error:
            if error.reason != "refused":
                raise
            return await self._send(account, delivery)
        # Both: the first is what is deleted, the second what a later edit names.
        return Sent((sent, *delivery.target))

    async def _delete(self, account: str, delivery: Delivery) -> Sent:
        """Ours alone, the newest first; theirs and what is too old Signal leaves where it is."""
        done = self._deleted.setdefault(delivery.id, set())
        for stamp, sender in sorted(self._ours(delivery, account), reverse=True):
            if stamp in done:  # before Signal made the number wait
                continue
            if sender is None:  # that number is gone, and with it the right to delete
                log.info("not_deletable")
                continue
            self._may(sender)
            try:
                await self._call(
                    "remoteDelete", sender, recipient=[delivery.address], targetTimestamp=stamp
                )
            except Permanent as error:
                if error.reason != "refused" and not delivery.erased:
                    self._deleted.pop(delivery.id, None)
                    raise
            done.add(stamp)
        if delivery.erased:
            self._state.leave_soon(delivery.address)
            for other in self._accounts.numbers:
                if other != account:  # the one that says goodbye is the last
                    await self._remove(other, delivery.address)
        sent = await self._send(account, delivery) if delivery.text else Sent()
        self._deleted.pop(delivery.id, None)
        return sent

    def _ours(self, delivery: Delivery, account: str) -> list[tuple[int, str | None]]:
        """(timestamp, which number said it) of the messages of ours, as they are in receipts.

        A receipt without a number is an older version's: of the one that serves them.
        """
        found = []
        for one in delivery.target:
            stamp, _, tag = one.removeprefix(OURS).partition("@")
            if one.startswith(OURS) and stamp.isdecimal():
                found.append((int(stamp), self._accounts.tagged(tag) if tag else account))
        return found

    async def _remove(self, account: str, person: str) -> None:
        """Keys, sessions, name and number of this person go from the daemon, too."""
        try:
            await self._call("removeContact", account, recipient=person, forget=True)
        except Permanent:
            log.info("not_known_there")

    async def _forget(self, account: str, person: str) -> None:
        """After the goodbye, which is not said again whatever becomes of this."""
        for wait in _INSIST:
            try:
                await self._remove(account, person)
                break
            except Later:
                await self._world.sleep(wait)
        else:
            self._health.note("signal_not_forgotten", _NOT_FORGOTTEN)
        await self._forget_here(person)

    async def _forget_here(self, person: str) -> None:
        self._state.forget(person)
        for known in (self._tried_at, self._tried, self._trusted):
            known.pop(person, None)
        with contextlib.suppress(SpoolError):  # its disk refuses, which others say
            await self._frames.forget(self._lane(person))

    def _in_question(self, person: str) -> bool:
        return self._state.key_of(person) != "sound"

    async def _forget_unsaid(self, person: str) -> Sent:
        """Nobody knows who would read a goodbye, or the request to delete: all is left unsaid."""
        await self._accounts.known()
        for number in self._accounts.numbers:
            await self._remove(number, person)
        await self._forget_here(person)
        self._unsaid.add(person)
        return Sent()

    async def _attachment(self, delivery: Delivery, number: int) -> str | None:
        """As a data URI; None when it is left out: the words never wait for a picture."""
        one = delivery.attachments[number]
        data = await self._get(delivery, number)
        outcome = "shown" if data is not None else "left_out"
        self._health.metrics.attachments.labels(outcome).inc()
        if data is None:
            return None
        encoded = base64.b64encode(data).decode()
        return f"data:{one.mime};filename={one.name};base64,{encoded}"

    async def _message(self, account: str, person: str, **fields: Any) -> str:
        """Its id in receipts."""
        raw = await self._call("send", account, recipient=[person], **fields)
        return f"{OURS}{_answer(raw).timestamp}@{self._accounts.tag(account)}"

    async def _call(self, method: str, account: str, **parameters: Any) -> Any:
        """The result, when every part of it says success."""
        recipient = parameters["recipient"]
        if method in PACED:
            pacer = self._pacers.setdefault(account, Pacer(self._world, PACE))
            await pacer.turn(str(recipient))
            self._may(account)  # it may have been made to wait meanwhile
        try:
            raw = await self._rpc.call(method, account=account, **parameters)
        except Lost:
            self._health.metrics.errors.labels("signal_unreachable").inc()
            raise Later(None) from None
        except RpcError as error:
            results = _inside(error.data).results
            if results:
                await self._judge(account, recipient, results)
            if error.code == UNTRUSTED:
                person = recipient[0] if isinstance(recipient, list) else recipient
                await self.new_identity(account, person)
            raise self._of(account, error) from None
        await self._judge(account, recipient, _answer(raw).results)
        self._health.clear("signal_account")
        person = recipient[0] if isinstance(recipient, list) else recipient
        if method == "send" and self._state.sound(person):
            self.say_who_changed()
        return raw

    async def _judge(self, account: str, recipient: Any, results: list[_Result]) -> None:
        """Raises unless it arrived."""
        for one in results:
            match one.type:
                case "SUCCESS":
                    continue
                case "UNREGISTERED_FAILURE":
                    raise Permanent("unknown_address")
                case "RATE_LIMIT_FAILURE":
                    raise self._held(account, one)
                case "IDENTITY_FAILURE":
                    person = recipient[0] if isinstance(recipient, list) else recipient
                    await self.new_identity(account, person)
            if one.token:  # a proof is required, under whatever name
                raise self._held(account, one)
            self._health.metrics.errors.labels("signal_failed").inc()
            raise Later(None)

    def _held(self, account: str, why: _Result) -> Later:
        wait = self._accounts.hold(account, why.token, why.retry_after_seconds)
        return Later(min(wait, LOOK_AGAIN), HELD)

    async def new_identity(self, account: str, person: str) -> None:
        """A new key of this person: taken, or not, as the operator decided. Raises ``Later``."""
        if not self._trust:
            self._tried[person] = self._world.monotonic()
            self._state.undecided(ChangedKey(person, account, self._world.now()))
            self.say_who_changed()
            raise Later(LOOK_AGAIN, HELD)
        now = self._world.monotonic()
        if now - self._trusted.get(person, -LOOK_AGAIN) < LOOK_AGAIN:
            raise Later(None)  # taken, and refused all the same: slower and slower
        self._trusted[person] = now
        self._health.metrics.events.labels("identity_trusted").inc()
        try:
            await self._rpc.call("trust", account=account, recipient=person, trustAllKnownKeys=True)
        except (Lost, RpcError) as error:
            log.warning("trust_failed", error=type(error).__name__)
            raise Later(None) from None
        raise Later(1.0)  # and then what was to be said

    def say_who_changed(self) -> None:
        """To the operator: how many wait for a decision, or that nobody does any more."""
        waiting = self._state.changed_keys()
        if waiting:
            self._health.problem("signal_identity", _UNTRUSTED.format(count=len(waiting)))
        else:
            self._health.clear("signal_identity")

    def _of(self, account: str, error: RpcError) -> Exception:
        self._health.metrics.errors.labels(f"signal{error.code}").inc()
        match error.code:
            case code if code == RATE_LIMIT:
                return self._held(account, _Result())
            case code if code == INVALID_PARAMS and "account" in error.message.lower():
                self._health.problem("signal_account", _NO_ACCOUNT)
                return Later(30.0, HELD)
            case code if code == IO:
                return Later(None)
        if "unregistered" in error.message.lower():
            return Permanent("unknown_address")
        return Permanent("refused")


def _seconds(text: str) -> int:
    if not text.isdecimal():
        raise Permanent("refused")
    return min(int(text), 4 * 7 * 86_400)


def _answer(raw: Any) -> _Answer:
    try:
        return msgspec.convert(raw, _Answer, strict=False)
    except msgspec.ValidationError:
        return _Answer()


def _inside(data: Any) -> _Answer:
    """An error's data holds what the call would have given."""
    try:
        inside = msgspec.convert(data, _Inside, strict=False) if data else _Inside()
    except msgspec.ValidationError:
        inside = _Inside()
    return inside.response or _Answer()
