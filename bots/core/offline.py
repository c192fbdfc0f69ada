"""The one sentence that a bot says by itself: I cannot answer now, your words are kept."""

import asyncio
from typing import Final

import structlog

from bots.core.adapter import Announces
from bots.core.ambient import World
from bots.core.delivery import Later, Permanent
from bots.core.health import Health
from bots.core.intake import Intake, Lane
from bots.core.outage import Outage
from bots.core.texts import Texts

log = structlog.get_logger("relais.bot")

LOOK_EVERY: Final = 5.0
NOTICE: Final = "offline/unavailable/text"


class OfflineNotice:
    """Tells each waiting person once in an outage, after it has lasted ``after`` seconds."""

    def __init__(
        self,
        *,
        intake: Intake,
        outage: Outage,
        speaker: Announces,
        texts: Texts,
        world: World,
        health: Health,
        after: float = 60.0,
    ) -> None:
        self._intake = intake
        self._outage = outage
        self._speaker = speaker
        self._texts = texts
        self._world = world
        self._health = health
        self._after = after

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await self._world.sleep(LOOK_EVERY)
            due = [lane for lane in self._intake.lanes.values() if self._is_due(lane)]
            await asyncio.gather(*(self._tell(lane.address or "", lane) for lane in due))

    def _is_due(self, lane: Lane) -> bool:
        if lane.told or not lane.waiting or lane.address is None:
            return False
        own = lane.failing_since
        alone = 0.0 if own is None else self._world.monotonic() - own
        return max(alone, self._outage.lasting()) >= self._after

    async def _tell(self, address: str, lane: Lane) -> None:
        lane.told = True
        try:
            await self._speaker.say(address, self._texts(lane.locale_hint, NOTICE))
        except Later:
            lane.told = False
        except Permanent:
            return
        except Exception as error:  # noqa: BLE001  an adapter's fault must not end the bot
            log.warning("notice_failed", error=type(error).__name__)
        else:
            self._health.metrics.events.labels("told_offline").inc()
