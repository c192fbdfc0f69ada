"""Putting the console's parts onto the application."""

from fastapi import FastAPI

from backend.console.docs import router as docs_router
from backend.console.headers import SecurityHeaders
from backend.console.pages import router as pages_router
from backend.console.texts import router as texts_router
from backend.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Texts, ``/docs``, the built pages (last: they answer any ``/name.ending``), and headers."""
    for router in (texts_router, docs_router, pages_router):
        app.include_router(router)
    app.add_middleware(SecurityHeaders, https=settings.public_url.startswith("https:"))
