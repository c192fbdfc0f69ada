"""Every kind of line that is written stands in the list, and the auditor's page can say it."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, get_args

from backend.accounts.people_log import Kind as PeopleKind
from backend.cases.history import LOOK, SORTS, CaseKind

ROOT: Final = Path(__file__).parents[2]
TYPES: Final = ROOT / "console" / "src" / "api" / "audit.ts"
WRITERS: Final = {"note": 3, "note_once": 3, "log": 3, "write_down": 2, "KeyLine": 0}
"""Functions that write a line, and where among their arguments its kind stands."""
LOGS: Final = {"case_log", "people_log"}
KINDS: Final = {*get_args(CaseKind), *get_args(PeopleKind)}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the backend that is not a migration."""
    for path in sorted((ROOT / "backend").rglob("*.py")):
        if "migrations" not in path.parts:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name, ast.parse(path.read_text())


def called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def written_by(node: ast.Call) -> ast.expr | None:
    """The kind that this call writes, if it writes one."""
    name = called(node)
    if name in WRITERS and len(node.args) > WRITERS[name]:
        return node.args[WRITERS[name]]
    inserted = any(
        isinstance(one, ast.Call)
        and called(one).startswith("insert")
        and any(getattr(word, "id", "") in LOGS for word in one.args)
        for one in ast.walk(node)
    )
    if not inserted:
        return None
    pairs = [(word.arg, word.value) for word in node.keywords]
    for one in [one for one in ast.walk(node) if isinstance(one, ast.Dict)]:
        pairs += [
            (getattr(key, "value", None), value)
            for key, value in zip(one.keys, one.values, strict=True)
        ]
    return next((value for key, value in pairs if key == "kind"), None)


def said(module: str, kind: ast.expr) -> list[str]:
    """The kinds as text, all of a table; none where a writer hands on what it was given."""
    if isinstance(kind, ast.Constant):
        return [str(kind.value)]
    if isinstance(kind, ast.Name):
        one = getattr(import_module(module), kind.id, None)
        return [] if one is None else [one]
    if isinstance(kind, ast.Subscript) and isinstance(kind.value, ast.Name):
        return list(getattr(import_module(module), kind.value.id).values())
    return []


def written() -> dict[str, str]:
    """Kind -> a module that writes it."""
    found: dict[str, str] = {}
    for module, tree in modules():
        for node in ast.walk(tree):
            kind = written_by(node) if isinstance(node, ast.Call) else None
            found |= dict.fromkeys(said(module, kind) if kind is not None else [], module)
    return found


def test_what_is_written_is_in_the_list_and_the_other_way_round() -> None:
    """Whoever writes a new kind adds it; whoever writes one no more takes it out."""
    found = written()
    assert set(found) - KINDS == set(), {kind: found[kind] for kind in set(found) - KINDS}
    assert KINDS - set(found) == set()


def test_each_kind_is_of_one_sort() -> None:
    """So that no line is missed by asking for each sort in turn."""
    sorted_ = [kind for kinds in SORTS.values() for kind in kinds]
    assert sorted(sorted_) == sorted(KINDS)
    assert set(LOOK) <= KINDS


def test_the_page_has_a_sentence_for_each() -> None:
    """The console's list is this one; its compiler holds a sentence against each entry."""
    text = TYPES.read_text()
    listed = re.search(r"AUDIT_KINDS = \[(.*?)\] as const", text, re.DOTALL)
    assert listed is not None
    assert sorted(re.findall(r'"(\w+)"', listed[1])) == sorted(KINDS)
    sorts = re.search(r"AUDIT_SORTS = \[(.*?)\] as const", text, re.DOTALL)
    assert sorts is not None
    assert re.findall(r'"(\w+)"', sorts[1]) == list(SORTS)
    sentences = (ROOT / "console/src/console/audit/sentences.ts").read_text()
    assert "Record<AuditKind, " in sentences
