"""An interview drawn as one SVG page, for people who decide about it and read no YAML."""

from conversation.charting.plain_words import PlainWords
from conversation.charting.svg import chart

__all__ = ["PlainWords", "chart"]
