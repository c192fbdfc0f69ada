"""The linter: each trap is caught by its own code at its own line, and what ships has no error."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.content import packaged_interviews, read_interview
from conversation import Finding, Interview, InterviewError
from conversation.codes import CODES
from conversation.coding import TYPES
from conversation.formula import ABSENT, Compared, Formula, Given, holds
from conversation.linting import RULES, lint
from conversation.linting.answerable import satisfiable
from i18n import glossary, phrases
from tests.conversation.talking import HERE

BROKEN = sorted((HERE / "broken").glob("*.yaml"))
MARK = re.compile(r"# <- ([A-Z]+[0-9]+)")
PHRASES = tuple((phrase.id, phrase.source) for phrase in phrases.load())
SHIPPED = sorted(packaged_interviews().glob("*.yaml"))


def findings(path: Path) -> tuple[Finding, ...]:
    """Everything that is wrong with a file, whether it loads or not."""
    try:
        interview = read_interview(path)
    except InterviewError as error:
        return error.findings
    return lint(interview, glossary=glossary.load, phrases=PHRASES)


def expected(path: Path) -> set[tuple[str, int]]:
    """Codes and lines that the file's comments name; about the whole file: line 1."""
    lines = path.read_text().splitlines()
    marked = {(m[1], n) for n, line in enumerate(lines, 1) for m in MARK.finditer(line)}
    return marked or {(path.name.split("-")[0], 1)}


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_each_broken_file_is_caught_by_its_own_code(path: Path) -> None:
    """The code is found on the marked line, says what to do, and nothing else is found."""
    found = findings(path)
    assert {(f.code, f.line) for f in found} == expected(path), found
    assert all(f.file == path.name and f.advice for f in found)


def test_there_are_thirty_broken_files_and_one_whole_one() -> None:
    """Every rule that a document alone can break has its file; the whole one has no finding."""
    assert len(BROKEN) >= 30
    assert findings(HERE / "small.yaml") == ()
    elsewhere = {"KNOCK001"}
    assert RULES.keys() - {path.name.split("-")[0] for path in BROKEN} == elsewhere


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_has_no_error(path: Path) -> None:
    """Each interview that ships passes every rule, every way of it was walked, warnings are few."""
    found = findings(path)
    assert not [str(f) for f in found if f.severity == "error"]
    assert "PATH006" not in {f.code for f in found}
    assert len([f for f in found if f.severity == "warning"]) <= 8


@cache
def small() -> Interview:
    """The whole one."""
    return read_interview(HERE / "small.yaml")


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("KNOCK001", {"responder/knock/text": "{code_name}: {area} needs you."}),
        ("KNOCK001", {"engine/knock/text": "{code_name}: news about the rape."}),
        ("ALERT001", {"responder/alert/text": "{code}: {age}, {area}."}),
        ("PREV001", {"engine/greeting/text": "Hello, survivors."}),
        ("DIST001", {"engine/distress/options/human": "A person now"}),
    ],
)
def test_fixed_phrases_are_checked_too(code: str, changed: dict[str, str]) -> None:
    """What a document cannot break is looked for in the phrases of engine and responder."""
    kept = {k: v for k, v in PHRASES if code != "DIST001" or "distress" not in k}
    before = lint(small(), phrases=tuple(PHRASES))
    after = lint(small(), phrases=tuple({**kept, **changed}.items()))
    assert code not in {f.code for f in before}
    assert code in {f.code for f in after}


def codes_in_source() -> Iterator[str]:
    """Every code that a module of the engine, or what reads its files, can give a finding."""
    root = HERE.parent.parent
    for path in (*(root / "conversation").rglob("*.py"), root / "backend" / "content.py"):
        yield from re.findall(r'"([A-Z]{2,6}[0-9]{3})"', path.read_text())


def test_every_code_is_explained_to_authors() -> None:
    """docs/authors.md has a row for each code there is, and for no other."""
    text = (HERE.parent.parent / "docs" / "authors.md").read_text()
    assert set(re.findall(r"^\| ([A-Z]+[0-9]+) \|", text, re.MULTILINE)) == set(codes_in_source())


def test_every_rule_is_explained_as_the_linter_says_it() -> None:
    """The table gives the linter's own words and severity."""
    text = (HERE.parent.parent / "docs" / "authors.md").read_text()
    for code, rule in RULES.items():
        assert f"| {code} | {rule.severity} | {rule.about} |" in text, code


def test_the_derived_types_are_codes() -> None:
    """The list that types are derived in is the list of the code."""
    assert set(TYPES) == CODES["gbvims.gbv_type"]


GIVEN: st.SearchStrategy[Given] = st.sampled_from(["a", "b", None, ABSENT])
ATOMS = st.builds(
    lambda name, values: Compared(name, "in", tuple(values), 1),
    st.sampled_from(["x", "y"]),
    st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2),
)


@given(ATOMS, GIVEN, GIVEN)
def test_a_condition_that_holds_for_somebody_can_be_true(
    formula: Formula, x: Given, y: Given
) -> None:
    """PATH003 never calls unanswerable what some answers make true."""
    if holds(formula, {"x": x, "y": y}):
        assert satisfiable(small(), formula)
