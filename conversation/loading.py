"""From an interview document to an :class:`Interview`: everything wrong is said at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conversation.builtin import own_routes, pending
from conversation.conditions import Compiler, Operand
from conversation.document import Choice, Condition, Interview, Route, Step, Text
from conversation.facts import FACTS
from conversation.fields import Fields, step_id
from conversation.findings import Findings, InterviewError
from conversation.formula import read_formula
from conversation.including import Library
from conversation.lexicon import Lexicon
from conversation.options import typed_words
from conversation.replies import Part, Ref
from conversation.stepping import RawStep
from conversation.targets import read_then
from conversation.yaml_source import Node, read_yaml

_TOP: Final = {"id", "version", "source", "title", "idle", "steps", "blocks", "note"}
_HOURS: Final = re.compile(r"([1-9][0-9]{0,3})h")
RESERVED: Final = frozenset(
    {
        "main",
        "return",
        "resume",
        "person",
        "pick",
        "review_change",
        "consents",
        "contact",
        "add",
        "engine",
        "offline",
        "responder",
    }
)
"""Names of routes that the engine brings itself."""


def load_interview(
    source: bytes,
    name: str,
    lexicon: Lexicon | None = None,
    shared: Mapping[str, bytes] | None = None,
) -> Interview:
    """Read and check a document; ``shared`` holds the blocks that it may include, by name.

    Raises :class:`InterviewError` with every finding: file, line, code and what to do.
    """
    findings = Findings(name)
    texts: list[Text] = []
    fields = Fields(read_yaml(source, findings), findings, texts)
    if not fields.values:
        findings.add(fields.node.line, "DOC003", "the file must be a mapping: `id: …`, `steps: …`")
        raise InterviewError(findings.sorted())
    fields.only(_TOP, "an interview")
    for key in ("id", "version", "source", "steps"):
        if key not in fields.values:
            fields.add(key, "DOC002", f"`{key}` is missing")
    own_id = fields.word("id")
    library = Library(shared or {}, findings, texts)
    raws = {"main": library.steps(fields.items("steps"), own_id, fields)}
    blocks = fields.mapping("blocks")
    for block in blocks.values if blocks is not None else ():
        if blocks is not None:
            _check_block(blocks, block)
            raws[block] = library.steps(blocks.items(block), block, fields)
    expire_after = _hours(fields)
    loader = _Loader(findings, raws)
    routes = loader.routes()
    if findings.found:
        raise InterviewError(findings.sorted())
    known = {step.id: step for route in routes.values() for step in route.steps}
    return Interview(
        id=own_id,
        version=fields.number("version") or 0,
        source=fields.word("source"),
        title=fields.word("title"),
        expire_after=expire_after,
        steps=known,
        routes={**routes, **own_routes(known, routes)},
        lexicon=lexicon or Lexicon(),
        shared=tuple(library.used),
        translatable=tuple(texts),
    )


def _check_block(blocks: Fields, name: str) -> None:
    if not step_id(name) or name in RESERVED:
        blocks.add(name, "STEP002", f"`{name}` cannot name a block; choose another word")


def _hours(fields: Fields) -> int:
    idle = fields.mapping("idle")
    if idle is None:
        return 72
    idle.only({"expire_after"}, "idle")
    found = _HOURS.fullmatch(idle.word("expire_after", default="72h"))
    if found is None:
        idle.add("expire_after", "DOC003", "write hours, for example `expire_after: 72h`")
    return int(found[1]) if found else 72


@dataclass(slots=True)
class _Loader:
    """Turns raw steps into steps: ids first, then what refers to them."""

    findings: Findings
    raws: dict[str, list[RawStep]]
    defined: dict[str, tuple[str, RawStep]] = field(default_factory=dict)

    def routes(self) -> dict[str, Route]:
        self._define()
        routes = {}
        for route, raws in self.raws.items():
            steps = [self._step(route, place, raw) for place, raw in enumerate(raws)]
            routes[route] = Route.of(step for step in steps if step is not None)
        if not self.raws["main"]:
            self.findings.add(1, "DOC002", "there are no steps; write at least one")
        return routes

    def _define(self) -> None:
        for route, raws in self.raws.items():
            for raw in raws:
                if raw.kind == "use":
                    continue
                if raw.id in self.defined:
                    advice = f"`{raw.id}` exists already; give each step its own id, or `use` it"
                    raw.fields.add("id", "STEP001", advice)
                self.defined.setdefault(raw.id, (route, raw))

    def _step(self, route: str, place: int, raw: RawStep) -> Step | None:
        if raw.kind == "use":
            return self._used(route, place, raw)
        when = self._when(raw, route, place)
        return self._build(raw, when, route, place)

    def _used(self, route: str, place: int, raw: RawStep) -> Step | None:
        home = self.defined.get(raw.id)
        if home is None:
            advice = f"`use` names no step `{raw.id}` of this document"
            raw.fields.add("use", "USE001", advice)
            return None
        origin, original = home
        if raw.when is not None:
            when = self._compile(raw.when, route, place, raw.fields.findings)
        else:
            when = self._when(original, origin, self.raws[origin].index(original))
        step = self._build(original, when, route, place)
        return replace(step, when_source=read_formula(raw.when)) if raw.when is not None else step

    def _when(self, raw: RawStep, route: str, place: int) -> Condition | None:
        """Its own condition and that of the `include` it came with."""
        own = self._compile(raw.when, route, place, raw.fields.findings)
        also = self._compile(raw.also, route, place, raw.also_findings)
        if own is None or also is None:
            return own or also
        return lambda turn: also(turn) and own(turn)

    def _compile(
        self, node: Node | None, route: str, place: int, findings: Findings | None
    ) -> Condition | None:
        if node is None:
            return None
        operands: dict[str, Operand] = {
            name: Operand("fact", fact.values) for name, fact in FACTS.items()
        }
        earlier = {raw.id for raw in self.raws[route][:place]}
        for name, (home, raw) in self.defined.items():
            if home != route or name in earlier:
                operands[name] = Operand(raw.kind, _values(raw))
        later = self.defined.keys() - operands.keys()
        return Compiler(operands, later, findings or self.findings).compile(node)

    def _build(self, raw: RawStep, when: Condition | None, route: str, place: int) -> Step:
        fields = raw.fields
        options = tuple(
            Choice(
                id=option.id,
                label=Ref(f"{raw.scope}/{raw.id}/options/{option.id}"),
                when=self._compile(option.when, route, place, fields.findings),
                codes=option.codes,
                when_source=read_formula(option.when),
            )
            for option in raw.options
        )
        step = Step(
            id=raw.id,
            kind=raw.step_kind,
            prompt=raw.prompt,
            part=Part(raw.prompt),
            placeholders=raw.placeholders,
            more=_part(raw.own.get("more")),
            hint=_part(raw.own.get("hint")),
            example=_part(raw.own.get("example")),
            options=options,
            plain=all(choice.when is None for choice in options),
            words=typed_words(raw.options),
            then=read_then(raw, route, place, self.raws),
            when=when if when is not None or fields.word("from") != "organisations" else pending,
        )
        return replace(
            step,
            when_source=read_formula(raw.also, raw.when),
            compartment=fields.word("compartment"),
            code=fields.word("code"),
            exclusive=raw.exclusive,
            low=raw.low,
            high=raw.high,
            own_words=fields.flag("own_words"),
            source=fields.word("from"),
            purpose=fields.word("consent"),
            signpost=fields.word("signpost"),
            lines={name: Part(message) for name, message in raw.lines.items()},
            by={
                fact: {value: Part(message) for value, message in values.items()}
                for fact, values in raw.by.items()
            },
            submit=(fields.number("submit") or 0) if raw.kind == "submit" else 0,
            file=fields.findings.file,
            line=fields.node.line,
        )


def _part(message_id: str | None) -> Part | None:
    return Part(message_id) if message_id else None


def _values(raw: RawStep) -> frozenset[str] | None:
    if not raw.options:
        return None
    return frozenset(option.id for option in raw.options)
