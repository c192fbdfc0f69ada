"""The three pages and their files. Include this router last: it serves any ``/name.ending``."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from backend.accounts.guard import Here
from backend.console.files import serve, serve_page

router = APIRouter(include_in_schema=False)


def _folder(relais: Here) -> Path:
    return relais.settings.console_path


Dist = Annotated[Path, Depends(_folder)]


@router.get("/")
def landing(dist: Dist) -> Response:
    """What this is and where to go."""
    return serve_page(dist, "index.html")


@router.get("/chat")
def chat(dist: Dist) -> Response:
    """The chat page."""
    return serve_page(dist, "chat.html")


@router.get("/console")
def console(dist: Dist) -> Response:
    """The console."""
    return serve_page(dist, "console.html")


@router.get("/assets/{name:path}")
def asset(name: str, dist: Dist) -> Response:
    """A file whose name holds the hash of its content."""
    return serve(dist / "assets", name)


@router.get("/{name}.{ending}")
def other(name: str, ending: str, dist: Dist) -> Response:
    """Icons and the like."""
    return serve(dist, f"{name}.{ending}")
