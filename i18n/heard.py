"""Phrases that people write: ``distress/<locale>.csv`` and ``remarks/<locale>.csv``.

Distress words only ever raise attention. They are written by native specialists, with dialect and
euphemism; until a specialist has signed them they are drafts of this project.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Final

from i18n.errors import Finding, TextsError

_HERE: Final = Path(__file__).parent
DISTRESS: Final = ("self_harm", "danger", "medical", "child", "overwhelmed")
REMARKS: Final = ("abuse", "did_it", "money", "journalist", "asks_about")


@cache
def distress(root: Path = _HERE / "distress") -> dict[str, str]:
    """Phrase -> class, of every language. Raises :class:`TextsError`."""
    return _read(root, "class", DISTRESS)


@cache
def remarks(root: Path = _HERE / "remarks") -> dict[str, str]:
    """Phrase -> remark, of every language. Raises :class:`TextsError`."""
    return _read(root, "remark", REMARKS)


def _read(root: Path, column: str, known: tuple[str, ...]) -> dict[str, str]:
    """Every file of a folder; a phrase in two languages keeps the graver of its meanings."""
    found: dict[str, str] = {}
    for path in sorted(root.glob("*.csv")):
        name = f"i18n/{root.name}/{path.name}"
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            if reader.fieldnames != ["phrase", column]:
                advice = f"the first line must be `phrase,{column}`"
                raise TextsError((Finding(name, 1, "HEARD001", advice),))
            for row in reader:
                phrase, meaning = (row["phrase"] or "").strip(), row[column]
                if not phrase or meaning not in known:
                    advice = f"needs a phrase and one of {', '.join(known)}"
                    raise TextsError((Finding(name, reader.line_num, "HEARD001", advice),))
                found[phrase] = min(found.get(phrase, meaning), meaning, key=known.index)
    return found
