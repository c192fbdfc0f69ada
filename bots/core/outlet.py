"""From the backend to the platform: one awaited queue per conversation, each delivery settled.

Order holds because the backend leases only a conversation's lowest unsettled delivery, and this
outlet sends one after the other. Nobody waits for a stranger's slow chat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bots.core.adapter import Adapter, Wakes
from bots.core.ambient import World
from bots.core.backoff import Backoff
from bots.core.client import BackendClient, Settlement
from bots.core.delivery import HELD, Delivery, Later, Permanent, Sent
from bots.core.errors import BotError, Faulty, LeaseLost, Rejected
from bots.core.health import Health
from bots.core.ledger import Ledger, Outcome
from bots.core.outage import Outage
from bots.core.tasks import Tasks

log = structlog.get_logger("relais.bot")

HOLD_SECONDS = 600.0
"""How long a delivery is held and its lease renewed before it is given back for later."""
ALERT_SECONDS = 60.0
"""How long an alert is held for a messenger that does not answer; then somebody else is asked."""
GIVE_UP_AFTER = 8
"""Errors of ours at one delivery (not the platform's) until it is reported as failed."""


Done = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Conversation:
    """What this bot holds of one conversation: the delivery in hand, and what came meanwhile."""

    current: Delivery
    waiting: list[Delivery] = field(default_factory=list)
    after: list[Done] = field(default_factory=list)
    """Called once nothing of this conversation is in hand any more."""
    lost: bool = False
    pausing: bool = False
    """Nothing is under way: a stop need not wait for it."""
    held: bool = False
    """The messenger takes nothing for long: the backend is to know, for what waits behind it."""
    task: "asyncio.Task[None] | None" = None


class Outlet:
    """``submit`` takes a leased delivery from wherever it came; ``run`` polls for more."""

    def __init__(
        self,
        *,
        adapter: Adapter,
        client: BackendClient,
        outage: Outage,
        world: World,
        health: Health,
        tasks: Tasks,
        ledger: Ledger,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        self._adapter = adapter
        self._client = client
        self._outage = outage
        self._world = world
        self._health = health
        self._tasks = tasks
        self._hold_seconds = hold_seconds
        self._open: dict[str, Conversation] = {}
        self._closing = False
        self._ledger = ledger

    def submit(self, delivery: Delivery, after: Done | None = None) -> None:
        """Queue it. The same one under a newer lease only renews what is in hand.

        ``after`` is called when it and whatever follows it at once were settled.
        """
        if self._closing:  # its event stays in the spool, its lease runs out
            return
        conversation = self._open.get(delivery.conversation)
        if conversation is not None and after is not None:
            conversation.after.append(after)
        if conversation is None:
            conversation = self._open[delivery.conversation] = Conversation(delivery)
            conversation.after += [after] if after is not None else []
            conversation.task = self._tasks.spawn(self._serve(conversation))
        elif conversation.current.id != delivery.id:
            conversation.waiting = [d for d in conversation.waiting if d.id != delivery.id]
            conversation.waiting.append(delivery)
        elif delivery.fence > conversation.current.fence:
            conversation.current = delivery
            conversation.lost = False

    async def run(self) -> None:
        """Poll for deliveries until cancelled."""
        backoff = Backoff(self._world)
        while True:
            began = self._world.monotonic()
            try:
                found = await self._outage.attempt(self._poll)
            except BotError as error:
                self._health.metrics.errors.labels(error.code).inc()
                self._health.problem("poll_failed", f"{error.code}: {error.advice}")
                await self._world.sleep(backoff.next())
                continue
            backoff.reset()
            self._health.clear("poll_failed")
            for delivery in found:
                self.submit(delivery)
            if not found and self._world.monotonic() - began < 1:
                await self._world.sleep(1)

    async def close(self, grace: float = 5.0) -> None:
        """Begin nothing more, let what is being sent be confirmed, then stop."""
        self._closing = True
        tasks = [c.task for c in self._open.values() if c.task]
        for conversation in self._open.values():
            if conversation.pausing and conversation.task:
                conversation.task.cancel()
        if tasks:
            try:
                await self._world.within(grace, asyncio.gather(*tasks, return_exceptions=True))
            except TimeoutError:
                log.warning("stopped_while_sending", conversations=len(tasks))

    async def _poll(self) -> tuple[Delivery, ...]:
        # While the backend is away this is also the probe, which must not be a long one.
        return await self._client.deliveries(25 if self._outage.since is None else 0)

    async def _serve(self, conversation: Conversation) -> None:
        following: Delivery | None = conversation.current
        while following is not None:
            conversation.current = following
            conversation.lost = False
            following = await self._deliver(conversation)
            if self._closing:
                return
            if following is None and conversation.waiting:
                following = conversation.waiting.pop(0)
        del self._open[conversation.current.conversation]
        for done in conversation.after:
            await done()

    async def _deliver(self, conversation: Conversation) -> Delivery | None:
        outcome = self._ledger.outcome(conversation.current.id)
        if outcome is None:
            outcome = await self._send_under_lease(conversation)
            if outcome is None:
                self._health.metrics.deliveries.labels("lost").inc()
                return None
            if outcome.outcome == "sent":
                await self._ledger.keep(conversation.current.id, outcome)
        self._health.metrics.deliveries.labels(outcome.outcome).inc()
        return await self._settle(conversation, outcome)

    async def _send_under_lease(self, conversation: Conversation) -> Outcome | None:
        renewing = asyncio.create_task(self._keep_lease(conversation))
        try:
            return await self._send(conversation)
        finally:
            renewing.cancel()

    async def _send(self, conversation: Conversation) -> Outcome | None:
        backoff = Backoff(self._world, first=1)
        conversation.held = False
        began = self._world.monotonic()
        faults = 0
        while not conversation.lost:
            pause = 0.0
            try:
                sent: Sent = await self._adapter.send(conversation.current)
                return Outcome("sent", sent.message_ids)
            except Permanent as error:
                log.warning("failed_for_good", id=conversation.current.id, reason=error.reason)
                return Outcome("failed", reason=error.reason)
            except Later as error:
                if error.reason and not conversation.current.silent:
                    wait = error.retry_after or 60.0
                    return Outcome("later", reason=error.reason, retry_after=wait)
                pause = backoff.next() if error.retry_after is None else error.retry_after
                away = self._world.monotonic() - began + pause > ALERT_SECONDS
                if away and not conversation.current.silent:
                    return Outcome("later", reason=HELD, retry_after=pause)
                if (error.reason == HELD or away) and not conversation.held:
                    conversation.held = True
                    await self._renew(conversation)
            except Exception as error:  # noqa: BLE001 - an adapter's fault must not end the queue
                faults += 1
                self._health.metrics.errors.labels("send_fault").inc()
                kind = type(error).__name__
                log.warning("send_fault", id=conversation.current.id, error=kind)
                if faults >= GIVE_UP_AFTER:
                    return Outcome("failed", reason="refused")
                pause = backoff.next()
            if self._world.monotonic() - began + pause > self._hold_seconds:
                reason = HELD if conversation.held else ""
                return Outcome("later", reason=reason, retry_after=pause)
            conversation.pausing = True
            await self._wait(pause, conversation.current.address)
            conversation.pausing = False
        return None

    async def _wait(self, seconds: float, address: str) -> None:
        if not isinstance(self._adapter, Wakes):
            await self._world.sleep(seconds)
            return
        try:
            await self._world.within(seconds, self._adapter.reachable(address))
        except TimeoutError:
            return

    async def _keep_lease(self, conversation: Conversation) -> None:
        while not conversation.lost:
            await self._world.sleep(conversation.current.lease_seconds / 2)
            await self._renew(conversation)

    async def _renew(self, conversation: Conversation) -> None:
        """The delivery stays ours; and, where it is held, somebody else is asked for alerts."""
        lease = conversation.current
        reason = HELD if conversation.held else ""
        try:
            await self._client.settle(lease.id, Settlement(lease.fence, "renew", reason=reason))
        except LeaseLost:
            if conversation.current.fence == lease.fence:
                conversation.lost = True
        except BotError as error:
            self._health.metrics.errors.labels(error.code).inc()

    async def _settle(self, conversation: Conversation, outcome: Outcome) -> Delivery | None:
        backoff = Backoff(self._world)
        while True:
            lease = conversation.current
            settlement = Settlement(
                lease.fence,
                outcome.outcome,
                outcome.message_ids,
                outcome.reason,
                outcome.retry_after,
            )
            try:
                following: Delivery | None = await self._outage.attempt(
                    lambda lease=lease, s=settlement: self._client.settle(lease.id, s)  # type: ignore[misc]
                )
            except LeaseLost:
                if conversation.current.fence == lease.fence:
                    log.info("lease_lost", id=lease.id)
                    return None
            except Rejected as error:
                log.warning("settlement_rejected", id=lease.id, code=error.code)
                self._health.metrics.errors.labels(error.code).inc()
                return None
            except Faulty as error:
                self._health.metrics.errors.labels(error.code).inc()
                await self._world.sleep(backoff.next())
            else:
                if outcome.outcome == "sent":
                    self._ledger.settled(lease.id)
                return following
