"""``{name}`` in texts: found, compared and filled in one pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")

MISSING: Final = "…"
"""Shown for a value nobody gave and for a text nobody wrote."""


def placeholders(text: str) -> frozenset[str]:
    """The names that ``text`` asks for."""
    return frozenset(_PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its placeholders replaced; a value is never read for placeholders itself."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], MISSING), text)
