"""Texts in every language: catalogues, the languages table, universal words, rendering.

``Catalogues.load`` reads what ships; ``render`` turns an engine's reply into bubbles for a channel.
Imports nothing of ours; reads its own files and nothing else.
"""

from i18n.catalogues import Catalogues, domain_of
from i18n.channels import CAPABILITIES, Capabilities
from i18n.commands import COMMANDS, is_greeting, keyword, keywords, plain
from i18n.errors import CatalogueError, Finding, LanguagesError, PhrasesError, TextsError
from i18n.keyboard import Button
from i18n.language import SOURCE, Language, Languages, negotiate
from i18n.language import packaged as languages
from i18n.rendering import Bubble, render, render_pressed

__all__ = [
    "CAPABILITIES",
    "COMMANDS",
    "SOURCE",
    "Bubble",
    "Button",
    "Capabilities",
    "CatalogueError",
    "Catalogues",
    "Finding",
    "Language",
    "Languages",
    "LanguagesError",
    "PhrasesError",
    "TextsError",
    "domain_of",
    "is_greeting",
    "keyword",
    "keywords",
    "languages",
    "negotiate",
    "plain",
    "render",
    "render_pressed",
]
