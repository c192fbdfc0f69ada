"""YAML as a tree of values that know their line, read with care: hostile files end in a finding.

The sense is YAML 1.2's: ``yes``, ``no`` and ``on`` are words, only ``true`` and ``false`` are not.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

import yaml

from conversation.findings import Findings, InterviewError

MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 24
MAX_NODES: Final = 40_000
"""Counted with every alias unfolded, so that a small file cannot stand for a vast one."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is built in: eight times faster, with the same events."""

_INT: Final = re.compile(r"[-+]?[0-9]{1,15}")
_WORDS: Final[dict[str, bool | None]] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


_LIKELY: Final = {
    "tab": "begin the line with spaces, not with a tab",
    "mapping values": "put the whole text in double quotes: it holds a colon and a space",
    "'-' indicator": "begin this line with as many spaces as the step above it",
    "<block end>": "begin this line with as many spaces as the one above it",
    "':'": "something is missing: a line is `key: value`, or a list in brackets is not closed",
    "end of stream": "a quotation mark or a bracket is not closed",
    "quoted scalar": "a quotation mark is not closed",
    "start any token": "put the text in double quotes: it begins with a sign that means something",
}
"""A piece of the parser's complaint -> what the author most likely did."""


def _likely(problem: str) -> str:
    """What to do about a complaint of the parser."""
    found = next((advice for piece, advice in _LIKELY.items() if piece in problem), "")
    return found or "look at the quotes, colons and spaces of this line"


@dataclass(frozen=True, slots=True)
class Node:
    """One value and the line (from 1) on which it begins."""

    value: "str | int | bool | dict[str, Node] | list[Node] | None"
    line: int
    keys: "dict[str, int] | None" = None
    """For a mapping: the line of each key."""
    size: int = 1
    """Nodes in it, aliases unfolded."""
    depth: int = 1


class _Stop(Exception):
    """Reading ends here; the finding is noted already."""


def read_yaml(source: bytes, findings: Findings) -> Node:
    """The document's root; raises :class:`InterviewError` when there is none to speak of."""
    try:
        return _Reader(findings).read(source)
    except _Stop:
        raise InterviewError(findings.sorted()) from None
    except RecursionError:
        findings.add(1, "YAML003", "the file is nested too deeply; flatten it")
        raise InterviewError(findings.sorted()) from None


class _Reader:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def read(self, source: bytes) -> Node:
        if len(source) > MAX_BYTES:
            self._stop(1, "YAML002", f"the file is over {MAX_BYTES // 1024} KiB; split it")
        try:
            text = source.decode()
        except UnicodeDecodeError:
            self._stop(1, "YAML001", "the file is not UTF-8; save it as UTF-8")
        try:
            events = (e for e in yaml.parse(text, Loader=_LOADER))
            return self._document(events)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self._stop(line, "YAML001", f"{_likely(error.problem or '')} ({error.problem})")
        except yaml.YAMLError:
            self._stop(1, "YAML001", "the file holds characters that YAML does not allow")

    def _document(self, events: Iterator[yaml.Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    self._stop(_line(event), "YAML001", "one document a file; remove the second")
                root = self._node(event, events, 1)
        if root is None:
            self._stop(1, "YAML001", "the file is empty; write an interview in it")
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        line = _line(event)
        if depth > MAX_DEPTH:
            self._stop(line, "YAML003", f"nested deeper than {MAX_DEPTH}; flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line, depth)
        self._count(1, line)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event), line)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(events, line, depth)
        else:
            node = self._sequence(events, line, depth)
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._findings.add(line, "YAML006", "tags (!name) are not used here; remove it")
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent, line: int, depth: int) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            self._stop(line, "YAML004", "this alias (*) has no finished anchor (&) before it")
        if depth + node.depth > MAX_DEPTH:
            self._stop(line, "YAML003", f"nested deeper than {MAX_DEPTH}; flatten it")
        self._count(node.size, line)
        return node

    def _mapping(self, events: Iterator[yaml.Event], line: int, depth: int) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key_line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(key_line, "YAML001", "a key must be a plain word")
            if event.value in values:
                self._findings.add(key_line, "YAML005", f"`{event.value}` stands here twice")
            self._count(1, key_line)
            values[event.value] = self._node(next(events), events, depth + 1)
            keys[event.value] = key_line
        return Node(values, line, keys, *_measure(values.values()))

    def _sequence(self, events: Iterator[yaml.Event], line: int, depth: int) -> Node:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return Node(items, line, None, *_measure(items))

    def _scalar(self, event: yaml.ScalarEvent) -> str | int | bool | None:
        if event.style:  # quoted or folded; libyaml says "" where it is neither
            return event.value
        if event.value in _WORDS:
            return _WORDS[event.value]
        return int(event.value) if _INT.fullmatch(event.value) else event.value

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._stop(line, "YAML002", "the file unfolds to far more than an interview; split it")

    def _stop(self, line: int, code: str, advice: str) -> NoReturn:
        self._findings.add(line, code, advice)
        raise _Stop


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _measure(nodes: Iterable[Node]) -> tuple[int, int]:
    size, depth = 1, 0
    for node in nodes:
        size += node.size
        depth = max(depth, node.depth)
    return size, depth + 1
