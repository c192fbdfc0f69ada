"""Bytes that travel as standard base64 in JSON."""

import base64
import binascii
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema


def _decode(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("base64 text is expected")  # noqa: TRY004  (pydantic wants ValueError)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("this is not base64") from error


def encode(value: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(value).decode("ascii")


Base64 = Annotated[
    bytes,
    BeforeValidator(_decode),
    PlainSerializer(encode, return_type=str),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
