"""The words of every language, as the engine takes them."""

from functools import cache

from conversation import Lexicon
from conversation.dates import DateWords
from i18n import heard, keywords
from i18n.datewords import date_words


@cache
def lexicon() -> Lexicon:
    """Read once; the same for every interview."""
    return Lexicon.of(keywords(), heard.distress(), heard.remarks(), DateWords.of(date_words()))
