"""Recordings that speak the questions: ``audio/<locale>/<scope>/<step>.ogg``, Opus.

Beside them ``audio/<locale>/index.toml`` holds, for each file, which words it speaks (their
SHA-256), which bytes were accepted, who speaks and since when. Only a recording that is accepted,
sound and says the words as they stand now is ever played; never one in another language.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from i18n import ogg, spoken
from i18n.errors import AudioError, Finding

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Mapping

    from i18n.catalogues import Catalogues
    from i18n.spoken import Spoken

PACKAGED: Final = Path(__file__).with_name("audio")
INDEX: Final = "index.toml"
MIME: Final = "audio/ogg"

MAX_BYTES: Final = 150_000
"""Most bytes of one recording: what the whole urgent path may cost."""
MAX_RATE: Final = 3_000
"""Most bytes a second: Opus at 16 kbit/s is 2,000, and Ogg adds some."""

_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_TOLD: Final[Mapping[str, tuple[str, str, Literal["error", "warning"]]]] = {
    "missing": ("AUD001", "is not recorded yet", "warning"),
    "stale": ("AUD002", "says older words: record it again", "error"),
    "new": ("AUD006", "is not accepted: listen to it, then `--accept`", "error"),
}
_FIELDS: Final = {"text", "file", "speaker", "date"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A line of ``index.toml``: hashes (SHA-256, hex) of words and file, speaker's alias, date."""

    text: str
    file: str
    speaker: str
    date: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One recording. ``sha256`` (hex) is that of its bytes; ``fault`` is empty when it is sound."""

    path: Path
    sha256: str
    size: int
    fault: str
    oversize: str
    accepted: Accepted | None
    mime: str = MIME

    def read(self) -> bytes:
        """Its bytes; raises OSError when it has gone."""
        return self.path.read_bytes()

    @property
    def playable(self) -> bool:
        """Sound, small enough, and the very bytes that were accepted."""
        sound = not (self.fault or self.oversize)
        return sound and self.accepted is not None and self.accepted.file == self.sha256


@dataclass(frozen=True, slots=True)
class Audio:
    """Every recording, by locale and by file within the locale (``scope/step.ogg``)."""

    voices: Mapping[str, Mapping[str, Voice]] = field(default_factory=dict)
    index: Mapping[str, Mapping[str, Accepted]] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path = PACKAGED) -> Audio:
        """Read and check a folder of recordings; an absent one holds none.

        Raises :class:`i18n.errors.AudioError` where an index cannot be read.
        """
        voices: dict[str, Mapping[str, Voice]] = {}
        index: dict[str, Mapping[str, Accepted]] = {}
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and _LOCALE.fullmatch(folder.name):
                rows = _read_index(folder / INDEX)
                index[folder.name] = rows
                voices[folder.name] = {
                    name: _voice(path, rows.get(name.removesuffix(".ogg")))
                    for path in sorted(folder.rglob("*.*"))
                    if path.is_file() and path.name != INDEX and path.suffix != ".md"
                    for name in (path.relative_to(folder).as_posix(),)
                }
        return cls(voices, index)

    def find(self, spoken: Spoken) -> Voice | None:
        """The recording of these very words in this very language, if it may be played."""
        voice = self.voices.get(spoken.locale, {}).get(spoken.file)
        if voice is None or not voice.playable or voice.accepted is None:
            return None
        return voice if voice.accepted.text == spoken.sha256 else None

    def locales(self, catalogues: Catalogues) -> tuple[str, ...]:
        """Languages of which at least one recording may be played now."""
        return tuple(
            locale
            for locale in self.voices
            if any(self.find(one) for one in spoken.expected(catalogues, locale))
        )

    def state(self, one: Spoken) -> Literal["missing", "new", "stale", "faulty", "ready"]:
        """How far a recording is: ``new`` is there but was not accepted yet (or was replaced)."""
        voice = self.voices.get(one.locale, {}).get(one.file)
        if voice is None:
            return "missing"
        if voice.fault or voice.oversize:
            return "faulty"
        if voice.accepted is None or voice.accepted.file != voice.sha256:
            return "new"
        return "ready" if voice.accepted.text == one.sha256 else "stale"

    def findings(self, catalogues: Catalogues, locale: str) -> Iterator[Finding]:
        """What is missing (a warning), stale, left over or faulty in one language."""
        recordings = spoken.expected(catalogues, locale)
        for one in recordings:
            if told := _TOLD.get(self.state(one)):
                code, advice, level = told
                yield Finding(_name(locale, one.file), 0, code, advice, level)
        known = {one.file for one in recordings}
        for file, voice in self.voices.get(locale, {}).items():
            name = _name(locale, file)
            if file not in known:
                advice = "belongs to no text that can be spoken: rename or remove it"
                yield Finding(name, 0, "AUD003", advice)
            if voice.fault:
                yield Finding(name, 0, "AUD004", f"{voice.fault}: record it as Ogg Opus")
            if voice.oversize:
                yield Finding(name, 0, "AUD005", f"{voice.oversize}: encode it at 16 kbit/s, mono")
        for row in self.index.get(locale, {}):
            if f"{row}.ogg" not in self.voices.get(locale, {}):
                advice = f"names `{row}`, which has no file: remove the line"
                yield Finding(_name(locale, INDEX), 0, "AUD007", advice)

    def accept(
        self, catalogues: Catalogues, locale: str, speaker: str, date: datetime.date
    ) -> tuple[str, tuple[str, ...]]:
        """A new ``index.toml``, and the files that it accepts in addition.

        Sound recordings that are new or replaced say the words of today from now on; a stale one
        stays stale until its file changes, and a line without a file goes.
        """
        rows = {
            name: row
            for name, row in self.index.get(locale, {}).items()
            if f"{name}.ogg" in self.voices.get(locale, {})
        }
        taken: list[str] = []
        for one in spoken.expected(catalogues, locale):
            if self.state(one) == "new":
                voice = self.voices[locale][one.file]
                name = one.file.removesuffix(".ogg")
                rows[name] = Accepted(one.sha256, voice.sha256, speaker, date.isoformat())
                taken.append(one.file)
        return _write_index(rows), tuple(taken)


def faults(data: bytes) -> tuple[str, str]:
    """What is wrong with a recording's form, and with its size; both empty when it is sound."""
    try:
        seconds = ogg.duration(data)
    except ogg.NotOpus as error:
        return str(error), ""
    if len(data) > MAX_BYTES:
        return "", f"has {len(data)} bytes, more than {MAX_BYTES}"
    # A second more than it lasts, for the headers of a very short one.
    if len(data) > MAX_RATE * (seconds + 1):
        return "", f"has {len(data) / seconds:.0f} bytes a second, more than {MAX_RATE}"
    return "", ""


def _voice(path: Path, accepted: Accepted | None) -> Voice:
    size = path.stat().st_size
    if path.suffix != ".ogg":
        return Voice(path, "", size, "is no .ogg file", "", None)
    if size > MAX_BYTES * 10:
        return Voice(path, "", size, "", f"has {size} bytes, more than {MAX_BYTES}", accepted)
    data = path.read_bytes()
    fault, oversize = faults(data)
    return Voice(path, hashlib.sha256(data).hexdigest(), size, fault, oversize, accepted)


def _name(locale: str, file: str) -> str:
    return f"i18n/audio/{locale}/{file}"


def _read_index(path: Path) -> dict[str, Accepted]:
    name = _name(path.parent.name, INDEX)
    if not path.exists():
        return {}
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AudioError((Finding(name, 0, "AUD008", f"cannot be read: {error}"),)) from None
    faulty = [key for key, row in table.items() if not _is_row(row)]
    if faulty:
        advice = f"[{faulty[0]}] needs text, file, speaker and date, each in quotes"
        raise AudioError((Finding(name, 0, "AUD008", advice),))
    return {key: Accepted(**row) for key, row in table.items()}


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and set(row) == _FIELDS
        and all(isinstance(value, str) for value in row.values())
    )


def _write_index(rows: Mapping[str, Accepted]) -> str:
    return "\n".join(_lines(sorted(rows.items())))


def _lines(rows: Iterable[tuple[str, Accepted]]) -> Iterator[str]:
    yield "# Written by `relais locale audio --accept`: what each recording says, and who speaks."
    for name, row in rows:
        yield ""
        # A JSON string of these is a TOML string too.
        yield f"[{json.dumps(name, ensure_ascii=False)}]"
        for key in ("text", "file", "speaker", "date"):
            yield f"{key} = {json.dumps(getattr(row, key), ensure_ascii=False)}"
    yield ""


@cache
def packaged() -> Audio:
    """The recordings that ship."""
    return Audio.load()
