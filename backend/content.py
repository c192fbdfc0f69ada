"""Interviews and catalogues: the current edition, and earlier ones that conversations still use.

An edition is one interview document with the texts of every language, named by its hash. Each is
archived in the database when it is first served, so that a conversation goes on with the edition it
began with, on any replica.
"""

import hashlib
import zlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import Database
from backend.database.statements import insert_or_ignore
from backend.database.tables import archive
from conversation import Interview, load_interview, texts
from i18n import Catalogues, keywords, languages, phrases

MAIN: Final = "conflict-sexual-violence"


@dataclass(frozen=True, slots=True)
class Edition:
    """One interview with the texts that belong to it."""

    hash: str
    interview: Interview
    catalogues: Catalogues
    source: bytes


class _Archived(msgspec.Struct, frozen=True):
    interview: str
    source: bytes
    texts: dict[str, dict[str, str]]


class Content:
    """The current edition and a cache of earlier ones."""

    def __init__(self, current: Edition, locales: tuple[str, ...], db: Database) -> None:
        self.current = current
        self.locales = locales
        self._db = db
        self._editions = {current.hash: current}

    async def edition(self, content_hash: str) -> Edition:
        """The edition of this hash; the current one when it was never archived here."""
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
            return self.current
        return self._editions.setdefault(content_hash, _unpack(content_hash, body))

    async def archive(self, tx: AsyncConnection, now: int) -> None:
        """Keep the current edition; nothing happens when it is there already."""
        await tx.execute(
            insert_or_ignore(self._db.dialect, archive),
            {"hash": self.current.hash, "body": _pack(self.current), "archived_at": now},
        )


def load_content(db: Database, interviews: Path | None = None) -> Content:
    """Read the packaged interview, phrases and catalogues.

    Raises ``InterviewError`` with every finding (file, line, what to do), or the catalogue's error.
    """
    root = interviews or Path(str(files("conversation") / "interviews"))
    source = (root / f"{MAIN}.yaml").read_bytes()
    interview = load_interview(source, f"{MAIN}.yaml", keywords())
    sources = [(text.id, text.source) for text in texts(interview)]
    sources += [(phrase.id, phrase.source) for phrase in phrases.load()]
    catalogues = Catalogues.load(sources)
    edition = Edition(_hash(source, catalogues.digest()), interview, catalogues, source)
    offered = tuple(row.id for row in languages().rows() if row.offered)
    return Content(edition, offered, db)


def _hash(source: bytes, digest: str) -> str:
    return hashlib.sha256(source + b"\0" + digest.encode()).hexdigest()[:32]


def _pack(edition: Edition) -> bytes:
    archived = _Archived(
        interview=edition.interview.id,
        source=edition.source,
        texts={
            locale: dict(mapping) for locale, mapping in edition.catalogues.as_mapping().items()
        },
    )
    return zlib.compress(msgspec.msgpack.encode(archived), 9)


def _unpack(content_hash: str, body: bytes) -> Edition:
    archived = msgspec.msgpack.decode(zlib.decompress(body), type=_Archived)
    interview = load_interview(archived.source, f"{archived.interview}.yaml", keywords())
    catalogues = Catalogues.from_mapping(archived.texts)
    return Edition(content_hash, interview, catalogues, archived.source)
