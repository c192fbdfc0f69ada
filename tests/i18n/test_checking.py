"""What `relais locale check` finds."""

from dataclasses import replace
from pathlib import Path

import pytest

from i18n import Finding, TextsError, checking, glossary, languages, po
from i18n.extract import Source

EN, FR = languages()["en"], languages()["fr"]
SOURCE = Source("q/a/text", "Hello {who}", "", "q.yaml", 4)


def check(folder: Path, body: str, source: Source = SOURCE, offered: bool = True) -> list[Finding]:
    """The findings of a French file with one entry."""
    path = folder / "x.po"
    path.write_text(
        f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n{body}\n',
        encoding="utf-8",
    )
    language = replace(FR, offered=offered)
    return list(checking.check_catalogue(po.read(path, "x.po", FR), "x.po", [source], language))


def entry(text: str, flag: str = "", source: str = "Hello {who}") -> str:
    """The PO entry of SOURCE."""
    flags = f"#, {flag}\n" if flag else ""
    return f'{flags}msgctxt "q/a/text"\nmsgid "{source}"\nmsgstr "{text}"'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (entry(""), "TR001"),
        (entry("Bonjour {who}", "fuzzy"), "TR002"),
        (entry("Bonjour"), "TR003"),
        (entry("Bonjour {who} {n}"), "TR003"),
        (entry("Bonjour {who}", source="Hi {who}"), "TR005"),
        ("", "TR005"),
        (entry("Bonjour \u202e{who}"), "BIDI001"),
        (entry("Bonjour la victime {who}"), "WORD001"),
        (entry("Bonjour {who} " + "a" * 700), "LEN001"),
    ],
)
def test_faults_of_a_translation(tmp_path: Path, body: str, code: str) -> None:
    """Each fault has its code, its place and a remedy."""
    found = check(tmp_path, body)
    assert [f.code for f in found] == [code]
    assert found[0].file == "x.po"
    assert found[0].line or not body
    assert found[0].advice


def test_a_good_translation_has_no_findings(tmp_path: Path) -> None:
    """Nothing is found in what is right."""
    assert check(tmp_path, entry("Bonjour {who}.")) == []


def test_what_is_missing_is_a_warning_until_the_language_is_offered(tmp_path: Path) -> None:
    """A language that is not on offer may be unfinished."""
    assert check(tmp_path, entry(""), offered=False)[0].level == "warning"
    assert check(tmp_path, entry(""), offered=True)[0].level == "error"


def test_two_entries_of_one_id(tmp_path: Path) -> None:
    """An id that stands twice is found."""
    twice = entry("Bonjour {who}") + "\n\n" + entry("Salut {who}", source="Hi {who}")
    assert "PO003" in [f.code for f in check(tmp_path, twice)]


def test_long_labels(tmp_path: Path) -> None:
    """A label over a button's length is a warning; a sentence among options is no label."""
    source = SOURCE._replace(id="q/a/options/x", source="x" * 60)
    assert [f.code for f in checking.check_sources([source], EN)] == ["BTN001"]
    sentence = source._replace(source="A sentence that is shown by itself, in the text it is for.")
    assert list(checking.check_sources([sentence], EN)) == []


def test_a_text_over_a_channels_limit() -> None:
    """A text that no longer fits into one message of some channel is an error."""
    source = SOURCE._replace(source="Word. " * 500)
    found = list(checking.check_sources([source], EN))
    assert {f.code: f.level for f in found} == {"LEN001": "warning", "LEN002": "error"}
    assert found[0].line == 4


def test_local_digits() -> None:
    """ASCII digits in a language with its own are pointed out."""
    found = list(
        checking.check_sources([SOURCE._replace(source="0 يظهر القائمة")], languages()["ar"])
    )
    assert [f.code for f in found] == ["DIG001"]


def test_responders_may_read_plain_words() -> None:
    """The glossary is for what survivors read."""
    says = "A perpetrator is named."
    survivor = checking.check_sources([SOURCE._replace(source=says)], EN)
    responder = checking.check_sources([SOURCE._replace(id="responder/a/text", source=says)], EN)
    assert [f.code for f in survivor] == ["WORD001"]
    assert list(responder) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("You are a VICTIM.", ["victim*"]),
        ("victimology", ["victim*"]),
        ("It is not too late", ["too late"]),
        ("Casey whyte mustard", []),
        ("Stop!", ["!"]),
    ],
)
def test_glossary_words_are_whole(text: str, found: list[str]) -> None:
    """A word is found whole, in any case; a star stands for endings."""
    assert [w.avoid for w in glossary.forbidden(text, glossary.load("en"))] == found


def test_a_language_without_glossary() -> None:
    """No glossary, no forbidden words."""
    assert glossary.load("tlh") == ()


@pytest.mark.parametrize("text", ["a,b\n", "avoid,prefer,level\nx,y,loud\n"])
def test_a_broken_glossary(tmp_path: Path, text: str) -> None:
    """A glossary that cannot be read says what its lines need."""
    (tmp_path / "xx.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TextsError, match="GLOS001"):
        glossary.load("xx", tmp_path)
