"""Replies as bubbles: what stands where on which channel."""

import datetime
from dataclasses import replace

import pytest

from conversation.replies import Name, Option, Part, Ref, Reply
from i18n import CAPABILITIES, Catalogues, render
from tests.i18n.samples import greeting, listing, question

TELEGRAM, SIGNAL = CAPABILITIES["telegram"], CAPABILITIES["signal"]
NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)


def test_buttons_carry_labels_and_tokens(texts: Catalogues) -> None:
    """With buttons the options are buttons, short ones two a row, and not in the text."""
    (bubble,) = render(question(), "en", TELEGRAM, texts)
    assert bubble.text == "Are you safe?"
    assert [[b.text for b in row] for row in bubble.buttons] == [
        ["Yes", "Not now"],
        ["Skip", "Menu", "✕"],
    ]
    assert bubble.buttons[0][1].token == "t:no"


def test_without_buttons_everything_has_a_number_or_key(texts: Catalogues) -> None:
    """On a channel without buttons the options are numbered and the footer names its keys."""
    (bubble,) = render(question(), "en", SIGNAL, texts)
    assert bubble.text == "Are you safe?\n\n1. Yes\n2. Not now\n\ns = Skip · 0 = Menu · 00 = leave"
    assert bubble.buttons == ()


def test_a_label_too_long_for_a_button_goes_into_the_text(texts: Catalogues) -> None:
    """When one label does not fit, all stand numbered in the text and the buttons bear numbers."""
    (bubble,) = render(question(long=True, ticked=False), "en", TELEGRAM, texts)
    assert "3. Something much longer" in bubble.text
    assert [b.text for b in bubble.buttons[0]] == ["☐ 1", "☐ 2", "☐ 3"]


def test_ticks(texts: Catalogues) -> None:
    """Tick boxes show their state on buttons and in numbered lines."""
    assert render(question(ticked=True), "en", TELEGRAM, texts)[0].buttons[0][0].text == "☑ Yes"
    assert "2. ☐ Not now" in render(question(ticked=False), "en", SIGNAL, texts)[0].text


def test_later_pages_go_on_counting(texts: Catalogues) -> None:
    """The first option of a later page has the number that the engine says."""
    reply = Reply(parts=(), options=(Option("a", Ref("x/safe/options/yes")),), first=8)
    assert render(reply, "en", SIGNAL, texts)[0].text == "8. Yes"


def test_right_to_left_with_local_digits(texts: Catalogues) -> None:
    """A right-to-left language says so, counts in its own digits and isolates Latin names."""
    (bubble,) = render(greeting("MSF", 12), "xr", TELEGRAM, texts)
    assert (bubble.lang, bubble.dir) == ("xr", "rtl")
    assert "\u2068MSF\u2069" in bubble.text
    assert "١٢" in bubble.text
    (listed,) = render(question(), "xr", SIGNAL, texts)
    assert "١. " in listed.text
    assert "٠٠ = اخرج" in listed.text


def test_a_line_without_own_letters_is_turned(texts: Catalogues) -> None:
    """In a right-to-left language a numbered Latin name gets a mark, or it would stand left."""
    reply = Reply(parts=(), options=(Option("a", Name("Bangui")),))
    assert render(reply, "xr", SIGNAL, texts)[0].text == "\u200f١. \u2068Bangui\u2069"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("{n} {who}", "{n} {who}"),
        ("a\nb\r\n\u2028c", "a b c"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066\u2067x\u2069\x00\x1b[31m", "x[31m"),
        ("zero\u200b\ufeffwidth\u00ad", "zerowidth"),
        ("", "…"),
    ],
)
def test_hostile_names_are_harmless(texts: Catalogues, name: str, shown: str) -> None:
    """A name cannot fill placeholders, break lines, turn the text round or hide characters."""
    (bubble,) = render(greeting(name), "en", TELEGRAM, texts)
    assert bubble.text == f"Hello {shown}. You are number 7."


def test_letters_keep_their_joiners(texts: Catalogues) -> None:
    """Zero-width joiners are part of spelling and stay."""
    (bubble,) = render(greeting("نامه\u200cها"), "en", TELEGRAM, texts)
    assert "\u200c" in bubble.text


def test_missing_text_and_parameter_do_not_crash(texts: Catalogues) -> None:
    """What nobody wrote or gave is an ellipsis, and is counted."""
    reply = Reply(parts=(Part("x/nowhere/text"), Part("x/hello/text", {"who": Name("A")})))
    (bubble,) = render(reply, "en", TELEGRAM, texts)
    assert bubble.text == "…\n\nHello A. You are number …."
    assert texts.gaps[("en", "x/nowhere/text")] == 1


def test_a_text_that_falls_back_says_its_language(texts: Catalogues) -> None:
    """A bubble whose words all fell back to another language bears that language."""
    (bubble,) = render(listing("A"), "fr", TELEGRAM, texts)
    assert bubble.lang == "en"
    assert texts.gaps[("fr", "x/list/text")] >= 1


def test_drafts_are_marked_in_picker_and_help_only(texts: Catalogues) -> None:
    """A draft language says so where it is chosen and in its help, not in each bubble."""
    picker = Reply(parts=(), options=(Option("a", Name("fr")), Option("b", Name("English"))))
    rows = render(replace_picker(picker), "en", TELEGRAM, texts)[0].buttons
    assert [b.text for row in rows for b in row] == ["Français (brouillon)", "English"]
    (helped,) = render(Reply(parts=(Part("engine/help/text"),)), "fr", TELEGRAM, texts)
    assert helped.text.endswith("Ces textes sont un brouillon.")
    assert "brouillon" not in render(question(), "fr", TELEGRAM, texts)[0].text


def replace_picker(reply: Reply) -> Reply:
    """The reply as a language picker."""
    return Reply(parts=reply.parts, options=reply.options, picker=True)


def test_a_long_message_becomes_several_with_buttons_under_the_last(texts: Catalogues) -> None:
    """Only the last of several bubbles has the buttons."""
    small = replace(TELEGRAM, max_text=60)
    reply = Reply(parts=(*greeting("A" * 30).parts, *question().parts), options=question().options)
    bubbles = render(reply, "en", small, texts)
    assert len(bubbles) > 1
    assert all(not b.buttons for b in bubbles[:-1])
    assert bubbles[-1].buttons


def test_neutral_page_without_words(texts: Catalogues) -> None:
    """A reply that clears the page is a bubble though it says nothing; an empty one is none."""
    assert render(Reply(parts=(), neutral=True), "en", TELEGRAM, texts)[0].neutral
    assert render(Reply(parts=()), "en", TELEGRAM, texts) == ()


def test_times_show_their_day_unless_it_is_today(texts: Catalogues) -> None:
    """A time of today is a clock time in the pilot's zone; another day is named."""
    today = render(listing("A", "B", "C"), "en", TELEGRAM, texts, zone="Africa/Bangui", now=NOON)
    assert today[0].text == "Asked: A, B and C, 17:05."
    later = datetime.timedelta(days=2)
    other = render(listing("A"), "en", TELEGRAM, texts, now=NOON + later)
    assert other[0].text == "Asked: A, Wed 25 Nov, 16:05."
    assert "٢٥" in render(listing("A"), "xr", TELEGRAM, texts)[0].text
