"""`relais locale` on the shipped texts and on spoiled copies of them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launch import locale

RUN = CliRunner()
PO = Path("i18n/locales/fr/LC_MESSAGES/interviews.po")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose catalogues may be spoiled."""
    real = locale.REPOSITORY
    shutil.copytree(real / "i18n" / "locales", tmp_path / "i18n" / "locales")
    (tmp_path / "conversation").symlink_to(real / "conversation")
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "src").symlink_to(real / "console" / "src")
    monkeypatch.setattr(locale, "REPOSITORY", tmp_path)
    monkeypatch.setattr(locale, "LOCALES", tmp_path / "i18n" / "locales")
    return tmp_path


def test_what_ships_has_no_errors() -> None:
    """The texts of this repository are complete, up to date and in the right voice."""
    result = RUN.invoke(locale.app, ["check"])
    errors = [line for line in result.output.splitlines() if line.startswith("error")]
    assert errors == []
    assert result.exit_code == 0


def test_a_spoiled_translation_fails_the_check(copy: Path) -> None:
    """A lost placeholder is an error with file, line and remedy, and the exit code is 1."""
    text = (copy / PO).read_text(encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines()) if "{area})" in row)
    rows = text.splitlines(keepends=True)
    rows[line] = rows[line].replace("{area}", "")
    (copy / PO).write_text("".join(rows), encoding="utf-8")
    result = RUN.invoke(locale.app, ["check", "fr"])
    assert result.exit_code == 1
    assert f"error: {PO}:" in result.output
    assert "TR003" in result.output
    assert "{area}" in result.output


def test_a_broken_file_is_one_line_and_no_traceback(copy: Path) -> None:
    """A file that is no PO is named with its line; nothing else is printed."""
    with (copy / PO).open("a", encoding="utf-8") as file:
        file.write('\nmsgid "half\n')
    for command in ("check", "status", "update"):
        result = RUN.invoke(locale.app, [command])
        assert result.exit_code == 1
        assert "PO001" in result.output
        assert "Traceback" not in result.output


def test_update_mends_what_is_out_of_date(copy: Path) -> None:
    """A removed entry is reported, comes back by update, and then only its translation lacks."""
    (copy / "i18n/locales/bots.pot").unlink()
    (copy / PO.with_name("bots.po")).unlink()
    assert "PO004" in RUN.invoke(locale.app, ["check"]).output
    result = RUN.invoke(locale.app, ["update"])
    assert "written: i18n/locales/bots.pot" in result.output
    assert RUN.invoke(locale.app, ["update"]).output == "Everything is up to date.\n"
    codes = {row.split()[2] for row in RUN.invoke(locale.app, ["check"]).output.splitlines()[:-1]}
    assert "TR001" in codes
    assert "PO004" not in codes


def test_status_counts(copy: Path) -> None:
    """Each language has its row: the source is complete, French a draft until somebody signs."""
    rows = json.loads(RUN.invoke(locale.app, ["status", "--json"]).output)
    by_locale = {row["locale"]: row for row in rows}
    assert by_locale["en"]["state"] == "complete"
    assert by_locale["fr"]["state"] == "draft"
    assert by_locale["fr"]["translated"] == by_locale["fr"]["texts"]
    assert by_locale["sg"]["translated"] == 0
    assert "Français" in RUN.invoke(locale.app, ["status"]).output


def test_an_unknown_language_is_refused() -> None:
    """A locale without a row is named, with what to do."""
    result = RUN.invoke(locale.app, ["check", "tlh"])
    assert result.exit_code == 2
    assert "add its row" in result.output
