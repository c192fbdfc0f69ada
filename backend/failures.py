"""Errors on their way out: a code and what to do; never the input, never a stack."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend.database import DatabaseUnavailable
from backend.errors import RelaisError
from backend.http import error_response

log = structlog.get_logger(__name__)

_DATABASE_ADVICE = {
    "locked": "The database is locked by another program. Nothing was lost; try again.",
    "full": "The disk is full. Nothing was lost; free space, then it goes on by itself.",
    "gone": "The database cannot be reached. Nothing was lost; it goes on when it is back.",
}


def _place(one: dict[str, Any]) -> str:
    """Where in the request; never a name that the sender made up."""
    made_up = one["type"] == "extra_forbidden"
    loc = one["loc"][:-1] if made_up else one["loc"][:3]
    return ".".join(str(part) for part in loc) + (" (unknown field)" if made_up else "")


def install_failures(app: FastAPI) -> None:
    """Register a handler for every kind of failure."""

    @app.exception_handler(RelaisError)
    async def _relais(_: Request, error: RelaisError) -> JSONResponse:
        return error_response(error)

    @app.exception_handler(DatabaseUnavailable)
    async def _database(_: Request, error: DatabaseUnavailable) -> JSONResponse:
        advice = _DATABASE_ADVICE.get(error.code, _DATABASE_ADVICE["gone"])
        log.error("database unavailable", reason=error.code)
        return error_response(RelaisError(503, f"database_{error.code}", advice, 5))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        places = [_place(one) for one in error.errors()[:5]]
        return error_response(
            RelaisError(422, "malformed", f"Correct these fields: {', '.join(places)[:200]}.")
        )

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400:  # what FastAPI says when bytes are not even UTF-8
            return error_response(RelaisError(422, "malformed", "Send JSON, in UTF-8."))
        code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "refused")
        return error_response(
            RelaisError(error.status_code, code, "See /docs for what exists here.")
        )

    @app.exception_handler(Exception)
    async def _unexpected(_: Request, error: Exception) -> JSONResponse:
        log.error("unexpected failure", error=type(error).__name__)
        return error_response(
            RelaisError(500, "internal", "A fault of ours; it was noted. Try again.", 2)
        )
