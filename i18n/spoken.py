"""What a recording says: a text in plain sentences, and the choices below it with their numbers.

``scope/step/text`` is spoken in ``<scope>/<step>.ogg``. A list of more than seven choices is shown
in pages, and each page is a recording of its own: ``<step>.ogg``, ``<step>.2.ogg`` … The engine's
own lists (scope ``engine``) are shown whole. Any other text, ``scope/step/more``, has its own file,
``<step>.more.ogg``; a question's other wording, ``<step>.by.path.helping.ogg``, with the choices.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from i18n.catalogues import domain_of
from i18n.placeholders import placeholders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from i18n.catalogues import Catalogues

PAGE: Final = 7
"""Most choices shown at once (as in ``conversation.choices``)."""

ENGINE: Final = "engine/"

_JOINERS: Final = "\u200c\u200d"
"""Shapes of letters in Kurdish and Burmese."""
_ENDS: Final = ".?!:;…،؟؛။၊"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One recording as it should be. ``options``: the ids it speaks, from number ``first`` on."""

    locale: str
    message_id: str
    file: str
    """Within the locale's folder: ``scope/step.ogg``."""
    text: str
    options: tuple[str, ...] = ()
    first: int = 1

    @property
    def sha256(self) -> str:
        """Of the words, hex: a recording of other words is stale."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def expected(catalogues: Catalogues, locale: str) -> tuple[Spoken, ...]:
    """Every recording of a language, in the order of the sources.

    A text with placeholders is none: a recording cannot know the names it would have to say. A
    text that has no translation yet is none either, except in a language without any text of its
    own (heard, not written): its speaker says what the next language of its chain says.
    """
    return tuple(one for pages in _recordings(catalogues, locale).values() for one in pages)


def of_message(catalogues: Catalogues, locale: str, message_id: str) -> tuple[Spoken, ...]:
    """The recordings of one message, page by page; empty when it cannot be recorded."""
    return _recordings(catalogues, locale).get(message_id, ())


def unspeakable(catalogues: Catalogues) -> tuple[str, ...]:
    """Messages that no recording can say, because they hold names that differ each time."""
    return tuple(one for one, group in _groups(catalogues).items() if _changes(catalogues, group))


@lru_cache(maxsize=64)
def _recordings(catalogues: Catalogues, locale: str) -> dict[str, tuple[Spoken, ...]]:
    texts = catalogues.texts(locale)
    missing = frozenset(catalogues.missing(locale))
    if len(missing) == len(texts):
        missing = frozenset()
    localise = catalogues.languages.of(locale).localise
    return {
        message_id: tuple(_pages(locale, group, texts, localise))
        for message_id, group in _groups(catalogues).items()
        if missing.isdisjoint(group) and not _changes(catalogues, group)
    }


def _groups(catalogues: Catalogues) -> dict[str, tuple[str, ...]]:
    """Each text and then the choices below it, by message id; choices alone are no recording."""
    texts: list[str] = []
    choices: dict[str, list[str]] = {}
    for message_id in catalogues.sources:
        if domain_of(message_id) != "interviews":
            continue
        parts = message_id.split("/")
        if len(parts) > 3 and parts[-2] == "options":
            choices.setdefault("/".join(parts[:-2]), []).append(message_id)
        else:
            texts.append(message_id)
    return {one: (one, *choices.get(question(one), ())) for one in texts}


def question(message_id: str) -> str:
    """``scope/step`` of a question's text or of its wording for a path (``…/by/path/helping``).

    Empty for every other text (``…/more``): no choices stand below it.
    """
    match message_id.split("/"):
        case [scope, step, "text"] | [scope, step, "by", _, _]:
            return f"{scope}/{step}"
    return ""


def _changes(catalogues: Catalogues, group: Sequence[str]) -> bool:
    return any(placeholders(catalogues.sources[one]) for one in group)


def _pages(
    locale: str, group: Sequence[str], texts: Mapping[str, str], localise: Callable[[str], str]
) -> Iterator[Spoken]:
    """The recordings of a text and its choices."""
    message_id, *below = group
    step = PAGE if not message_id.startswith(ENGINE) else len(below) or 1
    for start in range(0, len(below) or 1, step):
        shown = below[start : start + step]
        lines = [
            f"{localise(str(number))}. {_ended(_plain(texts[one]))}"
            for number, one in enumerate(shown, start + 1)
        ]
        words = " ".join([_plain(texts[message_id]), *lines] if not start else lines)
        ids = tuple(one.rpartition("/")[2] for one in shown)
        if words:
            file = _file(message_id, start // step + 1)
            yield Spoken(locale, message_id, file, words, ids, start + 1)


def _file(message_id: str, number: int) -> str:
    scope, step, *rest = message_id.split("/")
    names = [step, *(rest if rest != ["text"] else []), *([str(number)] if number > 1 else [])]
    return f"{scope}/{'.'.join(names)}.ogg"


def _plain(text: str) -> str:
    """On one line, without signs that nobody says: ✕, 🔊, direction marks."""
    kept = (c for c in text if c in _JOINERS or unicodedata.category(c) not in ("So", "Cf"))
    return " ".join("".join(kept).split())


def _ended(label: str) -> str:
    return label if label and label[-1] in _ENDS else f"{label}."
