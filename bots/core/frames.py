"""What a messenger handed over and will not hand over again: on the disk before it is looked at.

For messengers that confirm a message before any of ours has it (Signal's daemon does). Sealed like
everything else in the spool, in the order of arrival.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from bots.core.spool import Spool
from sealing import Box, SealError

_PLACE: Final = "frame"


class Frame(NamedTuple):
    """One piece as it came. ``n`` names it, and counts up."""

    n: int
    raw: bytes


class Frames:
    """Every method returns after the commit."""

    def __init__(self, spool: Spool, box: Box) -> None:
        self._spool = spool
        self._box = box

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

    async def put_aside(self, n: int) -> None:
        """It cannot be read by this version; ``requeue`` brings it back."""
        await self._spool.frame_aside(n)
