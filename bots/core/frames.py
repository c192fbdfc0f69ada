"""What a messenger handed over and will not hand over again: on the disk before it is looked at.

For messengers that confirm a message before any of ours has it (Signal's daemon does). Sealed like
everything else in the spool, in the order of arrival.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from bots.core.ambient import World
from bots.core.spool import Spool
from sealing import Box, SealError

_PLACE: Final = "frame"
ASIDE_DAYS: Final = 90


class Frame(NamedTuple):
    """One piece as it came. ``n`` names it, and counts up."""

    n: int
    raw: bytes


class Frames:
    """Every method returns after the commit."""

    def __init__(self, spool: Spool, box: Box, world: World) -> None:
        self._spool = spool
        self._box = box
        self._world = world

    async def keep(self, pieces: Sequence[bytes]) -> list[Frame]:
        """All of them in one commit. Raises ``SpoolError``: then none was kept."""
        sealed = [self._box.seal(raw, _PLACE, "") for raw in pieces]
        numbers = await self._spool.keep_frames(sealed)
        return [Frame(n, raw) for n, raw in zip(numbers, pieces, strict=True)]

    async def waiting(self) -> list[Frame]:
        """What an earlier run kept and did not finish. A changed token makes it unreadable."""
        found = []
        for n, sealed in await self._spool.frames():
            try:
                found.append(Frame(n, self._box.open(sealed, _PLACE, "")))
            except SealError:
                await self.put_aside(n)
        return found

    async def drop(self, numbers: Sequence[int]) -> None:
        """They became events, or were of no concern."""
        await self._spool.drop_frames(numbers)

    async def put_aside(self, n: int, lane: bytes = b"") -> None:
        """It cannot be read by this version; ``requeue`` brings it back. ``lane``: whose it is."""
        await self._spool.frame_aside(n, lane, self._today())

    async def expire(self) -> int:
        """What lies aside for longer than any upgrade takes goes; how many that were."""
        return await self._spool.frames_expired(self._today(), ASIDE_DAYS)

    async def forget(self, lane: bytes) -> None:
        """Nothing of this person stays aside."""
        await self._spool.forget(lane)

    def _today(self) -> int:
        return int(self._world.now() // 86_400)
