"""`relais locale audio` and `relais locale pictograms`, on what ships and on spoiled copies."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from launch import assets, locale
from tests.i18n.opus import opus

RUN = CliRunner()
DOCUMENTED = locale.REPOSITORY / "docs/pictures/pictograms.png"

APP = typer.Typer()
# The interviews are read once here, and by each command of the real one.
CHAT = tuple(locale._chat())
assets.register(APP, lambda: CHAT)


@pytest.fixture
def audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder of recordings."""
    monkeypatch.setattr(assets, "AUDIO", tmp_path)
    return tmp_path


@pytest.fixture
def pictograms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pictograms that may be spoiled."""
    folder = tmp_path / "pictograms"
    shutil.copytree(assets.PICTOGRAMS, folder)
    monkeypatch.setattr(assets, "PICTOGRAMS", folder)
    return folder


def put(folder: Path, name: str, data: bytes) -> None:
    """A recording."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_the_way_of_a_recording(audio: Path) -> None:
    """Missing, in the script; recorded, refused until accepted; accepted, out of the script."""
    file = "fr/safety/safe_now.ogg"
    script = RUN.invoke(APP, ["audio", "fr", "--script"]).output
    assert f"{file}\nÊtes-vous en sécurité" in script
    assert "1. Oui." in script
    put(audio, file, opus())
    result = RUN.invoke(APP, ["audio", "fr", "--check"])
    assert result.exit_code == 1
    assert f"error: i18n/audio/{file}: AUD006" in result.output
    done = RUN.invoke(APP, ["audio", "fr", "--accept", "Anna", "--date", "2026-11-25"])
    assert done.output == f"accepted: {file}\n"
    assert 'date = "2026-11-25"' in (audio / "fr" / "index.toml").read_text("utf-8")
    result = RUN.invoke(APP, ["audio", "fr", "--check"])
    assert result.exit_code == 0
    assert "1 recordings ready" in result.output
    assert file not in RUN.invoke(APP, ["audio", "fr", "--script"]).output


def test_a_language_that_is_not_offered_fails_no_check(audio: Path) -> None:
    """Its faults are shown, but do not stop a release."""
    put(audio, "sg/safety/wrong.ogg", b"no")
    result = RUN.invoke(APP, ["audio", "sg", "--check"])
    assert result.exit_code == 0
    assert "AUD003" in result.output
    assert "AUD004" in result.output


def test_findings_and_script_for_programs(audio: Path) -> None:
    """With --json both are lists with the words' hash and the findings' codes."""
    rows = json.loads(RUN.invoke(APP, ["audio", "en", "--json"]).output)
    assert {row["code"] for row in rows} == {"AUD001"}
    said = json.loads(RUN.invoke(APP, ["audio", "en", "--script", "--json"]).output)
    assert len(said) == len(rows)
    assert all(len(row["sha256"]) == 64 and row["say"] for row in said)


def test_wrong_arguments_are_said_plainly(audio: Path) -> None:
    """An unknown language, a date that is none, a sheet of another kind: exit code 2."""
    put(audio, "fr/safety/safe_now.ogg", opus())
    for arguments in (
        ["audio", "tlh"],
        ["audio", "fr", "--accept", "Anna", "--date", "today"],
        ["pictograms", "--sheet", str(audio / "a.jpg")],
    ):
        result = RUN.invoke(APP, arguments)
        assert result.exit_code == 2
        assert "Traceback" not in result.output
    (audio / "fr" / "index.toml").write_text("[")
    result = RUN.invoke(APP, ["audio", "fr"])
    assert result.exit_code == 1
    assert "AUD008" in result.output


def test_pictograms_that_ship_have_no_finding() -> None:
    """Every option has its picture, every picture its option, and all are safe."""
    result = RUN.invoke(locale.app, ["pictograms"])
    assert result.exit_code == 0
    assert "0 errors, 0 warnings" in result.output
    assert json.loads(RUN.invoke(APP, ["pictograms", "--json"]).output) == []


def test_a_spoiled_pictogram_fails(pictograms: Path) -> None:
    """A removed drawing, a script and a drawing for nothing are told by code; exit code 1."""
    (pictograms / "house.svg").write_text("<svg><script/></svg>")
    (pictograms / "yes.svg").unlink()
    result = RUN.invoke(APP, ["pictograms"])
    assert result.exit_code == 1
    assert [line.split()[2] for line in result.output.splitlines()[:-1]] == [
        "PIC003",
        "PIC001",
        "PIC002",
    ]


@pytest.mark.parametrize("name", ["sheet.png", "sheet.webp"])
def test_the_sheet_shows_all(tmp_path: Path, name: str) -> None:
    """The sheet is a small picture, and the rows say which drawing is which."""
    path = tmp_path / name
    result = RUN.invoke(APP, ["pictograms", "--sheet", str(path)])
    assert result.exit_code == 0
    assert result.output.splitlines()[1].startswith("1: add again")
    assert path.stat().st_size < 150_000
    with Image.open(path) as image:
        assert image.width == 1056


def test_the_sheet_in_the_documentation_is_the_present_one(tmp_path: Path) -> None:
    """`docs/pictures/pictograms.png` shows what ships."""
    path = tmp_path / "sheet.png"
    RUN.invoke(APP, ["pictograms", "--sheet", str(path)])
    with Image.open(path) as made, Image.open(DOCUMENTED) as shown:
        assert made.convert("RGB").tobytes() == shown.convert("RGB").tobytes()
