"""Start links: ``t.me/<bot>?start=<payload>`` says which language and which interview, and no more.

Whoever sees the link on a wall or in a phone's history must not read from it what the bot is for:
an interview is named by a short code. Whoever has this program can work it out, so it is no secret;
but it means nothing to whoever looks at a phone.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

MOST = 64
"""Characters that Telegram passes on."""


class Start(NamedTuple):
    """What a payload asks for; empty where it asks for nothing that is here."""

    locale: str = ""
    interview: str = ""


def code_of(interview: str) -> str:
    """Six hex digits that stand for an interview's id."""
    return hashlib.sha256(f"relais start {interview}".encode()).hexdigest()[:6]


def write(locale: str = "", interview: str = "") -> str:
    """The payload of a link."""
    return "_".join(part for part in (locale, code_of(interview) if interview else "") if part)


def read(payload: str, interviews: Iterable[str], locales: Iterable[str]) -> Start:
    """The inverse; anybody can write a link, so whatever else is in it means nothing.

    An interview's own id is taken as well, for a link that one types oneself.
    """
    parts = payload[:MOST].split("_")
    locale = next((one for one in locales if one in parts), "")
    interview = next((one for one in interviews if one in parts or code_of(one) in parts), "")
    return Start(locale, interview)
