"""Draft keys of the day: what a person told so far is readable only while its day's key lives.

A key belongs to a UTC day, lives in a directory of its own (never in the database or a backup) and
is destroyed once nothing may need it; from then on no log and no backup opens what it sealed.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from backend.vault.day_files import destroy, read_or_create
from sealing import Box

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class DraftKeyGone(Exception):
    """The key of that day was destroyed: what it sealed is gone for good."""

    def __init__(self, day: str) -> None:
        super().__init__(day)
        self.day = day


class DraftKeys:
    """The directory of day keys. Prints as ``<sealed>``."""

    def __init__(self, directory: Path, random: Callable[[int], bytes]) -> None:
        self._directory = directory
        self._random = random
        self._boxes: dict[str, Box] = {}

    def seal(self, day: str, plaintext: bytes, *place: str) -> bytes:
        """Seal under today's key (``day`` is today in UTC), made when it is first needed."""
        box = self._boxes.get(day)
        if box is None:
            raw = read_or_create(self._path(day), lambda: self._random(32))
            # Once a day: what another process destroyed is not remembered here either.
            self._boxes = {one: box for one, box in self._boxes.items() if self._path(one).exists()}
            box = self._boxes[day] = Box(raw, self._random)
        return box.seal(plaintext, day, *place)

    def open(self, day: str, sealed: bytes, *place: str) -> bytes:
        """Open under that day's key; raises :class:`DraftKeyGone` once it was destroyed."""
        box = self._boxes.get(day)
        if box is None:
            try:
                raw = self._path(day).read_bytes()
            except FileNotFoundError as error:
                raise DraftKeyGone(day) from error
            box = self._boxes[day] = Box(raw, self._random)
        return box.open(sealed, day, *place)

    def days(self) -> list[str]:
        """Days whose key still lives."""
        if not self._directory.is_dir():
            return []
        return sorted(
            path.stem for path in self._directory.glob("*.key") if _DAY.fullmatch(path.stem)
        )

    def destroy_before(self, day: str) -> list[str]:
        """Destroy every key of a day earlier than ``day``; returns the days that went dark."""
        gone = [old for old in self.days() if old < day]
        for old in gone:
            destroy(self._path(old))
        self._boxes = {kept: box for kept, box in self._boxes.items() if kept >= day}
        return gone

    def _path(self, day: str) -> Path:
        return self._directory / f"{day}.key"

    def __repr__(self) -> str:
        return "<sealed>"


def oldest_needed(today: str, expire_after_hours: int) -> str:
    """The earliest day whose key may still be needed: day + expire_after + 1 day."""
    return _moved(today, -_needed_days(expire_after_hours))


def dark_from(day: str, expire_after_hours: int) -> str:
    """The first day (UTC) on which the daily job destroys the key of ``day``."""
    return _moved(day, _needed_days(expire_after_hours) + 1)


def _needed_days(expire_after_hours: int) -> int:
    return -(-expire_after_hours // 24) + 1


def _moved(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
