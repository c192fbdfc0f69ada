"""What holds for every reply, name, language and channel."""

import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from conversation.replies import Count, Name, Option, Part, Reply, Several
from i18n import CAPABILITIES, render
from i18n.bidi import FSI, PDI, clean, strong
from i18n.splitting import cost, split
from tests.i18n.samples import catalogues

WORDS = st.sampled_from(
    [
        "Yes.",
        "no",
        "نعم",
        "۱۲",
        "မြန်မာစာ",
        "က္ခ",
        "👩‍👩‍👧",
        "🇨🇫",
        "e\u0301",
        "9.",
        "tell?",
        "\n\n",
        "x" * 30,
    ]
)
PROSE = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
UNITS = st.sampled_from(["utf16", "bytes"])


with tempfile.TemporaryDirectory() as _folder:
    TEXTS = catalogues(Path(_folder))


@given(PROSE, st.integers(40, 200), UNITS)
def test_splitting_loses_nothing_and_keeps_the_limit(text: str, limit: int, unit: str) -> None:
    """Pieces joined are the text, and none is over the limit or blank."""
    pieces = split(text, limit, "bytes" if unit == "bytes" else "utf16")
    assert "".join(pieces) == text
    for piece in pieces:
        assert cost(piece, "bytes" if unit == "bytes" else "utf16") <= limit
        assert piece.strip() or not text.strip()


@given(PROSE, st.integers(40, 200))
def test_no_letter_is_torn(text: str, limit: int) -> None:
    """No piece begins with a combining mark, a joiner, or half a flag."""
    for piece in split(text, limit, "utf16")[1:]:
        assert unicodedata.category(piece[0]) not in ("Mn", "Me", "Mc", "Cf")
        flags = len(piece) - len(piece.lstrip("🇨🇫"))
        assert flags % 2 == 0


@given(st.lists(st.text("abc", min_size=1, max_size=12), min_size=2, max_size=60))
def test_words_stay_whole(words: list[str]) -> None:
    """A cut falls between words where there is room between words."""
    pieces = split(" ".join(words), 20, "utf16")
    assert " ".join(p.strip() for p in pieces).split() == words


@given(st.text(max_size=300), st.sampled_from(["en", "fr", "xr"]), st.sampled_from([*CAPABILITIES]))
def test_hostile_names_in_every_language_and_channel(name: str, locale: str, channel: str) -> None:
    """Any name leaves balanced isolates, no stray controls, and a message within the limit."""
    small = replace(CAPABILITIES[channel], max_text=90)
    part = Part("x/hello/text", {"who": Several((Name(name), Name("MSF"))), "n": Count(123456)})
    reply = Reply(parts=(part,), options=(Option("t", Name(name)),))
    for bubble in render(reply, locale, small, TEXTS):
        assert cost(bubble.text, small.unit) <= 90
        for text in (bubble.text, *(b.text for row in bubble.buttons for b in row)):
            assert_balanced(text)
            assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in text)


def assert_balanced(text: str) -> None:
    """Every isolate is closed, none is closed that was not opened, and nothing is overridden."""
    depth = 0
    for character in text:
        assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"
        depth += (character == FSI) - (character == PDI)
        assert depth in (0, 1)
    assert depth == 0


@given(st.text(max_size=80), st.integers(-(10**9), 10**9))
def test_each_line_has_the_direction_of_its_language(name: str, n: int) -> None:
    """In a right-to-left language every line reads right to left, whatever stands in it."""
    part = Part("x/hello/text", {"who": Name(name), "n": Count(n)})
    reply = Reply(parts=(part,), options=(Option("t", Name(name)),))
    for bubble in render(reply, "xr", CAPABILITIES["signal"], TEXTS):
        assert bubble.dir == "rtl"
        assert all(strong(line) == "rtl" for line in bubble.text.split("\n") if line.strip())


@given(st.integers(0, 10**9))
def test_counts_are_in_local_digits(n: int) -> None:
    """No ASCII digit appears in a language that has its own."""
    reply = Reply(parts=(Part("x/hello/text", {"who": Name("A"), "n": Count(n)}),))
    (bubble,) = render(reply, "xr", CAPABILITIES["telegram"], TEXTS)
    assert not any(c in "0123456789" for c in bubble.text)
    assert any(c in "٠١٢٣٤٥٦٧٨٩" for c in bubble.text)


@given(st.text())
def test_cleaning_twice_changes_nothing(name: str) -> None:
    """A cleaned name is clean."""
    assert clean(clean(name)) == clean(name)


@given(PROSE)
def test_a_name_longer_than_a_message_is_still_whole(name: str) -> None:
    """An isolate that is too long itself is closed and opened again: balanced, nothing lost."""
    small = replace(CAPABILITIES["signal"], max_text=60)
    reply = Reply(parts=(Part("x/hello/text", {"who": Name(name), "n": Count(1)}),))
    bubbles = render(reply, "xr", small, TEXTS)
    for bubble in bubbles:
        assert_balanced(bubble.text)
        assert cost(bubble.text, "bytes") <= 60
    shown = "".join(b.text for b in bubbles)
    for control in (FSI, PDI, "\u200f"):
        shown = shown.replace(control, "")
    assert clean(name).replace(" ", "") in shown.replace(" ", "")
