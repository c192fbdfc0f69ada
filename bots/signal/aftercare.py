"""What follows once a message is safe, and is not waited for: the tick "read", a timer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from bots.core import Kit, Later, Permanent
from bots.signal.accounts import Accounts
from bots.signal.lines import Lost
from bots.signal.rpc import Rpc, RpcError
from bots.signal.sender import Sender
from bots.signal.state import State

log = structlog.get_logger("relais.signal")

AT_ONCE: Final = 4
WAITING: Final = 500
"""Ticks and typing that wait behind a slow daemon; more are left out, for nothing hangs on them."""
ASK_AGAIN: Final = 3_600.0
"""Seconds."""
GROUPS: Final = 200
"""Groups refused since the bot started: who makes more of them would use up the number's sends."""
_RESEND: Final = "offline/send_again/text"
_GROUP: Final = "offline/group_refused/text"
_FAILS: Final = (Lost, RpcError, Later, Permanent)


class Aftercare:
    """Small calls, a few at once; what fails is not tried again. ``timer`` in seconds."""

    def __init__(
        self, rpc: Rpc, sender: Sender, accounts: Accounts, state: State, kit: Kit, timer: int
    ) -> None:
        self._accounts = accounts
        self._rpc = rpc
        self._sender = sender
        self._state = state
        self._kit = kit
        self._timer = timer
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: dict[str, float] = {}
        self._left: set[str] = set()

    def kept(self, person: str, account: str, stamp: int) -> None:
        """It is in the spool: only now the sender sees it as read, and that an answer is coming."""
        # In the chat in which they are answered, which may be another number's.
        serving = self._accounts.serving(person) or account
        if self._timer and self._state.untimed(person) and not self._accounts.held(serving):
            self._soon(self._time(person, serving))
        if self._accounts.held(account):
            return  # each call would make the wait longer
        if len(self._tasks) >= WAITING:
            return
        self._soon(
            self._rpc.call(
                "sendReceipt",
                account=account,
                recipient=person,
                targetTimestamp=[stamp],
                type="read",
            )
        )
        self._soon(self._rpc.call("sendTyping", account=account, recipient=[person]))

    def refuse_group(self, account: str, group: str) -> None:
        """One sentence, and out of it. Nothing of it reaches the backend."""
        if group not in self._left and len(self._left) < GROUPS:
            self._left.add(group)
            self._soon(self._leave(account, group))

    def changed(self, person: str, account: str) -> None:
        """The daemon waits until a new key is trusted; whether it is, is the operator's word."""
        self._soon(self._sender.new_identity(account, person))

    def ask_again(self, person: str) -> None:
        """Once an hour, for whatever could not be read of this person; until it was said."""
        now = self._kit.world.now()
        self._asked = {one: at for one, at in self._asked.items() if now - at < ASK_AGAIN}
        if person not in self._asked:
            self._asked[person] = now
            self._soon(self._ask(person))

    async def _ask(self, person: str) -> None:
        try:
            await self._sender.say(person, self._kit.texts(None, _RESEND))
        except BaseException:
            self._asked.pop(person, None)
            raise

    async def close(self) -> None:
        """Let go of what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _time(self, person: str, account: str) -> None:
        """Once it is set it is the person's own: whatever they change it to, stays."""
        await self._sender.set_timer(account, person, self._timer)
        self._state.timed(person)

    async def _leave(self, account: str, group: str) -> None:
        text = self._kit.texts(None, _GROUP)
        try:
            await self._rpc.call("send", account=account, groupId=[group], message=text)
        finally:
            await self._rpc.call("quitGroup", account=account, groupId=group, delete=True)

    def _soon(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(self._harmlessly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _harmlessly(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            async with self._slots:
                await work
        except _FAILS as error:
            log.info("aftercare_failed", error=type(error).__name__)
        finally:
            work.close()
