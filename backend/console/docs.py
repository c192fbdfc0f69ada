"""``/docs``: Swagger UI from files of our own, without a line of script in the page."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from backend.console.files import serve

router = APIRouter(include_in_schema=False)
_ASSETS: Final = Path(str(files("fastapi_offline") / "static"))
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Relais API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  requestInterceptor: (request) => {
    if (request.method !== "GET") request.headers["X-Relais"] = "console";
    return request;
  },
});
"""


@router.get("/docs")
def docs(_: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
def start() -> Response:
    """What the page runs."""
    return Response(_START, media_type="text/javascript; charset=utf-8")


@router.get("/docs/{name}")
def docs_asset(name: str) -> Response:
    """Swagger UI's own files."""
    return serve(_ASSETS, name)
