"""From sources to gettext: templates (POT) and updated catalogues (PO), no fuzzy guesses.

A chat text's msgctxt is its message id. The console's texts have none: their msgid is the key.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_javascript

from i18n import po
from i18n.catalogues import DOMAINS, domain_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from i18n.language import Language

CONSOLE: Final = "console"
ALL_DOMAINS: Final = (*DOMAINS, CONSOLE)

_BEFORE: Final = "The English was:"
"""Begins the comment under which a translator sees what a fuzzy text was translated from."""


class Source(NamedTuple):
    """One English text. ``id`` is empty for the console; ``file`` is relative to the repository."""

    id: str
    source: str
    note: str
    file: str
    line: int


def console_sources(src: Path, prefix: str = "console/src") -> tuple[Source, ...]:
    """Every ``t("…")`` in the TypeScript under ``src``, in the order of files and lines.

    A comment that begins with ``i18n:`` on the line before becomes the translator's note.
    """
    found: list[Source] = []
    for path in sorted((*src.rglob("*.ts"), *src.rglob("*.tsx"))):
        name = f"{prefix}/{path.relative_to(src).as_posix()}"
        found += _javascript(path.read_bytes(), name, jsx=path.suffix == ".tsx")
    return tuple(found)


def _javascript(code: bytes, name: str, *, jsx: bool) -> Iterator[Source]:
    calls = extract_javascript(
        io.BytesIO(code), {"t": None}, ["i18n:"], {"jsx": jsx, "encoding": "utf-8"}
    )
    for line, _, messages, comments in calls:
        # Typed as a list; in truth the one string, or a tuple with None for what is no string.
        said: object = messages
        first = said[0] if isinstance(said, tuple) and said else said
        if isinstance(first, str) and first:
            note = " ".join(c.removeprefix("i18n:").strip() for c in comments or ())
            yield Source("", first, note, name, line)


def by_domain(chat: Iterable[Source], console: Iterable[Source]) -> dict[str, list[Source]]:
    """The sources of each PO file."""
    domains: dict[str, list[Source]] = {domain: [] for domain in ALL_DOMAINS}
    for source in chat:
        domains[domain_of(source.id)].append(source)
    domains[CONSOLE].extend(console)
    return domains


def template(sources: Iterable[Source]) -> Catalog:
    """The POT of some sources, in their order; the same text of the console stands once."""
    catalog = Catalog(charset="utf-8")
    for source in sources:
        catalog.add(
            source.source,
            locations=[(source.file, source.line)],
            auto_comments=[source.note] if source.note else [],
            context=source.id or None,
        )
    return catalog


def merge(sources: Iterable[Source], old: Catalog | None, language: Language) -> Catalog:
    """The catalogue of a language for these sources, with what ``old`` had translated.

    Where only the English changed, the translation is kept and marked fuzzy: it is not served until
    somebody looked at it. What is no longer asked for stays at the end as obsolete.
    """
    merged = Catalog(locale=language.cldr, charset="utf-8")
    known = _by_key(old)
    if old is not None:
        merged.header_comment = old.header_comment
        merged.mime_headers = old.mime_headers
    for message in template(sources):
        if message.id:
            _carry(message, known.pop(_key(message), None))
            merged[message.id] = message
    for message in known.values():
        if message.string:
            merged.obsolete[(str(message.id), message.context or "")] = message
    return merged


def _key(message: Message) -> str:
    return f"#{message.context}" if message.context else str(message.id)


def _by_key(old: Catalog | None) -> dict[str, Message]:
    if old is None:
        return {}
    live = {_key(m): m for m in old if m.id}
    return {_key(m): m for m in old.obsolete.values()} | live


def _carry(message: Message, old: Message | None) -> None:
    if old is None:
        return
    message.string = old.string
    message.user_comments = old.user_comments
    if old.id != message.id and old.string:
        message.flags.add("fuzzy")
        message.auto_comments.append(f"{_BEFORE} {old.id}")
    elif old.fuzzy:
        message.flags.add("fuzzy")
        message.auto_comments += _before(old)


def _before(old: Message) -> list[str]:
    """The earlier English that a fuzzy message was translated from (wrapped lines joined again)."""
    lines = old.auto_comments
    begins = next((n for n, line in enumerate(lines) if line.startswith(_BEFORE)), len(lines))
    return [" ".join(lines[begins:])] if begins < len(lines) else []


def updated(
    domains: Mapping[str, Sequence[Source]], existing: Mapping[str, Catalog], language: Language
) -> dict[str, bytes]:
    """The PO bytes of each domain of one language."""
    return {
        domain: po.dump(merge(sources, existing.get(domain), language), language)
        for domain, sources in domains.items()
    }
