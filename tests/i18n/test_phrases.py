"""Phrases files: what they give and how they fail."""

from pathlib import Path

import pytest

from i18n import PhrasesError, phrases


def write(folder: Path, text: str, name: str = "engine.yaml") -> Path:
    """A folder with one phrases file."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_ids_notes_and_lines(tmp_path: Path) -> None:
    """Texts and options have ids by their place, their note and their line."""
    root = write(tmp_path, 'hi:\n  text: "Hello {who}"\n  note: First.\n  options: {yes: "Yes"}\n')
    text, option = phrases.load(root)
    assert text == ("engine/hi/text", "Hello {who}", "First.", "i18n/phrases/engine.yaml", 2)
    assert option[:3] == ("engine/hi/options/yes", "Yes", "First.")


def test_yes_and_no_are_words(tmp_path: Path) -> None:
    """YAML's yes and no are ids like others, and a bare text is a text."""
    root = write(tmp_path, "no: Not now\nyes: {text: Yes}\n")
    assert [p.id for p in phrases.load(root)] == ["engine/no/text", "engine/yes/text"]


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("a: {text: b: c}\n", 1, "PHR001"),
        ("- a\n- b\n", 1, "PHR002"),
        ("a:\n  text: [1]\n", 2, "PHR002"),
        ("a: x\na: y\n", 2, "PHR003"),
        ("a:\n  txet: x\n", 2, "PHR004"),
        ("a:\n  text: ''\n", 2, "PHR005"),
    ],
)
def test_faults_say_where(tmp_path: Path, text: str, line: int, code: str) -> None:
    """A wrong file names line, code and remedy."""
    with pytest.raises(PhrasesError) as caught:
        phrases.load(write(tmp_path, text))
    finding = caught.value.findings[0]
    assert (finding.file, finding.line, finding.code) == ("i18n/phrases/engine.yaml", line, code)
    assert str(finding).startswith(f"i18n/phrases/engine.yaml:{line}: {code} ")


def test_an_empty_file_has_no_phrases(tmp_path: Path) -> None:
    """A file with only comments is fine."""
    assert phrases.load(write(tmp_path, "# nothing yet\n")) == ()


def test_what_ships_loads() -> None:
    """The packaged phrases are right, and each id stands once."""
    ids = [p.id for p in phrases.load()]
    assert len(ids) == len(set(ids))
