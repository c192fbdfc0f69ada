"""Rules about codes: they exist, their values exist, and what can be coded is."""

from typing import TYPE_CHECKING, Final

from conversation.codes import CODES, OPEN, OWN, UNCODED, fitting, known
from conversation.linting.subject import Check, Findings, Subject, at_step, at_text

if TYPE_CHECKING:
    from conversation.document import Choice, Step

_NATURAL: Final = {"date": "gbvims.date_of_incident"}
_CODED: Final = frozenset({"account", "perpetrator", "medical", "brief"})


def code002(subject: Subject) -> Findings:
    """A code is one of the lists, and each value is one of its list (GBVIMS; never a new one)."""
    for step in subject.steps:
        if step.code and not known(step.code):
            yield at_step(step, "CODE002", _unknown(step.code))
        for option in step.options:
            yield from _option(subject, step, option)


def _option(subject: Subject, step: "Step", option: "Choice") -> Findings:
    text = subject.texts.get(option.label.id)
    for code, value in option.codes.items():
        advice = _wrong(code, value)
        if advice and text is not None:
            yield at_text(text, "CODE002", advice)
    bare = not option.codes and step.code in CODES and option.id not in UNCODED
    if bare and option.id not in CODES[step.code] and text is not None:
        yield at_text(text, "CODE002", _wrong(step.code, option.id))


def _wrong(code: str, value: str) -> str:
    if not known(code):
        return _unknown(code)
    if code in CODES and value not in CODES[code]:
        values = ", ".join(sorted(CODES[code]))
        return f"`{value}` is no value of {code}; its values are {values}"
    return ""


def _unknown(code: str) -> str:
    near = [one for one in (*CODES, *OPEN) if one.rpartition(".")[2] == code.rpartition(".")[2]]
    hint = f"did you mean {near[0]}?" if near else f"own codes begin with `{OWN}`"
    return f"there is no code `{code}`; {hint}"


def code003(subject: Subject) -> Findings:
    """What has a code is coded, so that it need not be asked again and can be counted."""
    for step in subject.steps:
        coded = step.code or any(option.codes for option in step.options)
        if coded or step.compartment not in _CODED or step.kind not in {"choice", "many", "date"}:
            continue
        code = _NATURAL.get(step.kind) or fitting(frozenset(o.id for o in step.options))
        code = code or next((c for c in CODES if c.rpartition(".")[2] == step.id), "")
        if code:
            yield at_step(step, "CODE003", f"`{step.id}` has no code; write `code: {code}`")


RULES: Final[tuple[Check, ...]] = (code002, code003)
