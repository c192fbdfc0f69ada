"""Words that survivors are never to read: ``glossary/<locale>.csv``, from the interview's voice.

Columns ``avoid,prefer,level``. A word is matched whole and in any case; ``*`` at its end stands for
any ending.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from i18n.errors import Finding, TextsError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGED: Final = Path(__file__).with_name("glossary")


class Word(NamedTuple):
    """A word to avoid and what to write in its place."""

    avoid: str
    prefer: str
    level: Literal["error", "warning"]
    pattern: re.Pattern[str]


def load(locale: str, root: Path = PACKAGED) -> tuple[Word, ...]:
    """The words of a language; none when it has no glossary. Raises :class:`TextsError`."""
    path = root / f"{locale}.csv"
    if not path.exists():
        return ()
    name = f"i18n/glossary/{path.name}"
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if reader.fieldnames != ["avoid", "prefer", "level"]:
            advice = "the first line must be `avoid,prefer,level`"
            raise TextsError((Finding(name, 1, "GLOS001", advice),))
        return tuple(_words(reader, name))


def _words(reader: csv.DictReader[str], name: str) -> Iterator[Word]:
    for row in reader:
        avoid, level = (row["avoid"] or "").strip(), row["level"]
        if not avoid or level not in ("error", "warning"):
            advice = "needs a word, what to prefer, and `error` or `warning`"
            raise TextsError((Finding(name, reader.line_num, "GLOS001", advice),))
        yield Word(
            avoid, row["prefer"], "error" if level == "error" else "warning", _compile(avoid)
        )


def _compile(avoid: str) -> re.Pattern[str]:
    stem = re.escape(avoid.removesuffix("*"))
    ending = r"\w*" if avoid.endswith("*") else ""
    before = r"(?<!\w)" if avoid[0].isalnum() else ""
    after = r"(?!\w)" if avoid[-1].isalnum() or ending else ""
    return re.compile(before + stem + ending + after, re.IGNORECASE)


def forbidden(text: str, words: tuple[Word, ...]) -> Iterator[Word]:
    """The words of a glossary that a text uses."""
    return (word for word in words if word.pattern.search(text))
