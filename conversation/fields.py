"""Reading one mapping of a document field by field, with a finding for whatever does not fit."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from conversation.document import Text
from conversation.findings import Findings
from conversation.yaml_source import Node

_STEP_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OPTION_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS: Final = frozenset({"organisations", "area", "needs", "operator", "status", "code"})


def names_in(text: str) -> tuple[str, ...]:
    """The placeholders of a text, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


@dataclass(slots=True)
class Fields:
    """A mapping of the document, with the findings and texts that reading it yields."""

    node: Node
    findings: Findings
    texts: list[Text]

    @property
    def values(self) -> dict[str, Node]:
        """Key -> value; empty when this is no mapping."""
        return self.node.value if isinstance(self.node.value, dict) else {}

    def line_of(self, key: str) -> int:
        """The line of a key, or of the mapping."""
        return (self.node.keys or {}).get(key, self.node.line)

    def add(self, key: str, code: str, advice: str) -> None:
        """A finding about this key."""
        self.findings.add(self.line_of(key), code, advice)

    def only(self, allowed: Collection[str], what: str) -> None:
        """Every key must be known."""
        for key in self.values:
            if key not in allowed:
                known = ", ".join(sorted(allowed))
                self.add(key, "DOC001", f"`{key}` means nothing in {what}; known are {known}")

    def word(self, key: str, *, default: str = "") -> str:
        """A string; numbers are read as written."""
        node = self.values.get(key)
        if node is None:
            return default
        if type(node.value) is int:
            return str(node.value)
        if isinstance(node.value, str):
            return node.value
        self.add(key, "DOC003", f"`{key}` must be a text; put it in quotes")
        return default

    def flag(self, key: str) -> bool:
        """True or false."""
        node = self.values.get(key)
        if node is None:
            return False
        if not isinstance(node.value, bool):
            self.add(key, "DOC003", f"`{key}` must be true or false")
            return False
        return node.value

    def number(self, key: str) -> int | None:
        """A whole number."""
        node = self.values.get(key)
        if node is None:
            return None
        if type(node.value) is not int:
            self.add(key, "DOC003", f"`{key}` must be a whole number")
            return None
        return node.value

    def mapping(self, key: str) -> "Fields | None":
        """A mapping below this one."""
        node = self.values.get(key)
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.add(key, "DOC003", f"`{key}` must be a mapping of `name: value`")
            return None
        return Fields(node, self.findings, self.texts)

    def items(self, key: str) -> list[Node]:
        """A list."""
        node = self.values.get(key)
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.add(key, "DOC003", f"`{key}` must be a list")
            return []
        return node.value

    def text(self, key: str, message_id: str, note: str = "") -> str:
        """A text for people: noted for translation; never empty, placeholders known."""
        source = self.word(key).strip()
        if not source:
            self.add(key, "STEP004", f"`{key}` is empty; write what the person reads")
            return ""
        for name in names_in(source):
            if name not in PLACEHOLDERS:
                known = ", ".join(sorted(PLACEHOLDERS))
                self.add(key, "STEP005", f"{{{name}}} is not filled in here; known are {known}")
        line = self.line_of(key)
        self.texts.append(Text(message_id, source, note, self.findings.file, line))
        return source


def step_id(word: str) -> bool:
    """A step or block id: lower-case letters, digits and _; a letter first; up to 40."""
    return _STEP_ID.fullmatch(word) is not None


def option_id(word: str) -> bool:
    """An option id: lower-case letters, digits, _ and -; up to 40."""
    return _OPTION_ID.fullmatch(word) is not None
