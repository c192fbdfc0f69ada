"""What each messenger can show, as measured or read in November 2026."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``max_text`` counts in ``unit``: UTF-16 code units or UTF-8 bytes."""

    buttons: bool
    max_text: int
    button_rows: int
    """Most rows of buttons under one bubble."""
    button_label: int
    """Longest label a phone shows whole on a button, in characters; longer ones go in the text."""
    edit: bool
    """The bot may change a message it sent."""
    delete: bool
    """The bot may take back a message it sent."""
    commands: bool
    """Slash commands are a habit here."""
    unit: Literal["utf16", "bytes"] = "utf16"


CAPABILITIES: Final = {
    # 4,096 UTF-16 units; at most 100 buttons; deletes both sides for 48 hours.
    "telegram": Capabilities(True, 4096, 24, 40, edit=True, delete=True, commands=True),
    # A body over 2,000 bytes travels as an attachment, which old phones do not open.
    "signal": Capabilities(
        False, 2000, 0, 0, edit=False, delete=True, commands=False, unit="bytes"
    ),
    # An event holds 65,536 bytes after encryption and base64.
    "matrix": Capabilities(
        False, 16000, 0, 0, edit=True, delete=True, commands=False, unit="bytes"
    ),
    "page": Capabilities(True, 8192, 100, 120, edit=True, delete=True, commands=True),
}
