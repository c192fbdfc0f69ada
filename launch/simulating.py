"""A chat in the terminal: what a messenger would show, and a line at a time to answer it."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from conversation import Chose, Event, Said, Sent, Started
from i18n import Bubble
from launch.rehearsing import Answered, Rehearsal, shown

HELP: Final = """\
Write as she would. Besides:
  #2           press the second button of the last message (where buttons are drawn)
  /send photo  send a photo (video, voice, document)
  /wait 40     let 40 minutes pass
  /undo        take the last message back
  /state       show the state that is kept
  /restart     from the beginning
  /quit        end (Ctrl-D too)"""
_PRESS: Final = re.compile(r"#(\d{1,3})")
_MEDIA: Final = frozenset({"photo", "video", "voice", "document"})
Write = Callable[[str], None]


class Simulator:
    """Reads lines, writes what is said. ``effects``: show what the backend would carry out."""

    def __init__(self, make: Callable[[], Rehearsal], write: Write, *, effects: bool) -> None:
        self._make = make
        self._write = write
        self._effects = effects
        self._done: list[Event | int] = []
        self._rehearsal = make()
        self._buttons: list[str] = []

    def run(self, lines: Iterable[str]) -> None:
        """Until the lines end, or somebody quits."""
        self._say(self._take(Started()))
        for line in lines:
            text = line.rstrip("\n")
            if text.strip() == "/quit":
                break
            self._line(text)

    def _line(self, text: str) -> None:
        word, _, rest = text.strip().partition(" ")
        match word:
            case "/state":
                self._write(self._rehearsal.state_json())
            case "/restart":
                self._again([])
            case "/undo":
                self._again(self._done[:-1] if len(self._done) > 1 else [])
            case "/wait" if rest.isdecimal():
                self._done.append(int(rest))
                self._rehearsal.wait(int(rest))
            case "/send" if rest in _MEDIA:
                self._say(self._take(Sent(rest, file=f"file-{len(self._done)}", size=1)))
            case "/?":
                self._write(HELP)
            case _:
                self._answer(text)

    def _answer(self, text: str) -> None:
        pressed = _PRESS.fullmatch(text.strip())
        if pressed is None:
            self._say(self._take(Said(text)))
        elif 1 <= int(pressed[1]) <= len(self._buttons):
            self._say(self._take(Chose(self._buttons[int(pressed[1]) - 1])))
        else:
            self._write("(there is no such button)")

    def _take(self, event: Event) -> Answered:
        self._done.append(event)
        return self._rehearsal.take(event)

    def _again(self, events: list[Event | int]) -> None:
        """The same conversation from the beginning, as far as these events go."""
        self._done = []
        self._rehearsal = self._make()
        answered = self._take(Started())
        for event in events[1:]:
            if isinstance(event, int):
                self._done.append(event)
                self._rehearsal.wait(event)
            else:
                answered = self._take(event)
        self._say(answered)

    def _say(self, answered: Answered) -> None:
        for bubble in answered.bubbles:
            self._write(_drawn(bubble.text))
            self._draw_buttons(bubble)
        if not answered.bubbles:
            self._write("(nothing is said)")
        if self._effects:
            for effect in answered.effects:
                data = shown(effect)
                name = data.pop("effect")
                self._write(f"  → {name} {_plain(data)}".rstrip())

    def _draw_buttons(self, bubble: Bubble) -> None:
        self._buttons = [button.token for row in bubble.buttons for button in row]
        number = 0
        for row in bubble.buttons:
            cells = []
            for button in row:
                number += 1
                cells.append(f"[#{number} {button.text}]")
            self._write("  " + " ".join(cells))


def _drawn(text: str) -> str:
    return "\n".join(f"│ {line}" for line in text.split("\n"))


def _plain(data: dict[str, object]) -> str:
    return " ".join(f"{k}={v}" for k, v in data.items() if v not in ("", None, [], {}))
