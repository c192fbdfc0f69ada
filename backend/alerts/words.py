"""From what a responder wrote or pressed to a command: one word, maybe a code, maybe a time."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from i18n import languages, plain

LONGEST: Final = 80
_CODE: Final = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{4,8}|[0-9a-f]{8}")
_TIME: Final = re.compile(r"([01]?\d|2[0-3])\s*(?:[:h.]\s*([0-5]\d)?)?\s*")
_TOKEN: Final = re.compile(r"a:([a-z]+):([A-Za-z0-9-]{0,16})")
_BUTTONS: Final = frozenset({"take", "pass", "open", "conflict", "heard", "language"})


class Command(msgspec.Struct, frozen=True):
    """``verb`` is a table of words.toml, "number" (``n``), or "unknown"."""

    verb: str
    code: str = ""
    """In capitals; empty when none was given."""
    n: int = 0
    time: tuple[int, int] | None = None
    """Hour and minute, for ``until``; None when it was none that clocks show."""
    locale: str = ""


UNKNOWN: Final = Command("unknown")


def fold(text: str) -> str:
    """Lower case, ASCII digits, no accents on Latin letters, nothing unseen."""
    parts = unicodedata.normalize("NFD", plain(text))
    if all(ord(c) < 0x370 for c in parts):
        parts = "".join(c for c in parts if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", parts)


@cache
def verbs() -> dict[str, str]:
    """Folded word -> command; raises ``ValueError`` when one word has two meanings."""
    tables = tomllib.loads(files("backend.alerts").joinpath("words.toml").read_text("utf-8"))
    found: dict[str, str] = {}
    for verb, by_locale in tables.items():
        for word in (one for words in by_locale.values() for one in words):
            if found.setdefault(fold(word), verb) != verb:
                raise ValueError(f"words.toml: `{word}` stands in two tables; keep it in one")
    return found


@cache
def _locales() -> dict[str, str]:
    """What a language is called, in itself or by its id -> its id; only those on offer."""
    rows = [row for row in languages().rows() if row.offered]
    return {fold(name): row.id for row in rows for name in (row.id, row.name)}


def read_text(text: str) -> Command:
    """What was written. Anything that is no command is ``unknown``."""
    if len(text) > LONGEST:
        return UNKNOWN
    words = fold(text).removeprefix("/").strip(" .!")
    if words in {"1", "2", "3"}:
        return Command("number", n=int(words))
    if words in verbs():
        return Command(verbs()[words])
    if words in _locales():
        return Command("language", locale=_locales()[words])
    return _with_time(words) or _with_language(words) or _with_code(words)


def _with_time(words: str) -> Command | None:
    for word in _longest_first("until"):
        if words.startswith(word):
            found = _TIME.fullmatch(words.removeprefix(word).strip())
            time = (int(found[1]), int(found[2] or 0)) if found else None
            return Command("until", time=time)
    return None


def _with_language(words: str) -> Command | None:
    for word in _longest_first("language"):
        if words.startswith(f"{word} "):
            locale = _locales().get(words.removeprefix(word).strip())
            return Command("language", locale=locale or "")
    return None


def _longest_first(verb: str) -> list[str]:
    return sorted((word for word, known in verbs().items() if known == verb), key=len, reverse=True)


def _with_code(words: str) -> Command:
    first, _, rest = words.partition(" ")
    head, _, last = words.rpartition(" ")
    for code, verb in ((last, head), (first, rest)):
        if not _CODE.fullmatch(code):
            continue
        if not verb:
            return Command("who", code.upper())
        if verb in {"1", "2", "3"}:
            return Command("number", code.upper(), int(verb))
        if verb in verbs():
            return Command(verbs()[verb], code.upper())
    return UNKNOWN


def read_token(token: str) -> Command:
    """What was pressed; forged and foreign tokens are ``unknown``."""
    found = _TOKEN.fullmatch(token)
    if found is None or found[1] not in _BUTTONS:
        return UNKNOWN
    if found[1] == "language":
        return Command("language", locale=_locales().get(fold(found[2]), ""))
    return Command(found[1], found[2].upper())
