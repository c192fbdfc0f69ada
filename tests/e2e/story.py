"""One person's way through the main interview, on whatever shows bubbles and buttons."""

from typing import Protocol

SENTINEL = "Qzx7 vermillion heron"
"""Her own words: they may stand nowhere but in her messenger and in the console."""


class Phone(Protocol):
    """A messenger in her hand. ``expects`` is part of the bubble that must follow."""

    def says(self, text: str, expects: str) -> None:
        """Type and send."""

    def presses(self, label: str, expects: str) -> None:
        """Press a button."""

    def ticks(self, label: str) -> None:
        """Tick an option of a list."""


def asks_for_help(phone: Phone, area: str = "River Town (demo)") -> None:
    """From the first word to "May I tell…", answered with yes. ``area`` "Skip": unknown."""
    phone.says("hello", "Choose your language")
    phone.presses("English", "Are you safe")
    phone.presses("Yes", "Which fits")
    phone.presses("Something happened to me", "How old")
    phone.presses("26 to 40", "Is any of this true")
    phone.ticks("None of these")
    phone.presses("Done", "Where are you")
    phone.presses(area, "When was the last")
    phone.presses("In the last 3 days", "What would help")
    phone.ticks("Health care")
    phone.presses("Done", "Who should answer")
    phone.presses("Either", "May I tell")
    phone.presses("Yes", "May a helper write")


def tells_everything(phone: Phone) -> None:
    """The rest of part 1, and part 2 with her own words."""
    phone.presses("Yes, at any time", "Choose a word")
    phone.says("blue kite", "Learn this")
    phone.presses("I know it now", "Do you want to tell more")
    phone.presses("Tell more now", "I will ask what happened")
    phone.presses("Keep it", "Did you already tell")
    phone.presses("No", "Are you a woman")
    phone.presses("A woman", "What happened?")
    phone.presses("Skip", "Did someone take you")
    phone.presses("No", "once or more")
    phone.presses("Once", "When was it")
    phone.says("12.5.2026", "Where was it")
    phone.presses("Skip", "How many people")
    phone.presses("One", "Do you know who")
    phone.presses("The police", "own words")
    phone.says(SENTINEL, "Send more, or choose")
    phone.presses("Done", "keep your words and files unchanged")
    phone.presses("No", "count this")
    phone.presses("No", "help with the law")
    phone.presses("No", "Shall I send it")
    phone.presses("Send it", "Help named here is free")
