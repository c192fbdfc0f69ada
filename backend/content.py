"""Interviews and catalogues: the current edition, and earlier ones that conversations still use.

An edition is one interview document with the texts of every language, named by its hash. Each is
archived in the database when it is first served, so that a conversation goes on with the edition it
began with, on any replica.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import startlinks
from backend.database import Database
from backend.database.statements import insert_or_ignore
from backend.database.tables import archive
from backend.errors import ConfigurationError
from backend.lexicon import lexicon
from conversation import Finding, Interview, InterviewError, load_interview, texts
from i18n import Catalogues, audio, languages, phrases
from i18n.catalogues import PACKAGED as CATALOGUES

log = structlog.get_logger(__name__)

MAIN: Final = "conflict-sexual-violence"


@dataclass(frozen=True)
class Edition:
    """One interview with the texts that belong to it."""

    hash: str
    interview: Interview
    catalogues: Catalogues
    source: bytes
    shared: Mapping[str, bytes] = field(default_factory=dict)
    """The shared blocks it includes, by name."""

    @cached_property
    def voices(self) -> tuple[str, ...]:
        """Locales in which its questions can be heard."""
        return tuple(audio.packaged().locales(self.catalogues))


class _Archived(msgspec.Struct, frozen=True):
    interview: str
    source: bytes
    texts: dict[str, dict[str, str]]
    shared: dict[str, bytes] = {}


class Content:
    """The present editions, one an interview, and a cache of earlier ones.

    ``current`` is the edition that a conversation begins with, unless it came by a link that names
    another interview.
    """

    def __init__(
        self,
        current: Edition,
        locales: tuple[str, ...],
        db: Database,
        others: Iterable[Edition] = (),
    ) -> None:
        self.current = current
        self.locales = locales
        self._db = db
        self.present = {one.interview.id: one for one in (*others, current)}
        self._editions = {one.hash: one for one in self.present.values()}

    def begun_with(self, payload: str) -> Edition:
        """The edition for the payload of a start link; the current one when it names none."""
        return self.present.get(self.link(payload).interview, self.current)

    def link(self, payload: str) -> startlinks.Start:
        """What the payload of a start link asks for."""
        return startlinks.read(payload, self.present, self.locales)

    async def edition(self, content_hash: str) -> Edition | None:
        """The edition of this hash; None when it was never archived here, or cannot be read."""
        known = self._editions.get(content_hash)
        if known is not None:
            return known
        async with self._db.read() as connection:
            body = (
                await connection.execute(
                    select(archive.c.body).where(archive.c.hash == content_hash)
                )
            ).scalar_one_or_none()
        if body is None:
            return None
        try:
            edition = _unpack(content_hash, body)
        except (InterviewError, msgspec.MsgspecError, zlib.error) as error:
            log.error("edition unreadable", hash=content_hash, error=type(error).__name__)
            return None
        return self._editions.setdefault(content_hash, edition)

    async def archive(self, tx: AsyncConnection, now: int) -> None:
        """Keep the present editions; nothing happens with those that are there already."""
        for edition in self.present.values():
            await tx.execute(
                insert_or_ignore(self._db.dialect, archive),
                {"hash": edition.hash, "body": _pack(edition), "archived_at": now},
            )


def shared_blocks(folder: Path) -> dict[str, bytes]:
    """The shared blocks beside the interviews of a folder, by name."""
    return {path.stem: path.read_bytes() for path in sorted((folder / "shared").glob("*.yaml"))}


def packaged_interviews() -> Path:
    """The folder of the interviews that ship."""
    return Path(str(files("conversation") / "interviews"))


def read_interview(path: Path) -> Interview:
    """One document with the shared blocks beside it. Raises ``InterviewError`` or ``OSError``."""
    return load_interview(path.read_bytes(), path.name, lexicon(), shared_blocks(path.parent))


def misnamed(path: Path, interview: Interview) -> tuple[Finding, ...]:
    """An interview is found by its file's name and by its id, so they are the same."""
    if path.stem == interview.id:
        return ()
    lines = path.read_bytes().splitlines()
    line = next((n for n, one in enumerate(lines, 1) if one.startswith(b"id:")), 1)
    advice = f"write `id: {path.stem}`, as the file is called, or rename the file"
    return (Finding(path.name, line, "DOC005", advice),)


def load_content(db: Database, interviews: Path | None = None, main: str = MAIN) -> Content:
    """Read the interviews of a folder, phrases and catalogues; ``main`` is the one that is served.

    Raises ``InterviewError`` with every finding (file, line, what to do), ``ConfigurationError``
    when there is no interview ``main``, or the catalogue's error.
    """
    root = interviews or packaged_interviews()
    shared = shared_blocks(root)
    said, stamp = phrases.load(), _stamp(CATALOGUES)
    editions = {
        path.stem: _read(path.name, path.read_bytes(), tuple(shared.items()), said, stamp)
        for path in sorted(root.glob("*.yaml"))
    }
    wrong = [misnamed(root / f"{name}.yaml", one.interview) for name, one in editions.items()]
    if any(wrong):
        raise InterviewError(tuple(finding for row in wrong for finding in row))
    if main not in editions:
        known = ", ".join(path.stem for path in sorted(root.glob("*.yaml"))) or "none"
        raise ConfigurationError(
            f"There is no interview {main!r}; RELAIS_INTERVIEW is one of {known}."
        )
    current = editions.pop(main)
    offered = tuple(row.id for row in languages().rows() if row.offered)
    return Content(current, offered, db, editions.values())


def _stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells one state of the catalogues' files from another."""
    stats = ((path, path.stat()) for path in sorted(root.rglob("*.po")))
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


@lru_cache(maxsize=16)
def _read(
    name: str,
    source: bytes,
    blocks: tuple[tuple[str, bytes], ...],
    said: tuple[phrases.Phrase, ...],
    _catalogues: tuple[tuple[str, int, int], ...],
) -> Edition:
    """One edition; read once for the same files, which is half a second each."""
    shared = dict(blocks)
    interview = load_interview(source, name, lexicon(), shared)
    sources = [(text.id, text.source) for text in texts(interview)]
    sources += [(phrase.id, phrase.source) for phrase in said]
    catalogues = Catalogues.load(sources)
    used = {name: shared[name] for name in interview.shared}
    return Edition(_hash(source, used, catalogues.digest()), interview, catalogues, source, used)


def _hash(source: bytes, shared: Mapping[str, bytes], digest: str) -> str:
    whole = hashlib.sha256(source + b"\0" + digest.encode())
    for name in sorted(shared):
        whole.update(hashlib.sha256(name.encode() + b"\0" + shared[name]).digest())
    return whole.hexdigest()[:32]


def _pack(edition: Edition) -> bytes:
    archived = _Archived(
        interview=edition.interview.id,
        source=edition.source,
        texts={
            locale: dict(mapping) for locale, mapping in edition.catalogues.as_mapping().items()
        },
        shared=dict(edition.shared),
    )
    return zlib.compress(msgspec.msgpack.encode(archived), 9)


def _unpack(content_hash: str, body: bytes) -> Edition:
    archived = msgspec.msgpack.decode(zlib.decompress(body), type=_Archived)
    name = f"{archived.interview}.yaml"
    interview = load_interview(archived.source, name, lexicon(), archived.shared)
    catalogues = Catalogues.from_mapping(archived.texts)
    return Edition(content_hash, interview, catalogues, archived.source, archived.shared)
