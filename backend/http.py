"""Small pieces of HTTP that every router shares."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from backend.errors import RelaisError


class ErrorAnswer(BaseModel):
    """Every error: a stable code, and what to do about it."""

    code: str
    advice: str


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer} for status in (401, 403, 404, 409, 413, 422, 429, 500, 503)
}


async def read_limited(request: Request, limit: int) -> bytes:
    """The body, or 413 as soon as it is longer than ``limit`` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> RelaisError:
    return RelaisError(413, "too_large", f"At most {limit} bytes are taken here.")


def error_response(error: RelaisError) -> JSONResponse:
    """``{"code", "advice", …}`` with status and Retry-After."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
    return JSONResponse(
        {"code": error.code, "advice": error.advice, **error.extra}, error.status, headers
    )
