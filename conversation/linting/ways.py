"""Rules about the ways through a document: reached, left, answerable, not too long, of some use."""

from typing import TYPE_CHECKING, Final

from conversation.findings import Finding
from conversation.formula import Compared, Either, Every, Formula, Negated, comparisons
from conversation.linting.answerable import satisfiable
from conversation.linting.subject import Check, Findings, Subject, at_step, at_top
from conversation.paths import median

if TYPE_CHECKING:
    from conversation.document import Step

_READ_BY_ID: Final = frozenset(
    {"topic", "when_last", "who_answers", "age_band", "their_age", "needs", "urgent_now", "risk"}
)
"""Steps whose answers the engine itself reads."""


def path001(subject: Subject) -> Findings:
    """Each step is seen by somebody, in some circumstance."""
    for name in subject.paths.unreached:
        step = subject.interview.steps[name]
        if step.when_source is None or satisfiable(subject.interview, step.when_source):
            yield at_step(
                step, "PATH001", f"nobody ever sees `{name}`; {_why_unseen(subject, step)}"
            )


def _why_unseen(subject: Subject, step: "Step") -> str:
    block = next(
        (name for name, row in subject.interview.routes.items() if step in row.steps), "main"
    )
    if block != "main":
        return f"nothing leads to the block `{block}`, or its conditions are never met there"
    return "look at its `when` and at what leads past it, or remove it"


def path002(subject: Subject) -> Findings:
    """Each question can be left, and each end says something."""
    for name in subject.paths.dead_ends:
        step = subject.interview.steps.get(name)
        advice = f"after `{name}` it can end without words of yours; close with a `say`"
        if step is not None:
            yield at_step(step, "PATH002", advice)
        else:
            yield at_top(subject, "PATH002", advice)


def path003(subject: Subject) -> Findings:
    """Each condition can be true for somebody, and each option is shown to somebody."""
    for step in subject.steps:
        if step.when_source is not None and not satisfiable(subject.interview, step.when_source):
            advice = f"the condition of `{step.id}` can never be true; its parts exclude each other"
            yield at_step(step, "PATH003", advice, line=_line_of(step.when_source))
        for option in step.options:
            source = option.when_source
            if source is not None and not satisfiable(subject.interview, source):
                advice = f"`{option.id}` is never shown: its condition can never be true"
                yield at_step(step, "PATH003", advice, line=_line_of(source))
    for name, options in subject.paths.never_offered.items():
        step = subject.interview.steps[name]
        for option_id in options:
            source = next(o.when_source for o in step.options if o.id == option_id)
            if source is not None and satisfiable(subject.interview, source):
                advice = f"`{option_id}` is never shown to anybody who is asked `{name}`"
                yield at_step(step, "PATH003", advice, line=_line_of(source))


def path004(subject: Subject) -> Findings:
    """No way is too long; with detours she asks for (urgent help, leaving out) it may be longer."""
    groups = subject.paths.by_context[next(iter(subject.paths.by_context))]
    limits, opening = subject.limits, subject.paths.opening
    for group, stat in groups.items():
        longest = max(stat.bubbles, default=0)
        most = limits.way if group.endswith("straight") else limits.detours
        if longest > most:
            advice = f"a way of `{group}` has {longest} messages of the bot; stay within {most}"
            yield at_top(subject, "PATH004", advice)
    for group, most in (("me, straight", limits.me - 1), ("me, short", limits.short)):
        if group in groups:
            middle = median(groups[group].questions) - opening
            if middle > most:
                advice = f"`{group}` has {middle} questions at its median; stay within {most}"
                yield at_top(subject, "PATH004", advice)


def path005(subject: Subject) -> Findings:
    """What is asked is of use: it is kept, decides something, or leads somewhere."""
    read = {
        one.name
        for route in subject.interview.routes.values()
        for step in route.steps
        for source in (step.when_source, *(o.when_source for o in step.options))
        for one in comparisons(source)
    }
    for step in subject.steps:
        asked = step.kind in {"choice", "many", "number"} and not step.source
        used = step.compartment or step.then or step.id in read or step.id in _READ_BY_ID
        if asked and not used and step.file:
            advice = (
                f"nothing depends on `{step.id}` and its answer is not kept; remove the question"
            )
            yield at_step(step, "PATH005", advice)


def path006(subject: Subject) -> Findings:
    """Every way was walked; if not, it is said which were not."""
    reasons = {reason.partition(": ")[2] for reason in subject.paths.cut}  # in any circumstance
    for reason in sorted(reasons):
        yield at_top(subject, "PATH006", f"not every way was walked ({reason}); ask fewer at once")


def when007(subject: Subject) -> Findings:
    """`not` over a comparison is true as well when the question was skipped or never asked."""
    for step in subject.steps:
        sources = (step.when_source, *(option.when_source for option in step.options))
        for source in sources:
            if source is not None:
                yield from _negations(subject, step, source, frozenset())


def _negations(
    subject: Subject, step: "Step", formula: Formula, guarded: frozenset[str]
) -> "Findings":
    match formula:
        case Every(parts=parts):
            sure = {p.name for p in parts if isinstance(p, Compared) and _asks_answered(p)}
            for part in parts:
                yield from _negations(subject, step, part, guarded | sure)
        case Either(parts=parts):
            for part in parts:
                yield from _negations(subject, step, part, guarded)
        case Negated(part=part, line=line):
            for name in dict.fromkeys(c.name for c in comparisons(part) if _skippable(subject, c)):
                if name not in guarded:
                    yield _negation(step, name, line)


def _negation(step: "Step", name: str, line: int) -> Finding:
    advice = (
        f"a `not` over `{name}` is true as well when `{name}` was skipped; if that is not meant, "
        f"add `{name}: {{answered: true}}` beside it"
    )
    return at_step(step, "WHEN007", advice, line=line)


def _asks_answered(one: Compared) -> bool:
    return one.operator == "answered" and one.values == (True,)


def _skippable(subject: Subject, one: Compared) -> bool:
    step = subject.interview.steps.get(one.name)
    if step is None or one.operator in {"answered", "skipped"}:
        return False
    return step.kind not in {"consent", "contact", "review"}


def _line_of(formula: Formula) -> int:
    return next((one.line for one in comparisons(formula)), 0)


RULES: Final[tuple[Check, ...]] = (
    path001,
    path002,
    path003,
    path004,
    path005,
    path006,
    when007,
)
