"""Shared blocks: written once, spliced into every interview that says `include: name`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from conversation.document import Text
from conversation.fields import Fields
from conversation.findings import Findings
from conversation.stepping import RawStep, read_step
from conversation.yaml_source import Node, read_yaml

_INCLUDE: Final = frozenset({"include", "when", "only", "without", "note"})
_BLOCK: Final = frozenset({"steps", "note"})


@dataclass(slots=True)
class Library:
    """The shared blocks of one loading. ``shared``: name -> YAML. Each is read when first used."""

    shared: Mapping[str, bytes]
    findings: Findings
    texts: list[Text]
    used: list[str] = field(default_factory=list)
    read: dict[str, list[RawStep]] = field(default_factory=dict)
    """Block -> its steps, each block read once."""
    taken: set[RawStep] = field(default_factory=set)
    """Steps that an include has brought already."""

    def steps(self, nodes: list[Node], scope: str, fields: Fields) -> list[RawStep]:
        """Every readable step of a list, blocks spliced in where they are included."""
        found: list[RawStep] = []
        for node in nodes:
            inner = Fields(node, fields.findings, fields.texts)
            if "include" in inner.values:
                found += self._included(inner)
            else:
                raw = read_step(inner, scope)
                found += [raw] if raw is not None else []
        return found

    def _included(self, fields: Fields) -> list[RawStep]:
        fields.only(_INCLUDE, "an include")
        name = fields.word("include")
        source = self.shared.get(name)
        if source is None:
            known = ", ".join(sorted(self.shared)) or "none"
            fields.add("include", "INC001", f"there is no shared block `{name}`; known are {known}")
            return []
        if name not in self.read:
            self.used.append(name)
            self.read[name] = self._read(name, source)
        kept = _chosen(fields, name, self.read[name])
        if not self.taken.isdisjoint(kept):
            advice = f"`{name}` is included twice; take its steps apart with `only:`, or `use` one"
            fields.add("include", "INC002", advice)
            return []
        self.taken.update(kept)
        for step in kept:
            step.also = fields.values.get("when")
            step.also_findings = fields.findings
        return kept

    def _read(self, name: str, source: bytes) -> list[RawStep]:
        findings = Findings(f"shared/{name}.yaml", self.findings.found)
        fields = Fields(read_yaml(source, findings), findings, self.texts)
        fields.only(_BLOCK, "a shared block")
        if not fields.items("steps"):
            fields.add("steps", "DOC002", "a shared block is `steps:` with at least one step")
        found: list[RawStep] = []
        for node in fields.items("steps"):
            inner = Fields(node, findings, self.texts)
            if "include" in inner.values:
                inner.add("include", "INC004", "a shared block includes no other; write it out")
                continue
            raw = read_step(inner, name)
            found += [raw] if raw is not None else []
        return found


def _chosen(fields: Fields, name: str, steps: list[RawStep]) -> list[RawStep]:
    """The steps of a block that this include takes: all, `only` some, or all `without` some."""
    only = {str(node.value) for node in fields.items("only")} or {step.id for step in steps}
    without = {str(node.value) for node in fields.items("without")}
    known = {step.id for step in steps}
    for key, named, verb in (("only", only, "take"), ("without", without, "leave out")):
        for extra in sorted(named - known):
            fields.add(key, "INC003", f"`{name}` has no step `{extra}` to {verb}")
    return [step for step in steps if step.id in only - without]
