"""Reading and writing gettext PO files through Babel, the same bytes for the same content."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

from babel.messages.pofile import PoFileError, read_po, write_po

from i18n.errors import CatalogueError, Finding

if TYPE_CHECKING:
    from pathlib import Path

    from babel.messages.catalog import Catalog, Message

    from i18n.language import Language

WIDTH: Final = 96

_LINE: Final = re.compile(
    r'\s*(#.*|((msgctxt|msgid|msgid_plural|msgstr(\[\d+\])?)\s*)?"(\\.|[^"\\])*"\s*)?'
)

_KEPT_HEADERS: Final = ("PO-Revision-Date", "Last-Translator", "Language-Team", "X-Generator")
_DEFAULT_TEAM: Final = "<LL@li.org>"


def read(path: Path, name: str, language: Language | None = None) -> Catalog:
    """The catalogue of a PO file. ``name`` is how findings call the file.

    Raises :class:`CatalogueError` with the line of the first fault.
    """
    try:
        raw = path.read_bytes()
        _check_lines(raw.decode("utf-8"), name)
        catalog = read_po(
            io.BytesIO(raw),
            locale=language.cldr if language else None,
            charset="utf-8",
            abort_invalid=True,
        )
    except PoFileError as error:
        advice = f"is not a PO file here ({error}); open it in Poedit, or undo the last change"
        raise CatalogueError((Finding(name, error.lineno + 1, "PO001", advice),)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CatalogueError((Finding(name, line, "PO002", "save the file as UTF-8"),)) from None
    except (OSError, ValueError, LookupError, IndexError) as error:
        advice = f"cannot be read ({type(error).__name__}); undo the last change"
        raise CatalogueError((Finding(name, 0, "PO001", advice),)) from None
    return catalog


def _check_lines(text: str, name: str) -> None:
    """Refuse what Babel would read over: it takes a lost quotation mark for a lost letter."""
    for number, line in enumerate(text.split("\n"), 1):
        if not _LINE.fullmatch(line):
            advice = "is no PO line; look for a missing quotation mark, or undo the last change"
            raise CatalogueError((Finding(name, number, "PO001", advice),))


def dump(catalog: Catalog, language: Language | None) -> bytes:
    """The catalogue as PO bytes (a POT without a language): sources' order, no date of the day."""
    body = io.BytesIO()
    write_po(
        body, catalog, width=WIDTH, include_lineno=False, omit_header=True, include_previous=True
    )
    return _header(catalog, language).encode() + b"\n" + body.getvalue().rstrip(b"\n") + b"\n"


def _header(catalog: Catalog, language: Language | None) -> str:
    fields = {"Project-Id-Version": "Relais"}
    if language:
        fields |= {"Language": language.id, "Plural-Forms": catalog.plural_forms}
    fields |= {
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if language:
        given = dict(catalog.mime_headers)
        unset = ("YEAR-MO-DA", "FULL NAME", _DEFAULT_TEAM)
        for name in _KEPT_HEADERS:
            if name in given and not any(mark in given[name] for mark in unset):
                fields[name] = given[name].replace("\n", " ")
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in fields.items())
    given = catalog.header_comment
    comment = "" if not given.strip() or " for PROJECT" in given else given + "\n"
    return f'{comment}msgid ""\nmsgstr ""\n{lines}'


def translated(message: Message) -> str:
    """The translation of a message, empty when there is none or it is marked fuzzy."""
    string = message.string
    if message.fuzzy or not isinstance(string, str):
        return ""
    return string
