"""Reading `options:`, `exclusive:` and the codes of a step."""

from dataclasses import dataclass, field
from typing import Final

from conversation.fields import Fields, option_id
from conversation.normalise import normalise
from conversation.yaml_source import Node

FIXED: Final = {
    "contact": (("any_time", "morning", "afternoon", "evening", "no"), ("no",)),
    "consent": (("yes", "not_these", "no", "keep", "drop"), ("no",)),
    "review": (("send", "correct"), ("send", "correct")),
}
"""Kinds whose option ids the engine understands: (allowed, needed)."""


@dataclass(slots=True)
class RawOption:
    """An option before its condition is compiled."""

    id: str
    label: str
    line: int
    when: Node | None = None
    codes: dict[str, str] = field(default_factory=dict)
    coded: bool = False


def read_options(fields: Fields, prefix: str, kind: str) -> list[RawOption]:
    """The options in their order; findings for ids, labels and codes."""
    below = fields.mapping("options")
    if below is None:
        return []
    options: list[RawOption] = []
    for name, node in below.values.items():
        line = below.line_of(name)
        if not option_id(name):
            advice = f"`{name}` is no option id; use lower-case letters, digits, _ and -, up to 40"
            below.add(name, "OPT001", advice)
        options.append(_read_option(below, name, node, f"{prefix}/options/{name}", line))
    _check_fixed(fields, kind, [option.id for option in options])
    if any(o.codes for o in options):
        for option in options:
            if not option.coded and not fields.word("code"):
                advice = f"`{option.id}` has no codes although others have; write `codes: {{}}`"
                fields.findings.add(option.line, "CODE001", advice)
    return options


def _read_option(fields: Fields, name: str, node: Node, message_id: str, line: int) -> RawOption:
    if not isinstance(node.value, dict):
        return RawOption(name, fields.text(name, message_id), line)
    inner = Fields(node, fields.findings, fields.texts)
    inner.only({"label", "when", "codes", "note"}, "an option")
    if "label" not in inner.values:
        inner.add(name, "STEP004", f"option `{name}` has no label; write what the person reads")
        return RawOption(name, "", line)
    label = inner.text("label", message_id, inner.word("note"))
    codes = inner.mapping("codes")
    found = {key: codes.word(key) for key in codes.values} if codes is not None else {}
    return RawOption(name, label, line, inner.values.get("when"), found, codes is not None)


def _check_fixed(fields: Fields, kind: str, ids: list[str]) -> None:
    allowed, needed = FIXED.get(kind, ((), ()))
    for extra in [i for i in ids if allowed and i not in allowed]:
        advice = f"the engine does not know `{extra}` in a {kind}; use {', '.join(allowed)}"
        fields.add("options", "OPT004", advice)
    for missing in [i for i in needed if i not in ids]:
        fields.add("options", "OPT004", f"a {kind} needs the option `{missing}`")


def read_exclusive(fields: Fields, ids: list[str]) -> frozenset[str]:
    """Options of a `many` that exclude the others."""
    found: set[str] = set()
    for node in fields.items("exclusive"):
        if isinstance(node.value, str) and node.value in ids:
            found.add(node.value)
        else:
            advice = f"`exclusive` names no option of this step; they are {', '.join(ids)}"
            fields.findings.add(node.line, "OPT003", advice)
    return frozenset(found)


def typed_words(options: list[RawOption]) -> dict[str, str]:
    """What may be typed for an option instead of its number."""
    words: dict[str, str] = {}
    for option in options:
        words.setdefault(normalise(option.label), option.id)
    for option in options:
        words.setdefault(normalise(option.id).replace("_", " "), option.id)
    words.pop("", None)
    return words
