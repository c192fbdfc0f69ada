"""Once an hour: does a message still go round? Nobody else would notice a silent Signal."""

import asyncio
import re
from typing import Final

import structlog

from bots.core import Kit
from bots.signal.accounts import Accounts
from bots.signal.lines import Lost
from bots.signal.rpc import Rpc, RpcError

log = structlog.get_logger("relais.signal")

FIRST_AFTER: Final = 120.0
WITHIN: Final = 300.0
_WORD: Final = "canary "
_CANARY: Final = re.compile(r"canary [0-9a-f]{16}")
_DEAD: Final = (
    "A message from one of the bot's numbers to another did not arrive within five minutes: is the "
    "daemon online, and is the number still registered? `relais-bot signal status`."
)


class Canary:
    """From each number to the next; a single number asks Signal for its own status instead."""

    def __init__(self, rpc: Rpc, accounts: Accounts, kit: Kit, every: float) -> None:
        self._rpc = rpc
        self._accounts = accounts
        self._world = kit.world
        self._health = kit.health
        self._every = every
        self._waiting: dict[str, asyncio.Event] = {}

    async def run(self) -> None:
        """Until cancelled."""
        if not self._every:
            return
        await self._world.sleep(min(FIRST_AFTER, self._every))
        while True:
            await self.once()
            await self._world.sleep(self._every)

    async def once(self) -> None:
        """One round over all numbers that may send."""
        numbers = [one for one in self._accounts.numbers if not self._accounts.held(one)]
        sound = [
            await self._sings(one, numbers[(place + 1) % len(numbers)])
            for place, one in enumerate(numbers)
        ]
        if all(sound):
            self._health.clear("signal_canary")
        else:
            self._health.problem("signal_canary", _DEAD)

    def hears(self, text: str | None) -> bool:
        """Whether this is a canary, also one that comes late; it reaches nobody else."""
        if text is None or not _CANARY.fullmatch(text):
            return False
        arrived = self._waiting.get(text)
        if arrived is not None:
            arrived.set()
        return True

    async def _sings(self, here: str, there: str) -> bool:
        try:
            if here == there:
                found = await self._rpc.call("getUserStatus", account=here, recipient=[here])
                return any(one.get("isRegistered") for one in found or ())
            word = f"{_WORD}{self._world.random(8).hex()}"
            arrived = self._waiting[word] = asyncio.Event()
            try:
                await self._rpc.call("send", account=here, recipient=[there], message=word)
                await self._world.within(WITHIN, arrived.wait())
            finally:
                del self._waiting[word]
        except (Lost, RpcError, TimeoutError) as error:
            log.warning("canary", error=type(error).__name__)
            return False
        return True
