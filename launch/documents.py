"""Interview documents as authors name them: by id, by file, or a whole folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.content import packaged_interviews, read_interview
from conversation import Finding, Interview, texts
from i18n import Catalogues, phrases

_SUFFIX: Final = ".yaml"


class NoSuchDocument(Exception):
    """There is no such interview; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Document:
    """A loaded interview with the texts of every language."""

    path: Path
    interview: Interview
    catalogues: Catalogues


def paths_of(names: list[str]) -> list[Path]:
    """The files that these names mean; none: every interview that ships.

    Raises :class:`NoSuchDocument`.
    """
    if not names:
        return sorted(packaged_interviews().glob(f"*{_SUFFIX}"))
    found: list[Path] = []
    for name in names:
        path = Path(name)
        found += sorted(path.glob(f"*{_SUFFIX}")) if path.is_dir() else [path_of(name)]
    return list(dict.fromkeys(found))


def path_of(name: str) -> Path:
    """One file: a path, or the id of an interview that ships. Raises :class:`NoSuchDocument`."""
    path = Path(name)
    if path.is_file():
        return path
    shipped = packaged_interviews() / f"{name.removesuffix(_SUFFIX)}{_SUFFIX}"
    if path.name == name and shipped.is_file():
        return shipped
    ids = ", ".join(one.stem for one in paths_of([]))
    raise NoSuchDocument(f"There is no file and no interview {name!r}; interviews are {ids}.")


def load(path: Path) -> Interview:
    """One interview. Raises ``InterviewError`` with every finding."""
    return read_interview(path)


def load_document(path: Path) -> Document:
    """One interview with its texts; what is not translated is said in the source language."""
    interview = load(path)
    sources = [(text.id, text.source) for text in texts(interview)]
    sources += [(phrase.id, phrase.source) for phrase in phrases.load()]
    return Document(path, interview, Catalogues.load(sources))


def place_of(finding: Finding, document: Path) -> str:
    """``file:line`` as a terminal can open it; shared blocks stand beside the document."""
    path = document.parent / finding.file
    path = path if path.exists() else Path(finding.file)
    try:
        path = path.resolve().relative_to(Path.cwd())
    except ValueError:
        path = path if path.is_absolute() or not path.exists() else path.resolve()
    return f"{path}:{finding.line}"
