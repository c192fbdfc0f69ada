"""The commands a person can write at any moment, in every language at once.

A word is a command only when it is the whole message, so that ordinary answers stay answers.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from i18n.errors import Finding, LanguagesError
from i18n.language import Languages, packaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMANDS: Final = (
    "help",
    "repeat",
    "back",
    "skip",
    "pause",
    "language",
    "status",
    "human",
    "erase",
    "leave",
    "stop",
    "more",
    "done",
    "remove",
    "voice",
    "pictures",
    "menu",
    "next_page",
    "previous_page",
)

_EVERYWHERE: Final = {
    **{f"/{command}": command for command in COMMANDS},
    "/exit": "leave",
    "0": "menu",
    "00": "leave",
    **dict.fromkeys(("x", "❌", "✕", "✖", "✗", "✘", "❎", "×"), "leave"),
    "🔊": "voice",
    "▦": "pictures",
    "+": "next_page",
    "-": "previous_page",
}

_SPACES: Final = re.compile(r"\s+")
_UNSEEN: Final = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe00-\ufe0f\ufeff]"
)


def plain(text: str) -> str:
    """A word as it is looked up: composed, case folded, ASCII digits, nothing unseen around it."""
    folded = unicodedata.normalize("NFC", _UNSEEN.sub("", text)).casefold()
    digits = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in folded)
    return _SPACES.sub(" ", digits.replace("\u2019", "'")).strip()


def _unaccented(word: str) -> str:
    """Latin letters without their marks, as phones write them; other scripts as they are."""
    parts = unicodedata.normalize("NFD", word)
    if not all(ord(c) < 0x370 for c in parts):
        return word
    return "".join(c for c in parts if not unicodedata.combining(c))


@cache
def _zeros() -> tuple[str, ...]:
    """The digit zero of every script."""
    return tuple(
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if c.isdecimal() and unicodedata.digit(c) == 0
    )


def _spellings(languages: Languages) -> Iterator[tuple[str, str, str]]:
    """(word, command, where it was written) for everything that is a command."""
    for word, command in _EVERYWHERE.items():
        yield word, command, "every language"
    for zero in _zeros():
        yield zero, "menu", "every language"
        yield zero + zero, "leave", "every language"
    for language in languages.rows():
        for command, words in language.keywords.items():
            for word in words:
                yield plain(word), command, f"[{language.id}]"
                yield _unaccented(plain(word)), command, f"[{language.id}]"


def collisions(languages: Languages) -> tuple[Finding, ...]:
    """Words that would mean two commands, and commands that do not exist."""
    seen: dict[str, tuple[str, str]] = {}
    found: dict[str, Finding] = {}
    for word, command, where in _spellings(languages):
        known, first = seen.setdefault(word, (command, where))
        advice = ""
        if command not in COMMANDS:
            advice = f"{where} names the command `{command}`; known are {', '.join(COMMANDS)}"
        elif known != command:
            advice = (
                f"`{word}` means `{known}` in {first} and `{command}` in {where}: "
                "choose another word in one of them"
            )
        if advice:
            found.setdefault(advice, Finding("languages.toml", 0, "WORD002", advice))
    return tuple(found.values())


def keywords(languages: Languages | None = None) -> Mapping[str, str]:
    """Every word that is a command -> the command; raises :class:`LanguagesError` on a collision.

    Look up :func:`plain` of the whole message.
    """
    return _build(languages or packaged())


@cache
def _build(languages: Languages) -> Mapping[str, str]:
    findings = collisions(languages)
    if findings:
        raise LanguagesError(findings)
    return MappingProxyType({word: command for word, command, _ in _spellings(languages)})


def keyword(text: str, languages: Languages | None = None) -> str | None:
    """The command this whole message is, or None."""
    if len(text) > 60:
        return None
    return keywords(languages).get(plain(text))


def is_greeting(text: str, languages: Languages | None = None) -> bool:
    """The whole message is a greeting in some language."""
    word = plain(text[:60]).rstrip("!.,؟، ")
    table = languages or packaged()
    return any(word == plain(g) for row in table.rows() for g in row.greetings)


def key_of(command: str, locale: str, languages: Languages | None = None) -> str:
    """What is typed for a command where there are no buttons; empty when it has no key."""
    fixed = {"menu": "0", "leave": "00", "next_page": "+", "previous_page": "-"}.get(command)
    language = (languages or packaged()).of(locale)
    if fixed:
        return language.localise(fixed)
    words = language.keywords.get(command, ())
    return next((word for word in words if len(word) == 1), words[0] if words else "")
