"""What is wrong with an interview document: where, which rule, and what to do about it."""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault. ``code`` is stable; ``advice`` says what to do."""

    file: str
    line: int
    code: str
    advice: str
    severity: Severity = "error"
    """An error keeps a document from shipping; a warning is looked at; a note only says so."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code} {self.advice}"


class InterviewError(Exception):
    """A document that cannot be used; every finding at once, in the order of the file."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(slots=True)
class Findings:
    """Collects findings while a file is read."""

    file: str
    found: list[Finding] = field(default_factory=list)

    def add(self, line: int, code: str, advice: str) -> None:
        """Note one."""
        self.found.append(Finding(self.file, line, code, advice))

    def sorted(self) -> tuple[Finding, ...]:
        """All of them, in the order of the file, each once."""
        return tuple(sorted(set(self.found)))
