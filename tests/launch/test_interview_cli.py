"""`relais interview`: what authors type, and what it prints."""

import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from backend.content import load_content, packaged_interviews
from conversation import InterviewError
from launch.cli import app
from launch.transcripts import messages

ROOT = Path(__file__).parent.parent.parent
BROKEN = ROOT / "tests" / "conversation" / "broken"
SMALL = ROOT / "tests" / "conversation" / "small.yaml"
MAIN = "conflict-sexual-violence"


def relais(*words: str, typed: str | None = None) -> tuple[int, str]:
    """Run a command; its exit code and everything it printed."""
    result = CliRunner().invoke(app, ["interview", *words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_lint_prints_where_and_what_and_fails() -> None:
    """`file:line CODE what to do`, a summary, and exit code 1 on an error."""
    code, printed = relais("lint", str(BROKEN / "CODE002-no-such-code.yaml"))
    lines = printed.splitlines()
    assert code == 1
    assert re.fullmatch(r"tests/conversation/broken/CODE002-\S+\.yaml:22 CODE002 .+", lines[0])
    assert lines[-1] == "1 interview, 1 error, 0 warnings."


def test_lint_passes_with_warnings() -> None:
    """A warning is shown as one, and fails nothing."""
    code, printed = relais("lint", str(BROKEN / "LEN004-long-sentence.yaml"))
    assert code == 0
    assert "LEN004 (warning)" in printed
    assert "1 interview, 0 errors, 1 warning." in printed


def test_lint_takes_folders_and_sorts() -> None:
    """A folder means each file in it; errors come first, then by file and line."""
    code, printed = relais("lint", str(BROKEN), "--json")
    rows = json.loads(printed)
    assert code == 1
    levels = ["error", "warning", "note"]
    assert rows == sorted(
        rows,
        key=lambda r: (levels.index(r["severity"]), r["file"], r["line"], r["code"], r["advice"]),
    )
    assert {r["file"].rpartition("/")[2] for r in rows} == {p.name for p in BROKEN.glob("*.yaml")}


def test_lint_shows_what_cannot_be_loaded_in_the_same_way(tmp_path: Path) -> None:
    """Errors of loading look as every other finding does, with a path that can be opened."""
    file = tmp_path / "bad.yaml"
    file.write_text("id: bad\nversion: 1\nsource: en\nsteps:\n  - {id: q, ask: riddle}\n")
    code, printed = relais("lint", str(file))
    assert code == 1
    assert f"{file}:5 DOC004 " in printed


def test_an_id_that_is_not_the_files_name_is_found(tmp_path: Path) -> None:
    """In a folder that is served, where the id is how links and running conversations find it."""
    (tmp_path / "shared").mkdir()
    file = tmp_path / "water.yaml"
    file.write_text(SMALL.read_text())
    code, printed = relais("lint", str(file))
    assert code == 1
    assert f"{file}:2 DOC005 write `id: water`" in printed
    with pytest.raises(InterviewError, match="DOC005"):
        load_content(None, tmp_path, "water")  # type: ignore[arg-type]  # no database is touched


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("  - id: q\n\task: choice\n", "spaces, not with a tab"),
        ("  - id: q\n    say: Remember: nobody may.\n", "in double quotes"),
        ("  - id: q\n    say: One.\n   note: Two.\n", "as many spaces as the step above"),
        ('  - id: q\n    say: "One.\n', "a quotation mark or a bracket is not closed"),
        ("  - id: q\n    say: @home\n", "begins with a sign"),
    ],
)
def test_slips_of_yaml_say_what_to_do(tmp_path: Path, written: str, advice: str) -> None:
    """The parser's complaint alone helps nobody who does not know YAML."""
    file = tmp_path / "bad.yaml"
    file.write_text("id: bad\nversion: 1\nsource: en\nsteps:\n" + written)
    code, printed = relais("lint", str(file))
    assert code == 1
    assert "YAML001" in printed
    assert advice in printed


def test_an_interview_that_is_not_there_is_one_clear_line() -> None:
    """A wrong name says which names there are, and is exit code 2."""
    for command in ("lint", "paths", "simulate", "transcript"):
        words = ["--answers", "hello"] if command == "transcript" else []
        code, printed = relais(command, "nowhere", *words)
        assert code == 2, command
        assert MAIN in printed
        assert "Traceback" not in printed


def test_paths_prints_a_table_or_json() -> None:
    """Groups with their counts and lengths; the JSON says whether it is complete."""
    code, printed = relais("paths", str(SMALL))
    assert code == 0
    assert re.search(r"me, straight +\d+ +\d+ +\d+ +\d+", printed)
    data = json.loads(relais("paths", str(SMALL), "--json")[1])
    assert [one["interview"] for one in data] == ["small"]
    assert data[0]["complete"] is True


def test_the_graph_is_accessible_and_whole(tmp_path: Path) -> None:
    """Well-formed SVG with title and description, and every step of the document in it as text."""
    out = tmp_path / "graph.svg"
    code, _ = relais("graph", MAIN, "-o", str(out), "--date", "2026-11-24")
    root = ET.fromstring(out.read_text("utf-8"))
    assert code == 0
    assert root.get("role") == "img"
    svg = "{http://www.w3.org/2000/svg}"
    names = root.get("aria-labelledby")
    assert names is not None
    assert {e.get("id") for e in root.iter() if e.tag in {f"{svg}title", f"{svg}desc"}} >= set(
        names.split()
    )
    labels = {e.text or "" for e in root.iter(f"{svg}text") if e.get("class") == "label"}
    shown = {label.partition(" · ")[0] for label in labels}
    assert {"safe_now", "limits", "keep_account", "urgent_ask", "farewell"} <= shown
    words = " ".join(e.text or "" for e in root.iter(f"{svg}text"))
    assert "2026-11-24" in words
    assert "only if it happened to her" in words


def test_the_graph_speaks_the_language_asked_for(tmp_path: Path) -> None:
    """With --locale the texts come from its catalogue."""
    out = tmp_path / "graph.svg"
    relais("graph", MAIN, "-o", str(out), "--locale", "fr")
    assert 'lang="fr"' in out.read_text("utf-8")
    assert "Que s’est-il passé" in out.read_text("utf-8") or "Bonjour" in out.read_text("utf-8")


def test_simulate_chats_through_a_pipe() -> None:
    """Each line is answered by the real engine; the end of the input ends it cleanly."""
    code, printed = relais("simulate", str(SMALL), typed="1\n1\n1\n2\n")
    assert code == 0
    assert "Which fits?" in printed
    assert "How old are you?" in printed
    assert "Clinic (demo)" in printed


def test_simulate_draws_buttons_and_presses_them() -> None:
    """Where the messenger has buttons they are numbered, and `#2` presses the second."""
    code, printed = relais("simulate", str(SMALL), "--channel", "telegram", typed="#1\n#1\n#99\n")
    assert code == 0
    assert "[#1 Yes]" in printed
    assert "Which fits?" in printed
    assert "(there is no such button)" in printed


def test_simulate_undoes_restarts_and_shows_its_state() -> None:
    """/undo takes one message back, /restart all of them, /state is JSON, /quit ends."""
    _, printed = relais("simulate", str(SMALL), typed="1\n1\n/undo\n/state\n/quit\nnever\n")
    state = json.loads(printed[printed.index("{\n") :])
    assert state["at"] == "safe_now"
    _, printed = relais("simulate", str(SMALL), typed="1\n1\n/restart\n/state\n")
    assert json.loads(printed[printed.index("{\n") :])["at"] == "language"


def test_simulate_shows_effects_but_never_her_words() -> None:
    """Effects are shown when asked for, with her own words left out."""
    _, printed = relais(
        "simulate", str(SMALL), "--show-effects", typed="1\n1\n1\n2\n1\n1\nSENTINEL\nd\n"
    )
    assert "→ ask_help" in printed
    assert "→ record step=account" in printed
    assert "SENTINEL" not in printed


def test_simulate_knows_when_nobody_is_there_and_that_time_passes() -> None:
    """--nobody asks for no consent; after a while it is asked again whether she is safe."""
    _, printed = relais("simulate", str(SMALL), "--nobody", typed="1\n1\n1\n2\n")
    assert "May I tell" not in printed
    _, printed = relais("simulate", str(SMALL), typed="1\n1\n/wait 40\n1\n")
    assert printed.count("Are you safe") == 2


def test_a_transcript_is_made_from_answers() -> None:
    """What is typed becomes a transcript as YAML, in the language asked for."""
    code, printed = relais("transcript", MAIN, "--answers", "bonjour|2", "--locale", "fr")
    turns = yaml.safe_load(printed)
    assert code == 0
    assert [turn["she"] for turn in turns] == ["bonjour", "2"]
    assert "Français" in turns[0]["bot"][0]


def test_transcripts_are_compared_and_written(tmp_path: Path) -> None:
    """A changed text is a difference with exit code 1; --write takes it over."""
    file = tmp_path / f"{MAIN}.begins.en.yaml"
    file.write_text(relais("transcript", MAIN, "--answers", "hello|1 1")[1])
    assert relais("transcript", str(file), "--check") == (0, "1 transcripts, 0 different.\n")
    file.write_text(file.read_text().replace("Hello.", "Hallo."))
    code, printed = relais("transcript", str(file))
    assert code == 1
    assert f"differs: {file}" in printed
    assert relais("transcript", str(file), "--write")[0] == 0
    assert "Hello." in file.read_text()


def test_how_a_case_is_typed() -> None:
    """Bars part messages, digits alone are one each, quotes keep them together."""
    assert messages('hello|1 1 4|"1 2"|blue kite|s') == [
        "hello", "1", "1", "4", "1 2", "blue kite", "s",
    ]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the interviews that ship."""
    shutil.copytree(packaged_interviews(), tmp_path / "interviews")
    return tmp_path / "interviews"


def examples() -> list[str]:
    """The YAML of the worked examples in docs/authors.md, without its indentation."""
    text = (ROOT / "docs" / "authors.md").read_text("utf-8")
    blocks = re.findall(r"^   ```yaml\n(.*?)^   ```$", text, re.MULTILINE | re.DOTALL)
    return [
        "".join(line[3:] or "\n" for line in block.splitlines(keepends=True)) for block in blocks
    ]


def test_the_example_of_a_question_works_as_the_docs_say(folder: Path) -> None:
    """The question of docs/authors.md can be added where it says, and lints without an error."""
    shared = folder / "shared" / "services.yaml"
    text = shared.read_text("utf-8")
    before = text.index("  - id: nobody_near")
    shared.write_text(text[:before] + examples()[0] + "\n" + text[before:], "utf-8")
    code, printed = relais("lint", str(folder / f"{MAIN}.yaml"))
    assert code == 0, printed
    shared.write_text(shared.read_text("utf-8").replace("    range: {min: 1, max: 50}\n", ""))
    assert "EXIT001" in relais("lint", str(folder / f"{MAIN}.yaml"))[1]


def test_the_example_of_a_fifth_interview_works_as_the_docs_say(folder: Path) -> None:
    """The interview of docs/authors.md lints without an error and can be talked with."""
    water = folder / "water.yaml"
    water.write_text(examples()[1], "utf-8")
    code, printed = relais("lint", str(water))
    assert code == 0, printed
    assert "1 interview, 0 errors" in printed
    _, printed = relais("simulate", str(water), typed="1\n1\n1\n4\n5\n1\n1\n")
    assert "clean water" in printed
