"""The phrases that belong to no interview: ``phrases/<domain>.yaml``, in English.

``key: {text: "…", options: {a: "…"}, note: "…"}`` becomes ``<domain>/<key>/text`` and
``<domain>/<key>/options/a``. Ids are read as strings, ``yes`` and ``no`` included.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import yaml

from i18n.errors import Finding, PhrasesError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGED: Final = Path(__file__).with_name("phrases")

_TEXTS: Final = ("text", "hint", "example", "more")
_MAPS: Final = ("options", "lines")


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is built in."""


class Phrase(NamedTuple):
    """One English source text. ``file`` is relative to the repository; ``line`` counts from 1."""

    id: str
    source: str
    note: str
    file: str
    line: int


def load(root: Path = PACKAGED) -> tuple[Phrase, ...]:
    """Every phrase, in the order of files and lines; raises :class:`PhrasesError`."""
    findings: list[Finding] = []
    phrases: list[Phrase] = []
    for path in sorted(root.glob("*.yaml")):
        try:
            phrases += _read(path)
        except PhrasesError as error:
            findings += error.findings
    if findings:
        raise PhrasesError(tuple(findings))
    return tuple(phrases)


def _read(path: Path) -> list[Phrase]:
    file = f"i18n/phrases/{path.name}"
    try:
        document = yaml.compose(path.read_text("utf-8"), Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        advice = f"is not YAML here: {error.problem}; quote texts with double quotes"
        raise PhrasesError((Finding(file, line, "PHR001", advice),)) from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise PhrasesError((Finding(file, 0, "PHR001", "is not YAML in UTF-8"),)) from None
    if document is None:
        return []
    reader = _Reader(file)
    phrases = [
        p for key, node in reader.pairs(document) for p in reader.phrase(path.stem, key, node)
    ]
    if reader.findings:
        raise PhrasesError(tuple(reader.findings))
    return phrases


class _Reader:
    """Walks one file's nodes and keeps what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def fault(self, node: yaml.Node, code: str, advice: str) -> None:
        self.findings.append(Finding(self.file, node.start_mark.line + 1, code, advice))

    def pairs(self, node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "PHR002", "needs `key: value` lines here")
            return
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                self.fault(key, "PHR003", f"`{key.value}` stands here twice: rename or remove one")
            seen.add(key.value)
            yield key.value, value

    def scalar(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode):
            return " ".join(node.value.split(" ")).strip()
        self.fault(node, "PHR002", "needs one text here")
        return ""

    def phrase(self, domain: str, key: str, node: yaml.Node) -> Iterator[Phrase]:
        base = f"{domain}/{key}"
        if isinstance(node, yaml.ScalarNode):
            yield Phrase(f"{base}/text", self.scalar(node), "", self.file, node.start_mark.line + 1)
            return
        fields = dict(self.pairs(node))
        note = self.scalar(fields.pop("note")) if "note" in fields else ""
        for name, value in fields.items():
            if name in _TEXTS:
                yield self._one(f"{base}/{name}", note, value)
            elif name in _MAPS:
                for option, label in self.pairs(value):
                    yield self._one(f"{base}/{name}/{option}", note, label)
            else:
                known = ", ".join((*_TEXTS, *_MAPS, "note"))
                self.fault(value, "PHR004", f"`{name}` is unknown; a phrase has {known}")

    def _one(self, message_id: str, note: str, node: yaml.Node) -> Phrase:
        source = self.scalar(node)
        if not source:
            self.fault(node, "PHR005", f"`{message_id}` is empty: write it or remove it")
        return Phrase(message_id, source, note, self.file, node.start_mark.line + 1)
