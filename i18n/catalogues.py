"""Every text in every language: gettext catalogues over the English sources."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self

from i18n import phrases, po
from i18n.language import SOURCE, Languages, packaged
from i18n.placeholders import MISSING, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PACKAGED: Final = Path(__file__).with_name("locales")

DOMAINS: Final = ("interviews", "bots")
"""PO files of what is said in chat; the console's is served by :meth:`Catalogues.console`."""

_BOTS: Final = ("responder/", "offline/", "profile/", "sheet/")


def domain_of(message_id: str) -> str:
    """The PO file a message lives in."""
    return "bots" if message_id.startswith(_BOTS) else "interviews"


class Found(NamedTuple):
    """A text and the locale it is written in: another than asked for, or "" when there is none."""

    text: str
    locale: str


class Catalogues:
    """Immutable. ``gaps`` counts what was asked for and was not there, by (locale, message id)."""

    __slots__ = ("_console", "_languages", "_resolved", "_sources", "_translations", "gaps")

    def __init__(
        self,
        sources: Mapping[str, str],
        translations: Mapping[str, Mapping[str, str]],
        *,
        console: Mapping[str, Mapping[str, str]] | None = None,
        languages: Languages | None = None,
    ) -> None:
        self._languages = languages or packaged()
        self._sources = dict(sources)
        self._translations = {locale: dict(texts) for locale, texts in translations.items()}
        self._console = {locale: dict(texts) for locale, texts in (console or {}).items()}
        names = dict.fromkeys((SOURCE, *self._languages, *self._translations))
        self._resolved = {locale: self._resolve(locale) for locale in names}
        self.gaps: Counter[tuple[str, str]] = Counter()

    @classmethod
    def load(
        cls,
        sources: Iterable[tuple[str, str]] = (),
        *,
        root: Path = PACKAGED,
        phrases_root: Path = phrases.PACKAGED,
        languages: Languages | None = None,
    ) -> Self:
        """Read what ships. ``sources``: (message id, English) of the interviews; phrases are added.

        Raises :class:`i18n.CatalogueError` or :class:`i18n.PhrasesError`, naming file and line.
        """
        table = languages or packaged()
        english = {p.id: p.source for p in phrases.load(phrases_root)} | dict(sources)
        texts: dict[str, dict[str, str]] = {}
        console: dict[str, dict[str, str]] = {}
        for locale in table:
            folder = root / locale / "LC_MESSAGES"
            if locale == SOURCE or not folder.is_dir():
                continue
            texts[locale] = {}
            for domain in DOMAINS:
                texts[locale] |= _read_domain(folder / f"{domain}.po", locale, table, english)
            console[locale] = _read_console(folder / "console.po", locale, table)
        return cls(english, texts, console=console, languages=table)

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Mapping[str, str]], languages: Languages | None = None
    ) -> Self:
        """Rebuild an archived catalogue from :meth:`as_mapping`. It has no console texts."""
        translations = {locale: texts for locale, texts in mapping.items() if locale != SOURCE}
        return cls(mapping[SOURCE], translations, languages=languages)

    def as_mapping(self) -> dict[str, dict[str, str]]:
        """Everything said in chat, by locale and message id: what a running conversation keeps."""
        mapping = {SOURCE: dict(self._sources)}
        return mapping | {locale: dict(texts) for locale, texts in self._translations.items()}

    def digest(self) -> str:
        """SHA-256, hex, of :meth:`as_mapping`: equal texts have equal digests."""
        canonical = json.dumps(self.as_mapping(), sort_keys=True, ensure_ascii=False).encode()
        return hashlib.sha256(canonical).hexdigest()

    @property
    def languages(self) -> Languages:
        """The languages table these catalogues were read with."""
        return self._languages

    @property
    def sources(self) -> Mapping[str, str]:
        """Message id -> English."""
        return dict(self._sources)

    def text(self, locale: str, message_id: str) -> str:
        """The text, along the fallback chain down to English; ``…`` when nobody wrote one."""
        return self.find(locale, message_id).text

    def find(self, locale: str, message_id: str) -> Found:
        """As :meth:`text`, and the locale the text is in."""
        resolved = self._resolved.get(locale, self._resolved[SOURCE])
        found = resolved.get(message_id, Found(MISSING, ""))
        if found.locale != locale:
            self.gaps[(locale, message_id)] += 1
        return found

    def has(self, message_id: str) -> bool:
        """Somebody wrote this text, at least in English."""
        return message_id in self._sources

    def state(self, locale: str) -> Literal["draft", "complete"]:
        """``complete``: every text is translated and a reviewer signed; the source always is."""
        if locale == SOURCE:
            return "complete"
        signed = locale in self._languages and self._languages[locale].reviewers
        return "complete" if signed and not self.missing(locale) else "draft"

    def missing(self, locale: str) -> tuple[str, ...]:
        """Ids that ``locale`` has no own, usable text for."""
        resolved = self._resolved.get(locale, {})
        return tuple(
            message_id
            for message_id in self._sources
            if message_id not in resolved or resolved[message_id].locale != locale
        )

    def texts(self, locale: str, prefix: str = "") -> dict[str, str]:
        """Every text of a locale by message id (those that begin with ``prefix``)."""
        resolved = self._resolved.get(locale, self._resolved[SOURCE])
        return {key: found.text for key, found in resolved.items() if key.startswith(prefix)}

    def console(self, locale: str, *, own: bool = False) -> dict[str, str]:
        """The console's texts: English source -> translation, only what is translated.

        ``own`` leaves out what comes from the fallback chain.
        """
        texts: dict[str, str] = {}
        chain = (locale,) if own else self._languages.chain(locale)
        for step in reversed(chain):
            texts |= self._console.get(step, {})
        return texts

    def _resolve(self, locale: str) -> dict[str, Found]:
        """For each message the first text of the chain that has the source's placeholders."""
        chain = [step for step in self._languages.chain(locale) if step != SOURCE]
        resolved: dict[str, Found] = {}
        for message_id, source in self._sources.items():
            wanted = placeholders(source)
            resolved[message_id] = Found(source, SOURCE)
            for step in chain:
                text = self._translations.get(step, {}).get(message_id, "")
                if text and placeholders(text) == wanted:
                    resolved[message_id] = Found(text, step)
                    break
        return resolved


def _read_domain(
    path: Path, locale: str, languages: Languages, sources: Mapping[str, str]
) -> dict[str, str]:
    """Translations whose English is still what is asked now; older ones do not count."""
    if not path.exists():
        return {}
    name = f"i18n/locales/{locale}/LC_MESSAGES/{path.name}"
    texts: dict[str, str] = {}
    for message in po.read(path, name, languages[locale]):
        if message.context and sources.get(message.context) == message.id:
            text = po.translated(message)
            if text:
                texts[message.context] = text
    return texts


def _read_console(path: Path, locale: str, languages: Languages) -> dict[str, str]:
    if not path.exists():
        return {}
    name = f"i18n/locales/{locale}/LC_MESSAGES/{path.name}"
    catalog = po.read(path, name, languages[locale])
    texts = {m.id: po.translated(m) for m in catalog if isinstance(m.id, str) and m.id}
    return {source: text for source, text in texts.items() if text}
