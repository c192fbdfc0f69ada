"""What can be wrong with texts: findings that name file, line and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a text file. ``line`` 0: the whole file."""

    file: str
    line: int
    code: str
    advice: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.code} {self.advice}"


class TextsError(Exception):
    """Text files that cannot be used; an author's or operator's to mend, not to be retried."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


class LanguagesError(TextsError):
    """``languages.toml`` is wrong."""


class CatalogueError(TextsError):
    """A PO file is wrong."""


class PhrasesError(TextsError):
    """A phrases file is wrong."""


class DateWordsError(TextsError):
    """A file of ``dates/`` is wrong."""


class PicturesError(TextsError):
    """The table of pictograms is wrong."""


class AudioError(TextsError):
    """An index of recordings is wrong."""
