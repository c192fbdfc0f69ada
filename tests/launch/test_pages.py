"""The hash of the pages, and finding out that a server serves others."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launch.pages import app, build_hash, file_hashes


class Quiet(SimpleHTTPRequestHandler):
    """Serves a build as the backend does: three pages under other names."""

    def do_GET(self) -> None:
        """Answer."""
        named = {"/": "/index.html", "/chat": "/chat.html", "/console": "/console.html"}
        self.path = named.get(self.path, self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build of our own."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    for name in ("index.html", "chat.html", "console.html", "recovery.html", "assets/a.js"):
        (folder / name).write_text(f"this is {name}")
    monkeypatch.setenv("RELAIS_CONSOLE_DIR", str(folder))
    return folder


@pytest.fixture
def served(built: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The same build on a server, and the folder it is served from."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "assets").mkdir()
    for name in file_hashes(built):
        (folder / name).write_bytes((built / name).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_hash_is_that_of_sha256sum(built: Path) -> None:
    """One line a file, and one hash over those lines, whatever the order on the disk."""
    shown = CliRunner().invoke(app, ["hash"]).output.splitlines()
    assert [line.split("  ")[1] for line in shown[:-1]] == sorted(file_hashes(built))
    assert shown[-1] == f"{build_hash(file_hashes(built))}  all"
    before = build_hash(file_hashes(built))
    (built / "assets" / "a.js").write_text("changed")
    assert build_hash(file_hashes(built)) != before


def test_a_server_with_the_same_build_is_right(served: tuple[str, Path]) -> None:
    """Every file is fetched and compared."""
    shown = CliRunner().invoke(app, ["verify", served[0]])
    assert shown.exit_code == 0
    assert "All 5 files are those of this build" in shown.output


@pytest.mark.parametrize("how", ["changed", "missing"])
def test_another_file_is_found(served: tuple[str, Path], how: str) -> None:
    """One byte more in one script, or a file that is not there: named, and the exit says 1."""
    url, folder = served
    if how == "changed":
        (folder / "assets" / "a.js").write_text("this is assets/a.js ")
    else:
        (folder / "assets" / "a.js").unlink()
    shown = CliRunner().invoke(app, ["verify", url])
    assert shown.exit_code == 1
    assert "assets/a.js" in shown.output
    assert "Do not unlock" in shown.output


def test_no_server_and_no_build_are_said(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is said in one line."""
    answer = CliRunner().invoke(app, ["verify", "http://127.0.0.1:1"])
    assert "does not answer" in str(answer.exception)
    monkeypatch.setenv("RELAIS_CONSOLE_DIR", str(built / "assets"))
    assert "not built" in str(CliRunner().invoke(app, ["hash"]).exception)
