"""One file of a folder, and never one outside it."""

from pathlib import Path
from typing import Final

from fastapi.responses import FileResponse, PlainTextResponse, Response

# Not the machine's table of types, which differs from place to place.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def serve(folder: Path, name: str) -> Response:
    """The file, or a plain 404. Links out of the folder, hidden files and other types are none."""
    missing = PlainTextResponse("Not found\n", status_code=404)
    root = folder.resolve()
    try:
        path = (root / name).resolve()
    except (OSError, ValueError):  # a zero byte, a name too long, a loop of links
        return missing
    media_type = _TYPES.get(path.suffix)
    hidden = any(part.startswith(".") for part in Path(name).parts)
    if media_type is None or hidden or not path.is_relative_to(root) or not path.is_file():
        return missing
    return FileResponse(path, media_type=media_type)


def serve_page(folder: Path, name: str) -> Response:
    """A page of the console; 503 with what to do when the console was never built."""
    if not (folder / name).is_file():
        return PlainTextResponse(
            "The pages are not built. Run `make setup`, or point RELAIS_CONSOLE_DIR at them.\n",
            status_code=503,
        )
    return serve(folder, name)
