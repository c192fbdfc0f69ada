"""A file that came with an event: where to fetch it again, or what became of it."""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol, runtime_checkable

import msgspec

Kind = Literal["photo", "video", "voice", "document"]
Refusal = Literal["too_large", "unsupported", "gone"]


class MediaRef(msgspec.Struct, frozen=True, tag="ref", omit_defaults=True):
    """A file on the messenger. ``reference`` is the adapter's own; ``size`` in bytes, if known."""

    kind: Kind
    mime: str = ""
    size: int | None = None
    reference: str = ""

    def __repr__(self) -> str:
        return "<sealed>"


class MediaKept(msgspec.Struct, frozen=True, tag="kept", omit_defaults=True):
    """The backend has it under ``id`` since ``at`` (Unix time).

    It drops a file that no turn names within a day; ``again`` says how to fetch it anew.
    """

    id: str
    at: float
    again: MediaRef | None = None


class MediaRefused(msgspec.Struct, frozen=True, tag="refused"):
    """There is nothing to hand over, and why."""

    why: Refusal


Media = MediaRef | MediaKept | MediaRefused


class Gone(Exception):
    """The messenger has this file no more, or never had it."""


class Oversized(Exception):
    """The messenger does not give out a file of this size."""


class CutOff(Exception):
    """The messenger answered, but did not give all of this file. It may at another try."""


@runtime_checkable
class Discards(Protocol):
    """Has a copy of its own of every file, in the clear, until it is told that it may go."""

    def discard(self, media: MediaRef) -> None:
        """The file is sealed elsewhere and named by its turn, or will never be wanted."""


@runtime_checkable
class Fetches(Protocol):
    """Can give the bytes of a file that people sent."""

    def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """The bytes, as a stream that is closed in every case.

        Raises ``Gone``, ``Oversized``, ``CutOff``, or ``Later`` when the messenger cannot be
        reached or asks for patience.
        """
