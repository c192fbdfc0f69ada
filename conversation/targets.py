"""Reading `then:`: a closed verb, or the id of a later step."""

from collections.abc import Mapping
from typing import Final

from conversation.document import Then
from conversation.stepping import RawStep
from conversation.yaml_source import Node

_VERBS: Final = ("leave_safely", "urgent", "close", "rest", "outside")
_PATHS: Final = ("me", "helping", "saw", "info")
_KNOWN: Final = (
    "leave_safely, urgent, {urgent: end}, {become: path}, close, rest, outside, or a later step"
)


def read_then(
    raw: RawStep, route: str, place: int, raws: Mapping[str, list[RawStep]]
) -> dict[str, Then]:
    """Answer -> what it leads to. ``skip`` stands for every way of not answering."""
    below = raw.fields.mapping("then")
    if below is None:
        return {}
    answers = {option.id for option in raw.options} | {"skip"}
    if raw.kind in {"number", "date", "place", "text", "media", "code"}:
        answers.add("answered")
    if raw.kind == "place" and raw.fields.word("from") == "areas":
        answers.add("elsewhere")
    found: dict[str, Then] = {}
    for answer, node in below.values.items():
        if answer not in answers:
            advice = f"`{answer}` is no answer here; answers are {', '.join(sorted(answers))}"
            below.add(answer, "THEN003", advice)
        then = _read_one(raw, node, route, place, raws)
        if then is not None:
            found[answer] = then
    return found


def _read_one(
    raw: RawStep, node: Node, route: str, place: int, raws: Mapping[str, list[RawStep]]
) -> Then | None:
    findings = raw.fields.findings
    if isinstance(node.value, dict):
        return _read_mapping(raw, node, raws)
    word = node.value
    if not isinstance(word, str):
        findings.add(node.line, "THEN004", f"write {_KNOWN}")
        return None
    if word == "urgent":
        return _urgent(raw, node, raws, end=False)
    if word in _VERBS:
        return Then(word)  # type: ignore[arg-type]  # one of _VERBS
    return _later(raw, word, node, route, place, raws)


def _read_mapping(raw: RawStep, node: Node, raws: Mapping[str, list[RawStep]]) -> Then | None:
    findings = raw.fields.findings
    pairs = node.value if isinstance(node.value, dict) else {}
    word = next(iter(pairs), "")
    inner = pairs[word].value if pairs else None
    if len(pairs) == 1 and word == "urgent" and inner == "end":
        return _urgent(raw, node, raws, end=True)
    if len(pairs) == 1 and word == "become" and inner in _PATHS:
        return Then("become", str(inner))
    if word == "become":
        advice = f"there is no path `{inner}`; paths are {', '.join(_PATHS)}"
        findings.add(node.line, "THEN004", advice)
    else:
        findings.add(node.line, "THEN004", f"`{word}` is no verb; write {_KNOWN}")
    return None


def _urgent(
    raw: RawStep, node: Node, raws: Mapping[str, list[RawStep]], *, end: bool
) -> Then | None:
    if "urgent" not in raws:
        advice = "there is no block `urgent`; write it under `blocks:`"
        raw.fields.findings.add(node.line, "THEN004", advice)
        return None
    return Then("urgent", "urgent", end)


def _later(
    raw: RawStep, word: str, node: Node, route: str, place: int, raws: Mapping[str, list[RawStep]]
) -> Then | None:
    row = raws[route]
    places = [i for i, other in enumerate(row) if other.id == word]
    if any(i > place for i in places):
        return Then("goto", word)
    if all(other is not raw for other in row):
        return None  # used in a block that does not hold the target: the next step follows
    if places:
        advice = f"`{word}` does not come after this step; the interview only goes forward"
        raw.fields.findings.add(node.line, "THEN002", advice)
    else:
        advice = f"there is no step `{word}` here, and it is no verb; write {_KNOWN}"
        raw.fields.findings.add(node.line, "THEN001", advice)
    return None
