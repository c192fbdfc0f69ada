"""Words that tell what this is about to whoever sees the first line of a message, by language.

``*`` stands for any ending. They are no bad words: they only may not stand first.
"""

import re
from typing import Final

_WORDS: Final = {
    "en": (
        "rape* raping sex* violen* assault* abus* attack* tortur* victim* survivor* perpetrator* "
        "traffick* hiv pregnan* private_part* crime* incident* injur* strangl* suicid* kill*"
    ),
    "fr": (
        "viol violée* violé* sexe* sexuel* violence* agress* abus* attaque* tortur* victime* "
        "survivant* traite vih enceinte* grossesse* parties_intimes crime* bless* étrangl* "
        "suicid* tuer tué*"
    ),
}


def _pattern(words: str) -> re.Pattern[str]:
    found = [
        re.escape(word.removesuffix("*")).replace("_", r"\s+") + (r"\w*" if "*" in word else "")
        for word in words.split()
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)", re.IGNORECASE)


_PATTERNS: Final = {language: _pattern(words) for language, words in _WORDS.items()}


def telling(text: str, language: str) -> str:
    """The first word of the text that tells the topic; empty when none does."""
    pattern = _PATTERNS.get(language.split("-", 1)[0])
    found = pattern.search(text) if pattern is not None else None
    return found[0] if found is not None else ""
