"""What `relais locale check` looks for, in English sources and in translations.

Codes: PO… the file, TR… the translation as such, WORD… words, BIDI… direction, LEN… length,
BTN… buttons, DIG… digits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from i18n import commands, glossary, po
from i18n.catalogues import domain_of
from i18n.channels import CAPABILITIES
from i18n.errors import Finding
from i18n.placeholders import placeholders
from i18n.splitting import cost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from babel.messages.catalog import Catalog, Message

    from i18n.extract import Source
    from i18n.language import Language, Languages

SAY: Final = 600
"""Longest message, in characters, that is still read on a small phone."""

_CONTROLS: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_ASCII_DIGITS: Final = re.compile(r"[0-9]")
_LABEL: Final = "/options/"


def check_sources(sources: Sequence[Source], language: Language) -> Iterator[Finding]:
    """The English texts themselves, at the place where they are written."""
    words = glossary.load(language.id)
    seen: dict[str, str] = {}
    for source in sources:
        if source.id and seen.setdefault(source.id, source.source) != source.source:
            advice = f"`{source.id}` has two texts: rename one of them"
            yield Finding(source.file, source.line, "TR004", advice)
        yield from _text(source.file, source.line, source.id, source.source, language, words)


def check_keywords(languages: Languages) -> tuple[Finding, ...]:
    """Words that would mean two commands."""
    return commands.collisions(languages)


def check_catalogue(
    catalog: Catalog, file: str, sources: Sequence[Source], language: Language
) -> Iterator[Finding]:
    """One PO file of a language, against the sources it is for."""
    words = glossary.load(language.id)
    wanted = {source.id or source.source: source for source in sources}
    found: dict[str, Message] = {}
    for message in catalog:
        if not message.id:
            continue
        key = message.context or str(message.id)
        if key in found:
            advice = f"`{key}` stands twice: run `relais locale update`"
            yield Finding(file, message.lineno or 0, "PO003", advice)
        found[key] = message
        if key in wanted:
            yield from _message(message, file, key, wanted[key], language, words)
    yield from _absent(found, wanted, file, language)


def _absent(
    found: Mapping[str, Message], wanted: Mapping[str, Source], file: str, language: Language
) -> Iterator[Finding]:
    level = _required(language)
    for key in wanted:
        if key not in found:
            advice = f"`{key}` is not in the file: run `relais locale update {language.id}`"
            yield Finding(file, 0, "TR005", advice, level)
    for key, message in found.items():
        if key not in wanted:
            advice = f"`{key}` is no longer used: run `relais locale update {language.id}`"
            yield Finding(file, message.lineno or 0, "TR005", advice, "warning")


def _message(
    message: Message,
    file: str,
    key: str,
    source: Source,
    language: Language,
    words: tuple[glossary.Word, ...],
) -> Iterator[Finding]:
    line = message.lineno or 0
    if message.id != source.source:
        advice = f"`{key}` has other English now: run `relais locale update {language.id}`"
        yield Finding(file, line, "TR005", advice)
        return
    if message.fuzzy:
        advice = f"`{key}` is fuzzy: compare it with the English and take the mark away"
        yield Finding(file, line, "TR002", advice, _required(language))
        return
    text = po.translated(message)
    if not text:
        yield Finding(file, line, "TR001", f"`{key}` is not translated", _required(language))
        return
    yield from _placeholders(file, line, key, source.source, text)
    yield from _text(file, line, source.id, text, language, words)


def _required(language: Language) -> Literal["error", "warning"]:
    return "error" if language.offered else "warning"


def _placeholders(file: str, line: int, key: str, source: str, text: str) -> Iterator[Finding]:
    wanted, given = placeholders(source), placeholders(text)
    lost = ", ".join(f"{{{name}}}" for name in sorted(wanted - given))
    new = ", ".join(f"{{{name}}}" for name in sorted(given - wanted))
    if lost:
        yield Finding(file, line, "TR003", f"`{key}` lacks {lost}: put it in, exactly so")
    if new:
        yield Finding(
            file, line, "TR003", f"`{key}` has {new}, unknown to the English: take it out"
        )


def _text(
    file: str,
    line: int,
    message_id: str,
    text: str,
    language: Language,
    words: tuple[glossary.Word, ...],
) -> Iterator[Finding]:
    """What holds for every text, source or translation."""
    name = message_id or f"{text[:30]}…"
    if _CONTROLS.search(text):
        advice = f"`{name}` holds a direction mark: remove it, rendering sets them"
        yield Finding(file, line, "BIDI001", advice)
    if language.digits != "latn" and _ASCII_DIGITS.search(text):
        own = f"{language.localise('0')} to {language.localise('9')}"
        advice = f"`{name}` has digits 0 to 9: write {own}"
        yield Finding(file, line, "DIG001", advice, "warning")
    if not message_id:
        return
    yield from _length(file, line, message_id, text)
    if domain_of(message_id) == "interviews":
        for word in glossary.forbidden(text, words):
            advice = f"`{name}` says `{word.avoid}`: better {word.prefer}"
            yield Finding(file, line, "WORD001", advice, word.level)


def _length(file: str, line: int, message_id: str, text: str) -> Iterator[Finding]:
    label = min(c.button_label for c in CAPABILITIES.values() if c.buttons)
    sentence = text.endswith((".", "؟", "۔", "။"))
    if _LABEL in message_id and len(text) > label and not sentence:
        advice = (
            f"`{message_id}` has {len(text)} characters, more than the {label} of a button: it is "
            "shown as a numbered line; say it in fewer"
        )
        yield Finding(file, line, "BTN001", advice, "warning")
    if len(text) > SAY:
        advice = f"`{message_id}` has {len(text)} characters: cut it to {SAY}, or make it two"
        yield Finding(file, line, "LEN001", advice, "warning")
    for channel, abilities in CAPABILITIES.items():
        if cost(text, abilities.unit) > abilities.max_text:
            advice = f"`{message_id}` does not fit into one message of {channel}: make it shorter"
            yield Finding(file, line, "LEN002", advice)
