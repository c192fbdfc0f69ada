"""The bot's numbers: which of them serves whom, and which of them Signal makes wait."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

import structlog

from bots.core import Health, World, iso
from bots.signal.rpc import Rpc, numbers_of
from bots.signal.state import Hold, State, load_holds, store_holds

log = structlog.get_logger("relais.signal")

_TAG: Final = 8
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
        self.times_freed = 0
        """Counts up whenever something that had to wait may be tried again."""
        self.numbers: list[str] = []
        """Of the bot, as the daemon has them."""
        self._all: Sequence[str] = ()
        self._heard = asyncio.Event()
        self._say()

    async def there(self) -> frozenset[str]:
        """All that the daemon has now, ours or not. Raises ``Lost`` or ``RpcError``."""
        return frozenset(await numbers_of(self._rpc))

    def has(self, numbers: Sequence[str]) -> None:
        """The daemon's own word on its accounts, ours or not."""
        wanted = self._wanted
        self._all = numbers
        self.numbers = [one for one in wanted if one in numbers] if wanted else list(numbers)
        self._heard.set()

    async def known(self) -> None:
        """Returns once the daemon said which numbers there are."""
        await self._heard.wait()

    def concerns(self, account: str | None) -> bool:
        """What came to this account is the bot's: all there is, or those that it was given."""
        return not self._wanted or account in self._wanted

    def serving(self, person: str) -> str | None:
        """The number that serves them; None when there is none, or the daemon was not heard yet.

        Whose number is gone, or was forgotten by the bot, gets another one.
        """
        known = self._state.account_of(person)
        if known in self.numbers:
            return known
        free = [one for one in self.numbers if not self.held(one)]
        chosen = next(iter([*free, *self.numbers]), None)
        if known is not None and chosen is not None:
            self._state.serve(person, chosen)
            log.info("served_by_another_number")
        return chosen

    def meet(self, person: str, account: str) -> None:
        """They wrote to ``account``, and are answered there unless it has to wait."""
        known = self._state.account_of(person)
        free = [one for one in self.numbers if not self.held(one)]
        if account in free or known is None:
            chosen = account if account in free or not free else free[0]
        elif known in self.numbers:
            return  # two that wait, or they know another one already
        else:
            chosen = next(iter(free), account)  # the number they knew is gone
        if chosen == known:
            return
        self._state.serve(person, chosen)
        if known is not None:
            self._wake()  # what waited for the other number
        elif chosen != account:
            log.info("served_by_another_number")

    def knows(self, person: str) -> bool:
        """They wrote, and did not erase since."""
        return self._state.account_of(person) is not None

    def tag(self, account: str) -> str:
        """Names a number of ours in a receipt; tells nobody else which one it is."""
        return self._state.hashed("number", account).hex()[:_TAG]

    def tagged(self, tag: str) -> str | None:
        """The number of this tag, if the daemon still has it, be it the bot's or not any more."""
        return next((one for one in self._all if self.tag(one) == tag), None)

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
        self.times_freed += 1
        self._free.set()
        self._free = asyncio.Event()

    async def freed(self, since: int) -> None:
        """Returns as soon as something may be tried again that could not when the count was this.

        At once, when that came between the try and this call.
        """
        while self.times_freed == since:
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
