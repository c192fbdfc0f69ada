"""Inbox keys: bots seal each event to the current one before they write it anywhere.

A key belongs to an ISO week; its private half is a file beside the draft keys and is destroyed
30 days after its week, so that captured spools go dark too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from backend.vault.day_files import destroy, read_or_create
from sealing import Envelope, KeyPair, SigningKey, open_envelope

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
KEEP_DAYS = 30


class InboxKeyUnknown(Exception):
    """The envelope names a key that never was or is gone."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """What ``GET /v1/inbox-key`` serves."""

    key_id: str
    public: bytes
    signer: bytes
    signature: bytes
    not_after: str


def week_of(day: str) -> str:
    """ISO week of a UTC day: ``2026-W48``."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


def last_day(key_id: str) -> date:
    """The Sunday that ends this week."""
    match = _WEEK.fullmatch(key_id)
    if match is None:
        raise InboxKeyUnknown
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), 7)
    except ValueError as error:
        raise InboxKeyUnknown from error


class InboxKeys:
    """The backend's side. Prints as ``<sealed>``."""

    def __init__(self, directory: Path, random: Callable[[int], bytes], signer: SigningKey) -> None:
        self._directory = directory
        self._random = random
        self._signer = signer
        self._pairs: dict[str, KeyPair] = {}

    def current(self, day: str) -> PublishedKey:
        """The key of this week, signed; made when it is first asked for."""
        key_id = week_of(day)
        pair = self._pairs.get(key_id)
        if pair is None:
            seed = read_or_create(self._path(key_id), lambda: self._random(32))
            # Once a week: what another process destroyed is not remembered here either.
            self._pairs = {one: key for one, key in self._pairs.items() if self._path(one).exists()}
            pair = self._pairs[key_id] = KeyPair(seed)
        return PublishedKey(
            key_id=key_id,
            public=pair.public.raw,
            signer=self._signer.public,
            signature=self._signer.sign("inbox-key", key_id.encode() + pair.public.raw),
            not_after=last_day(key_id).isoformat() + "T23:59:59Z",
        )

    def open(self, envelope: Envelope, *, channel: str, event_id: str) -> bytes:
        """The event's JSON. Raises :class:`InboxKeyUnknown`, or ``SealError`` when damaged."""
        pair = self._pairs.get(envelope.key_id) or self._load(envelope.key_id)
        return open_envelope(envelope, pair, channel=channel, event_id=event_id)

    def _load(self, key_id: str) -> KeyPair:
        last_day(key_id)  # refuses names that are no week, so no path is made of them
        try:
            seed = self._path(key_id).read_bytes()
        except FileNotFoundError as error:
            raise InboxKeyUnknown from error
        pair = self._pairs[key_id] = KeyPair(seed)
        return pair

    def destroy_old(self, day: str) -> list[str]:
        """Destroy private halves whose week ended more than 30 days before ``day``."""
        limit = date.fromisoformat(day) - timedelta(days=KEEP_DAYS)
        names = [path.stem.removeprefix("inbox-") for path in self._directory.glob("inbox-*.key")]
        gone = [name for name in names if _WEEK.fullmatch(name) and last_day(name) < limit]
        for name in gone:
            destroy(self._path(name))
            self._pairs.pop(name, None)
        return sorted(gone)

    def _path(self, key_id: str) -> Path:
        return self._directory / f"inbox-{key_id}.key"

    def __repr__(self) -> str:
        return "<sealed>"
