"""A small catalogue in English, French and a pseudo right-to-left language."""

import re
from pathlib import Path

from conversation.replies import Count, Name, Option, Part, Ref, Reply, Several, Time
from i18n import Catalogues, Languages
from i18n.language import load

TABLE = """
[en]
name = "English"
cldr = "en_GB"
direction = "ltr"
digits = "latn"
fallback = []
offered = true
draft_mark = "draft"
[en.keywords]
skip = ["skip", "s"]
leave = ["leave"]
[fr]
name = "Français"
cldr = "fr"
direction = "ltr"
digits = "latn"
fallback = []
offered = true
draft_mark = "brouillon"
[fr.keywords]
skip = ["passer", "s"]
leave = ["quitter"]
[xr]
name = "\u0644\u0633\u0627\u0646"
cldr = "ar"
direction = "rtl"
digits = "arab"
fallback = ["fr"]
offered = true
draft_mark = "\u0645\u0633\u0648\u062f\u0629"
[xr.keywords]
skip = ["\u062a\u062e\u0637"]
leave = ["\u0627\u062e\u0631\u062c"]
"""

SOURCES = {
    "x/hello/text": "Hello {who}. You are number {n}.",
    "x/list/text": "Asked: {many}, {when}.",
    "x/safe/text": "Are you safe?",
    "x/safe/options/yes": "Yes",
    "x/safe/options/no": "Not now",
    "x/safe/options/long": "Something much longer than any button of a small phone can show",
    "engine/skip/text": "Skip",
    "engine/menu_button/text": "Menu",
    "engine/exit/text": "✕",
    "engine/help/text": "I ask short questions.",
    "engine/draft_language/text": "These texts are a draft.",
    "engine/season/options/dry": "dry season",
    "engine/date_about/text": "about {date}",
    "engine/date_part/options/end": "end of {date}",
}

FRENCH = {
    "engine/date_about/text": "vers : {date}",
    "x/hello/text": "Bonjour {who}. Vous êtes le numéro {n}.",
    "x/safe/text": "Êtes-vous en sécurité ?",
    "x/safe/options/yes": "Oui",
    "engine/draft_language/text": "Ces textes sont un brouillon.",
}

_ALPHABET = "\u0627\u0628\u062a\u062b\u062c\u062d\u062e\u062f\u0630\u0631\u0632\u0633\u0634"


def pseudo(text: str) -> str:
    """The text in Arabic letters, placeholders and punctuation as they are."""
    pieces = re.split(r"(\{[a-z_]+\})", text)
    return "".join(
        piece
        if piece.startswith("{")
        else "".join(_ALPHABET[ord(c) % len(_ALPHABET)] if c.isalpha() else c for c in piece)
        for piece in pieces
    )


def languages(folder: Path) -> Languages:
    """The table above."""
    path = folder / "languages.toml"
    path.write_text(TABLE, encoding="utf-8")
    return load(path)


def catalogues(folder: Path) -> Catalogues:
    """English, a partial French, a complete pseudo right-to-left language."""
    everything = {key: pseudo(text) for key, text in SOURCES.items()}
    return Catalogues(SOURCES, {"fr": FRENCH, "xr": everything}, languages=languages(folder))


def question(*, long: bool = False, ticked: bool | None = None) -> Reply:
    """A question with two options (a third that is too long for a button) and a footer."""
    ids = ("yes", "no", "long") if long else ("yes", "no")
    return Reply(
        parts=(Part("x/safe/text"),),
        options=tuple(Option(f"t:{i}", Ref(f"x/safe/options/{i}"), ticked) for i in ids),
        footer=tuple(
            Option(f"f:{key}", Ref(f"engine/{key}/text")) for key in ("skip", "menu_button", "exit")
        ),
    )


def greeting(who: str, n: int = 7) -> Reply:
    """A message with a name and a count."""
    return Reply(parts=(Part("x/hello/text", {"who": Name(who), "n": Count(n)}),))


def listing(*names: str, at: str = "2026-11-25T16:05:00Z") -> Reply:
    """A message with a list and a time."""
    items = tuple(Name(name) for name in names)
    return Reply(parts=(Part("x/list/text", {"many": Several(items), "when": Time(at)}),))
