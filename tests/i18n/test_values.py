"""Dates, lists and references as each language writes them."""

import pytest

from conversation.replies import Date, Name, Part, Ref, Reply, Several, Time
from i18n import CAPABILITIES, Catalogues, render
from i18n.values import Writer


@pytest.mark.parametrize(
    ("date", "en", "fr"),
    [
        (Date(2026, 5, 12), "12 May 2026", "12 mai 2026"),
        (Date(2026, 5), "May 2026", "mai 2026"),
        (Date(2026), "2026", "2026"),
        (Date(month=5, day=12), "12 May", "12 mai"),
        (Date(month=2, day=29), "29 February", "29 février"),
        (Date(month=5), "May", "mai"),
        (Date(2026, season="dry"), "dry season 2026", "dry season 2026"),
        (Date(season="harvest {n}"), "harvest {n}", "harvest {n}"),
        (Date(2025, season="dry", until=2026), "dry season 2025/2026", "dry season 2025/2026"),
        (Date(2026, 11, 10, about=True), "about 10 November 2026", "vers : 10 novembre 2026"),
        (Date(2026, 3, part="end"), "end of March 2026", "end of mars 2026"),
        (
            Date(2026, 3, part="end", about=True),
            "about end of March 2026",
            "vers : end of mars 2026",
        ),
        (Date(2026, part="start"), "2026", "2026"),
        (Date(2026, 2, 31), "31/2/2026", "31/2/2026"),
        (Date(), "…", "…"),
    ],
)
def test_dates_as_far_as_they_are_known(texts: Catalogues, date: Date, en: str, fr: str) -> None:
    """A date shows exactly the pieces that are known, and an impossible one does not crash."""
    assert Writer(texts, "en").write(date) == en
    assert Writer(texts, "fr").write(date) == fr


def test_dates_in_local_digits(texts: Catalogues) -> None:
    """A date of a language with its own digits has no others."""
    assert Writer(texts, "xr").write(Date(2026, 5, 12)) == "١٢ مايو ٢٠٢٦"


@pytest.mark.parametrize("at", ["soon", "", "2026-13-40T00:00:00Z"])
def test_a_broken_time_is_an_ellipsis(texts: Catalogues, at: str) -> None:
    """A time that cannot be read never stops a message."""
    assert Writer(texts, "en").write(Time(at)) == "…"


def test_an_unknown_zone_reads_as_utc(texts: Catalogues) -> None:
    """A wrong time zone in the settings never stops a message."""
    writer = Writer(texts, "en", zone="Mars/Olympus")
    assert writer.write(Time("2026-11-25T16:05:00+00:00")).endswith("16:05")


def test_lists_are_joined_as_the_language_joins(texts: Catalogues) -> None:
    """Each language has its own `and`; nothing at all is an ellipsis."""
    names = (Name("A"), Name("B"), Name("C"))
    assert Writer(texts, "en").write(Several(names)) == "A, B and C"
    assert Writer(texts, "fr").write(Several(names)) == "A, B et C"
    assert Writer(texts, "fr").write(Several(())) == "…"
    assert Writer(texts, "fr").write(Several((Ref("x/safe/options/yes"),))) == "Oui"


def test_a_reference_may_use_the_other_parameters(texts: Catalogues) -> None:
    """A message named inside another is filled from the same parameters."""
    nested = Catalogues(
        {"a/out/text": "So: {inner}", "a/in/text": "by {time}."}, {}, languages=texts.languages
    )
    part = Part("a/out/text", {"inner": Ref("a/in/text"), "time": Name("noon")})
    (bubble,) = render(Reply(parts=(part,)), "en", CAPABILITIES["page"], nested)
    assert bubble.text == "So: by noon."


def test_something_that_is_no_parameter(texts: Catalogues) -> None:
    """An unknown kind of parameter is an ellipsis."""
    assert Writer(texts, "en").write(object()) == "…"
