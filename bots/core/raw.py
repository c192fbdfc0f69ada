"""What no adapter can read, as bytes to be put aside."""

import json


def as_bytes(raw: object) -> bytes:
    """Decoded JSON of any kind (half characters, numbers beyond 64 bits), as well as can be."""
    try:
        return json.dumps(raw, default=repr).encode()
    except (ValueError, RecursionError):
        return b"null"
