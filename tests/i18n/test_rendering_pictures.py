"""Buttons beside a picture of numbered options."""

import msgspec

from i18n import CAPABILITIES, Catalogues, render
from tests.i18n.samples import question


def labels(texts: Catalogues, *, long: bool = False, ticked: bool | None = None) -> list[str]:
    """On the buttons of the options, on Telegram, with pictures wanted."""
    reply = msgspec.structs.replace(question(long=long, ticked=ticked), pictures=True)
    (bubble,) = render(reply, "en", CAPABILITIES["telegram"], texts)
    return [button.text for row in bubble.buttons[:-1] for button in row]


def test_buttons_bear_the_pictures_numbers(texts: Catalogues) -> None:
    """Who looks at the picture finds its number on the button; the footer has none."""
    assert labels(texts) == ["1. Yes", "2. Not now"]


def test_ticks_stay_before_the_numbers(texts: Catalogues) -> None:
    """A tick box is where it was."""
    assert labels(texts, ticked=True) == ["☑ 1. Yes", "☑ 2. Not now"]


def test_long_labels_are_numbered_once(texts: Catalogues) -> None:
    """Where the labels stand in the text, the buttons bear the numbers alone."""
    reply = msgspec.structs.replace(question(long=True, ticked=False), pictures=True)
    (bubble,) = render(reply, "en", CAPABILITIES["telegram"], texts)
    assert [b.text for b in bubble.buttons[0]] == ["☐ 1", "☐ 2", "☐ 3"]
    assert "1. Yes" in bubble.text
    assert "1. 1." not in bubble.text
