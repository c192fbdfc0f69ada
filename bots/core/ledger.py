"""What a messenger took and the backend may not know yet, so that a crash does not say it twice."""

from collections import OrderedDict
from typing import Final

import msgspec
import structlog

from bots.core.errors import SpoolError
from bots.core.health import Health
from bots.core.spool import Spool
from sealing import Box, SealError

log = structlog.get_logger("relais.bot")
REMEMBER: Final = 10_000


class Outcome(msgspec.Struct, frozen=True):
    """As it is settled."""

    outcome: str
    message_ids: tuple[str, ...] = ()
    reason: str = ""
    retry_after: float = 0.0


_decoder = msgspec.json.Decoder(Outcome)


class Ledger:
    """In memory for as long as the bot lives, and on the disk, sealed, until it is settled."""

    def __init__(self, spool: Spool, box: Box, health: Health) -> None:
        self._spool = spool
        self._box = box
        self._health = health
        self._known: OrderedDict[str, Outcome] = OrderedDict()
        self._settled: list[str] = []

    async def load(self) -> None:
        """What an earlier run sent and could not settle. A changed token makes it unreadable."""
        for delivery_id, sealed in await self._spool.sent(REMEMBER):
            try:
                raw = self._box.open(sealed, "sent", delivery_id)
            except SealError:
                continue
            self._known[delivery_id] = _decoder.decode(raw)

    def outcome(self, delivery_id: str) -> Outcome | None:
        """How it ended, if it was sent."""
        return self._known.get(delivery_id)

    async def keep(self, delivery_id: str, outcome: Outcome) -> None:
        """It was sent. A disk that refuses leaves it to the memory."""
        self._known[delivery_id] = outcome
        if len(self._known) > REMEMBER:
            self._known.popitem(last=False)
        sealed = self._box.seal(msgspec.json.encode(outcome), "sent", delivery_id)
        dropping, self._settled = self._settled, []
        try:
            await self._spool.keep_sent(delivery_id, sealed, dropping)
        except SpoolError as error:
            self._settled += dropping
            self._health.problem(error.code, error.advice)

    def settled(self, delivery_id: str) -> None:
        """The backend knows; the row goes with the next one that is written."""
        self._settled.append(delivery_id)
