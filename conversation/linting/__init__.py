"""The linter of interviews: what a machine can see of a document that would do harm.

``lint`` runs every rule on a loaded document. Each rule is one small function whose docstring names
the trap of the interview's content it stands for, and says what is tested elsewhere instead.
"""

from collections.abc import Iterable

from conversation.document import Interview
from conversation.findings import Finding
from conversation.linting import coded, consents, lengths, people, safety, ways, wordings
from conversation.linting.catalogue import RULES, Rule
from conversation.linting.subject import Glossary, Limits, Subject, Word
from conversation.paths import Paths, explore

_CHECKS = (
    *ways.RULES,
    *coded.RULES,
    *lengths.RULES,
    *safety.RULES,
    *consents.RULES,
    *people.RULES,
    *wordings.RULES,
)


def lint(
    interview: Interview,
    *,
    glossary: Glossary | None = None,
    phrases: Iterable[tuple[str, str]] = (),
    limits: Limits | None = None,
    paths: Paths | None = None,
) -> tuple[Finding, ...]:
    """Every finding about a loaded document, in the order of its files and lines.

    ``glossary``: language -> words to avoid; ``phrases``: (message id, text) of what the engine and
    the responder's bot say; ``paths``: what :func:`conversation.paths.explore` found, if it ran.
    """
    subject = Subject(
        interview, paths or explore(interview), limits or Limits(), glossary, dict(phrases)
    )
    found = {finding for check in _CHECKS for finding in check(subject)}
    return tuple(sorted(found))


__all__ = ["RULES", "Glossary", "Limits", "Rule", "Word", "lint"]
