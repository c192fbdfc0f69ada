"""`relais console`: the hash of the built pages, and whether a server serves exactly these."""

import hashlib
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from backend.errors import ConfigurationError
from backend.settings import Settings

app = typer.Typer(no_args_is_help=True)
Url = Annotated[str, typer.Argument(help="Where the server is, such as https://relais.example.org")]

_PAGES: Final = {"index.html": "/", "chat.html": "/chat", "console.html": "/console"}
"""Files that are served under another name."""
_PATIENCE: Final = 20.0


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a build, by its path; raises when there is none."""
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if "console.html" not in found:
        raise ConfigurationError(
            "the pages are not built: run `make setup`, or set RELAIS_CONSOLE_DIR"
        )
    return found


def build_hash(hashes: dict[str, str]) -> str:
    """One SHA-256 for all of them, over lines as ``sha256sum`` writes them."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@app.command("hash")
def show_hash() -> None:
    """Print the SHA-256 of each built file, as ``sha256sum`` does, and one for all."""
    hashes = file_hashes(Settings().console_path)
    for name, digest in sorted(hashes.items()):
        print(f"{digest}  {name}")
    print(f"{build_hash(hashes)}  all")


@app.command("verify")
def verify(url: Url) -> None:
    """Fetch every page and file from the server and compare with this build; exit 1 if one differs.

    Run it from another machine than the server's, with the same release. It sees what is served to
    it; a server that serves something else to one person only is not found by it.
    """
    hashes = file_hashes(Settings().console_path)
    wrong = []
    with httpx.Client(base_url=url, timeout=_PATIENCE, follow_redirects=False) as client:
        for name, digest in sorted(hashes.items()):
            try:
                answer = client.get(_PAGES.get(name, f"/{name}"))
            except httpx.HTTPError as error:
                raise ConfigurationError(
                    f"{url} does not answer: {type(error).__name__}"
                ) from error
            if answer.status_code != httpx.codes.OK:
                wrong.append(f"{name}: not served ({answer.status_code})")
            elif hashlib.sha256(answer.content).hexdigest() != digest:
                wrong.append(f"{name}: another content")
    for line in wrong:
        print(f"wrong: {line}")
    if wrong:
        print("The server does not serve this build. Do not unlock the console there.")
        raise typer.Exit(1)
    print(f"All {len(hashes)} files are those of this build, {build_hash(hashes)}.")
