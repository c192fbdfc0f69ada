"""Pictures and voices of ours that were shown lately, by the hash of their bytes. Memory only."""

from collections import OrderedDict
from typing import Final

MOST_BYTES: Final = 16_000_000


class Shelf:
    """Bounded; what was not asked for longest goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._things: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def put(self, sha256: str, mime: str, data: bytes) -> None:
        """Keep it for those to whom it is shown."""
        if sha256 in self._things:
            return
        self._things[sha256] = (mime, data)
        self._size += len(data)
        while self._size > self._most_bytes:
            _, (_, old) = self._things.popitem(last=False)
            self._size -= len(old)

    def get(self, sha256: str) -> tuple[str, bytes] | None:
        """Type and bytes."""
        found = self._things.get(sha256)
        if found is not None:
            self._things.move_to_end(sha256)
        return found
