"""Transcripts: conversations word for word, made from lists of answers, kept as a specification.

A case is written on one line: what is typed, ``|`` between messages; digits alone between two bars
are one message each, except in quotes: ``hello|1 1 4|"1 2"|blue kite``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from conversation import Directory, Said
from launch.demo_town import NOBODY, TOWN
from launch.documents import load_document, path_of
from launch.rehearsing import Rehearsal

FOLDER: Final = Path(__file__).resolve().parent.parent / "tests" / "transcripts"
"""Where the transcripts of the interviews that ship are kept."""


@dataclass(frozen=True, slots=True)
class Case:
    """A transcript to be kept: ``<interview>.<name>.<locale>.yaml``."""

    interview: str
    name: str
    locale: str
    typed: str
    directory: Directory = TOWN
    channel: str = "signal"

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.interview}.{self.name}.{self.locale}.yaml"


Turns = list[dict[str, object]]


def messages(typed: str) -> list[str]:
    """The messages of a case."""
    found: list[str] = []
    for part in typed.split("|"):
        quoted = part.startswith('"') and part.endswith('"') and len(part) > 1
        if quoted:
            found.append(part[1:-1])
        elif part and all(word.isdecimal() for word in part.split()):
            found += part.split()
        else:
            found.append(part)
    return found


def run(case: Case) -> Turns:
    """Every message with what was said to it and which effects it had."""
    rehearsal = Rehearsal(
        load_document(path_of(case.interview)), case.locale, case.channel, case.directory
    )
    turns: Turns = []
    for text in messages(case.typed):
        answered = rehearsal.take(Said(text))
        turns.append(
            {
                "she": text,
                "bot": [bubble.text for bubble in answered.bubbles],
                "effects": [type(effect).__name__ for effect in answered.effects],
            }
        )
    return turns


def written(turns: Turns) -> str:
    """A transcript as YAML."""
    return yaml.safe_dump(turns, allow_unicode=True, sort_keys=False, width=96)


def read(path: Path) -> Turns:
    """A transcript from its file."""
    turns: Turns = yaml.safe_load(path.read_text("utf-8"))
    return turns


def again(path: Path, turns: Turns) -> Turns:
    """The same conversation as it goes now; the file's name says which interview and language."""
    interview, _, locale = path.name.removesuffix(".yaml").split(".")
    typed = "|".join(f'"{turn["she"]}"' for turn in turns)
    return run(Case(interview, "", locale, typed, _directory_of(path)))


def _directory_of(path: Path) -> Directory:
    """Transcripts named ``nobody…`` happen in the town where nobody is on call."""
    return NOBODY if path.name.split(".")[1].startswith("nobody") else TOWN
