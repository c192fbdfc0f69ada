"""How much one image may ask for."""

from typing import Final

from backend.media.images.errors import TooLarge

MAX_BYTES: Final = 20_000_000
MAX_PIXELS: Final = 40_000_000
MAX_PARTS: Final = 100_000
"""Segments, chunks or blocks of a file; PNG writers make one for each 4 to 8 KiB."""


def check_pixels(width: int, height: int) -> None:
    """Raise ``too_many_pixels`` before anything of that size is allocated."""
    if width * height > MAX_PIXELS:
        raise TooLarge("too_many_pixels")
