"""From the daemon to the spool: kept before it is looked at, then read, each person in order."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from bots.core import (
    ASIDE_DAYS,
    Backoff,
    Frame,
    Kit,
    MediaRef,
    NotReady,
    SpoolError,
    together,
)
from bots.signal.accounts import Accounts
from bots.signal.aftercare import Aftercare
from bots.signal.canary import Canary
from bots.signal.envelopes import Delivered, Envelope, attached, read_line
from bots.signal.files import Files
from bots.signal.lines import Lines, Lost, connect
from bots.signal.rpc import RpcError, answer_of, request
from bots.signal.signalbots import Parser
from bots.signal.translate import (
    LONG_TEXT,
    Changed,
    Found,
    Group,
    Take,
    Unreadable,
    group_of,
    plainly,
    problem,
    sender_of,
    translate,
)

log = structlog.get_logger("relais.signal")

ANSWER_SECONDS: Final = 30.0
_SUBSCRIBE: Final = "subscribe"
_AWAY: Final = "The Signal daemon does not answer; trying again."
_REFUSED: Final = "The Signal daemon does not let the bot listen ({code}). Is it signal-cli 0.13?"


@dataclass(slots=True)
class _Looked:
    """A frame and what is to be done about it; ``aside``: it is kept for a later version, too."""

    frame: Frame
    person: str
    account: str
    found: list[Found]
    files: frozenset[str]
    """What the daemon put on its disk of it."""
    aside: bool = False


def _is_answer(line: bytes) -> bool:
    """Whether this is the answer to the subscription, a yes or a no."""
    try:
        call_id, _ = answer_of(line)
    except RpcError:
        return True
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return call_id == _SUBSCRIBE


def _parted(lines: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """What was delivered, and answers to subscriptions."""
    answers = [line for line in lines if _is_answer(line)]
    return [line for line in lines if line not in answers], answers


class Receiving:
    """``run`` until cancelled."""

    def __init__(
        self,
        *,
        address: str,
        parser: Parser,
        files: Files,
        accounts: Accounts,
        aftercare: Aftercare,
        canary: Canary,
        kit: Kit,
    ) -> None:
        self._canary = canary
        self._address = address
        self._parser = parser
        self._files = files
        self._accounts = accounts
        self._aftercare = aftercare
        self._kit = kit
        self._queue: asyncio.Queue[list[Frame]] = asyncio.Queue()
        self._lines: Lines | None = None
        self._listening_to: frozenset[str] = frozenset()

    def heard_of(self, numbers: Sequence[str]) -> None:
        """What the daemon has now: a number that came since is subscribed to, too.

        signal-cli 0.13.19 in manual mode gives a subscriber the accounts of that moment alone.
        """
        if self._lines is None:
            return
        for number in set(numbers) - self._listening_to:
            with contextlib.suppress(Lost):  # whoever reads it begins anew
                self._lines.write(request(_SUBSCRIBE, "subscribeReceive", {"account": number}))
        self._listening_to = frozenset(numbers)

    async def run(self) -> None:
        """What an earlier run kept comes first."""
        self._queue.put_nowait(await self._kit.frames.waiting())
        await together(self._listen(), self._work())

    async def _listen(self) -> None:
        backoff = Backoff(self._kit.world)
        while True:
            try:
                lines = await connect(self._address)
            except Lost:
                await self._away(_AWAY, backoff)
                continue
            try:
                # Asked first: a number that comes in between is then one that is not listened to.
                self._listening_to = await self._accounts.there()
                await self._subscribe(lines)
                self._lines = lines
                self._kit.health.clear("signal_away")
                backoff.reset()
                await self._keep_all(lines)
            except Lost:
                await self._away(_AWAY, backoff)
            except RpcError as error:
                await self._away(_REFUSED.format(code=error.code), backoff)
            finally:
                self._lines = None
                lines.close()

    async def _away(self, advice: str, backoff: Backoff) -> None:
        self._kit.health.problem("signal_away", advice)
        await self._kit.world.sleep(backoff.next())

    async def _subscribe(self, lines: Lines) -> None:
        """Without a number: for all that the daemon has now.

        Frames may come before the answer, and with it.
        """
        lines.write(request(_SUBSCRIBE, "subscribeReceive", {}))
        while True:
            try:
                came = await self._kit.world.within(ANSWER_SECONDS, lines.take())
            except TimeoutError:
                raise Lost from None
            frames, answers = _parted(came)
            if frames:
                await self._keep(frames)
            if answers:
                answer_of(answers[0])
                return

    async def _keep_all(self, lines: Lines) -> None:
        """Raises ``Lost``, or :class:`RpcError` when a number that came later is refused."""
        while True:
            frames, answers = _parted(await lines.take())
            if frames:
                await self._keep(frames)
            for one in answers:
                answer_of(one)

    async def _keep(self, lines: Sequence[bytes]) -> None:
        """On the disk; while that refuses, nothing more is read."""
        backoff = Backoff(self._kit.world)
        while True:
            try:
                frames = await self._kit.frames.keep(lines)
            except SpoolError as error:
                self._kit.health.problem(error.code, error.advice)
                await self._kit.world.sleep(backoff.next())
            else:
                self._kit.health.clear("spool_failed")
                self._queue.put_nowait(frames)
                return

    async def _work(self) -> None:
        await self._accounts.known()
        while True:
            frames = await self._queue.get()
            while not self._queue.empty():
                frames += self._queue.get_nowait()
            if frames:
                await self._read(frames)

    async def _read(self, frames: list[Frame]) -> None:
        """Parsed one after the other; then different people at once, each in order."""
        people: dict[str, list[_Looked]] = {}
        done: list[int] = []
        for frame in frames:
            try:
                looked = await self._look(frame)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                log.warning("malformed", error=type(error).__name__)
                looked = self._garbled(frame)
                if looked is None:
                    await self._aside(frame)
                    continue
            if looked is None:
                done.append(frame.n)
            else:
                people.setdefault(looked.person, []).append(looked)
        await asyncio.gather(*(self._one_person(some) for some in people.values()))
        if done:
            await self._insist(lambda: self._kit.frames.drop(done))

    async def _look(self, frame: Frame) -> "_Looked | None":
        """None: of no concern. Raises for what is no frame at all."""
        read = read_line(frame.raw)
        if read is None:
            return None
        delivered, body = read
        envelope = delivered.envelope
        # What is typed on a linked phone of ours arrives as if the other had said it.
        if envelope is None or envelope.sync_message is not None or not envelope.person:
            return None
        if not self._accounts.concerns(delivered.account):
            return None
        files = attached(envelope)
        looked = _Looked(frame, envelope.person, delivered.account, [], files)
        try:
            found = await self._found(delivered, envelope, body)
        except Exception as error:  # noqa: BLE001  whatever a stranger's bytes bring up
            # Kept aside for us, and answered all the same: they did send something.
            log.warning("malformed", error=type(error).__name__)
            looked.found.extend(plainly(delivered, self._name))
            looked.aside = True
            return looked
        looked.found.extend(found)
        return looked

    def _garbled(self, frame: Frame) -> "_Looked | None":
        """A line that nobody can read, but that shows who wrote: they are asked to say it again."""
        found = sender_of(frame.raw)
        if found is None or found[1] not in self._accounts.numbers:
            return None
        return _Looked(frame, *found, [Unreadable()], frozenset(), aside=True)

    async def _found(self, delivered: Delivered, envelope: Envelope, body: str) -> list[Found]:
        if delivered.exception is not None:
            return list(problem(delivered))
        message = await self._parser.read(body)
        own = self._canary.hears(getattr(message, "text", None))
        if own or self._is_ours(envelope.source_number):
            return []  # our numbers do not talk to each other
        group = group_of(message)
        if group is not None:
            return [Group(group)]
        long_text = await self._long_text(message)
        return list(translate(message, envelope, self._name, long_text))

    def _is_ours(self, number: str | None) -> bool:
        """One of the bot's. Another account of the daemon's is a person as everybody else is."""
        return number in self._listening_to and self._accounts.concerns(number)

    async def _long_text(self, message: Any) -> str | None:
        for file in getattr(message, "attachments", None) or ():
            if file.content_type == LONG_TEXT and file.local_filename:
                return await self._files.long_text(file.local_filename)
        return None

    def _name(self, *parts: str) -> str:
        return self._kit.name("event", *parts)

    async def _one_person(self, some: "list[_Looked]") -> None:
        for looked in some:
            for one in looked.found:
                await self._insist(partial(self._take, looked.person, looked.account, one))
            if looked.aside:
                await self._aside(looked.frame, looked.person)
            else:
                self._tidy(looked)
                await self._insist(partial(self._kit.frames.drop, [looked.frame.n]))

    def _tidy(self, looked: "_Looked") -> None:
        """What is no file of the turn (long words, a map, a preview) goes from the daemon's disk.

        A file of the turn goes once the backend has it.
        """
        of_turns = {
            one.media.reference
            for one in looked.found
            if isinstance(one, Take) and isinstance(one.media, MediaRef)
        }
        for name in looked.files - of_turns:
            self._files.remove(name)

    async def _take(self, person: str, account: str, one: Found) -> None:
        match one:
            case Take():
                self._accounts.meet(person, account)
                await self._kit.accept(one.event_id, one.inbound, one.media)
                self._aftercare.kept(person, account, one.stamp)
            case Group(group):
                self._kit.health.metrics.events.labels("group_refused").inc()
                self._aftercare.refuse_group(account, group)
            case Changed():
                self._aftercare.changed(person, account)
            case Unreadable():
                self._kit.health.metrics.events.labels("undecryptable").inc()
                self._accounts.meet(person, account)
                self._aftercare.ask_again(person)

    async def _aside(self, frame: Frame, person: str = "") -> None:
        lane = self._kit.lane(person) if person else b""
        self._kit.health.metrics.events.labels("quarantined").inc()
        await self._insist(lambda: self._kit.frames.put_aside(frame.n, lane))
        self._kit.health.note(
            "frames_aside",
            "What the Signal daemon sent could not be read; it is kept, sealed, for "
            f"`relais-bot requeue signal` after an upgrade, {ASIDE_DAYS} days at most.",
        )

    async def _insist(self, work: Callable[[], Awaitable[object]]) -> None:
        """Until the disk takes it, or the first inbox key is here. Repeats are harmless."""
        backoff = Backoff(self._kit.world)
        while True:
            try:
                await work()
            except (NotReady, SpoolError, sqlite3.Error) as error:
                log.warning("not_kept", error=type(error).__name__)
                await self._kit.world.sleep(backoff.next())
            else:
                return
