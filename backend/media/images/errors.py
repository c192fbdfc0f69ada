"""Why an image has no cleaned derivative."""

from typing import Literal


class CleaningError(Exception):
    """``code`` is stable and is kept beside the original; the message is the code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotAnImage(CleaningError):
    """``unknown_format`` (not JPEG, PNG, WebP or GIF) or ``damaged`` (cut short, or no picture)."""

    def __init__(self, code: Literal["unknown_format", "damaged"]) -> None:
        super().__init__(code)


class TooLarge(CleaningError):
    """``too_large`` (bytes), ``too_many_pixels``, or ``too_complex`` (parts to go through)."""

    def __init__(self, code: Literal["too_large", "too_many_pixels", "too_complex"]) -> None:
        super().__init__(code)
