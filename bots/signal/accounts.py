"""The bot's numbers: which of them serves whom, and which of them Signal makes wait."""

import asyncio
from collections.abc import Collection
from typing import Final

import structlog

from bots.core import Health, World, iso
from bots.signal.rpc import Rpc, numbers_of
from bots.signal.state import Hold, State, load_holds, store_holds

log = structlog.get_logger("relais.signal")

LONGEST_HOLD: Final = 86_400.0
"""Seconds; the longest that was seen."""
_CHALLENGE: Final = (
    "Signal takes no messages from {count} of the bot's numbers until a person solves a challenge: "
    "`relais-bot signal challenge`, or the page of the same name. What is to be said waits; it is "
    "tried again at {until}."
)


async def submit(rpc: Rpc, account: str, token: str, captcha: str) -> None:
    """A challenge and its solution. Raises :class:`RpcError` or ``Lost``."""
    await rpc.call("submitRateLimitChallenge", account=account, challenge=token, captcha=captcha)


class Accounts:
    """Of new people, whoever wrote to a number that must wait is served by another one."""

    def __init__(
        self, state: State, rpc: Rpc, world: World, health: Health, wanted: Collection[str] = ()
    ) -> None:
        self._wanted = wanted
        self._state = state
        self._rpc = rpc
        self._world = world
        self._health = health
        self._holds = load_holds(state)
        self._free = asyncio.Event()
        self.numbers: list[str] = []
        """All that the daemon has, once it is connected."""
        self._say()

    async def there(self) -> frozenset[str]:
        """All that the daemon has now, ours or not. Raises ``Lost`` or ``RpcError``."""
        return frozenset(await numbers_of(self._rpc))

    def concerns(self, account: str | None) -> bool:
        """What came to this account is the bot's: all there is, or those that it was given."""
        return not self._wanted or account in self._wanted

    def serving(self, person: str) -> str | None:
        """The number that serves them; None when they never wrote."""
        return self._state.account_of(person)

    def any_number(self) -> str | None:
        """For somebody who wrote once, when the bot's memory of whom by which is gone."""
        free = [one for one in self.numbers if not self.held(one)]
        return next(iter([*free, *self.numbers]), None)

    def meet(self, person: str, account: str) -> None:
        """They wrote to ``account``."""
        known = self._state.account_of(person)
        if known is not None:
            if known not in self.numbers and account in self.numbers:
                self._state.serve(person, account)  # the number they knew is gone
            return
        free = [one for one in self.numbers if not self.held(one)]
        chosen = account if account in free or not free else free[0]
        self._state.serve(person, chosen)
        if chosen != account:
            log.info("served_by_another_number")

    def held(self, account: str) -> float:
        """Seconds that this number has to wait; 0 when it may send."""
        hold = self._holds.get(account)
        return max(0.0, hold.until - self._world.now()) if hold is not None else 0.0

    def hold(self, account: str, token: str | None, seconds: float | None) -> float:
        """Signal refused; returns the seconds to wait."""
        wait = min(seconds or 60.0, LONGEST_HOLD)
        self.refresh()
        before = self._holds.get(account)
        if before is not None and before.token and not token and self.held(account):
            return self.held(account)  # of a call under way at that time; the challenge stands
        self._holds[account] = Hold(token or "", self._world.now() + wait)
        store_holds(self._state, self._holds)
        self._health.metrics.errors.labels("signal_rate_limit").inc()
        self._say()
        return wait

    def release(self, account: str) -> None:
        """It may send again."""
        if self._holds.pop(account, None) is not None:
            store_holds(self._state, self._holds)
            self._say()
            self._wake()

    def _wake(self) -> None:
        self._free.set()
        self._free = asyncio.Event()

    async def freed(self) -> None:
        """Returns as soon as some number may send again."""
        await self._free.wait()

    def refresh(self) -> None:
        """Holds end by themselves, or by a person who solved the challenge in another process."""
        before, self._holds = self._holds, load_holds(self._state)
        if before.keys() - self._holds.keys():
            self._say()
            self._wake()
        for account in list(self._holds):
            if not self.held(account):
                self.release(account)

    def challenges(self) -> dict[str, str]:
        """Account -> token, of those that a person can free."""
        return {one: hold.token for one, hold in self._holds.items() if hold.token}

    async def solve(self, account: str, captcha: str) -> None:
        """Raises :class:`RpcError` when Signal does not take it, or ``Lost``."""
        await submit(self._rpc, account, self.challenges()[account], captcha)
        self.refresh()
        self.release(account)

    def put_last(self, account: str) -> None:
        """Its challenge was not taken: the next solution is for another number first."""
        self.refresh()
        hold = self._holds.pop(account, None)
        if hold is not None:
            self._holds[account] = hold
            store_holds(self._state, self._holds)

    def _say(self) -> None:
        waiting = {one: hold for one, hold in self._holds.items() if self.held(one)}
        if not waiting:
            self._health.clear("signal_challenge")
            return
        until = min(hold.until for hold in waiting.values())
        words = _CHALLENGE.format(count=len(waiting), until=iso(until))
        self._health.problem("signal_challenge", words)
