"""Pictograms: every option has one, they are safe, and a question's picture is small."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from i18n import languages
from i18n.drawings import NONE, ROOT, Drawings, packaged, svg_faults
from i18n.errors import PicturesError
from i18n.language import Language
from i18n.numerals import SETS, numeral
from i18n.pictures import MAX_BYTES, numbered, page
from launch.locale import _domains

NAMES = sorted(packaged().svg)


def language(digits: str, direction: str = "ltr") -> Language:
    """A language with these digits."""
    assert direction in ("ltr", "rtl")
    way = "rtl" if direction == "rtl" else "ltr"
    return Language("xx", "X", "en", way, digits)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def chat() -> list[str]:
    """The id of every text of the shipped interviews and the engine."""
    return [source.id for source in _domains()["interviews"]]


def test_every_option_has_a_picture_or_none_on_purpose(chat: list[str]) -> None:
    """No option that a person can meet was forgotten, and no drawing is left over or unsafe."""
    assert [str(finding) for finding in packaged().findings(chat)] == []
    assert sum("/options/" in one for one in chat) > 150


def test_a_forgotten_option_is_named() -> None:
    """An option without a line, a line without a drawing and an unused drawing are all told."""
    drawings = Drawings({"a": ROOT + "</svg>", "b": ROOT + "</svg>"}, {"yes": "a", "no": "c"}, {})
    found = [(f.code, f.level) for f in drawings.findings(["x/step/options/new"])]
    assert found == [("PIC001", "error"), ("PIC002", "warning"), ("PIC001", "error")]


def test_a_line_for_an_option_that_went_is_told() -> None:
    """A line for a step that lost the option is a warning; other steps may come later."""
    drawings = Drawings({"a": ROOT + "</svg>"}, {"step/old": "a", "later/old": "a", "yes": "a"}, {})
    assert [f.code for f in drawings.findings(["x/step/options/yes"])] == ["PIC004"]


def test_the_particular_picture_comes_before_the_general_one() -> None:
    """`step/option`, then `step/*`, then the option; the engine's texts have their own lines."""
    table = {"safe/yes": "house", "acts/*": NONE, "yes": "tick"}
    drawings = Drawings({"house": "", "tick": "", "key": ""}, table, {"code_kept": "key"})
    assert drawings.of("any/safe/options/yes") == "house"
    assert drawings.of("any/acts/options/yes") is None
    assert drawings.entry("any/acts/options/yes") == NONE
    assert drawings.of("any/other/options/yes") == "tick"
    assert drawings.of("engine/code_kept/text") == "key"
    assert drawings.of("safety/safe_now/text") is None
    assert drawings.of("") is None


def test_acts_of_violence_are_never_drawn(chat: list[str]) -> None:
    """The hard lists have numbers only."""
    hard = [one for one in chat if "/acts/" in one or "/acts_of_other/" in one or "/forms/" in one]
    assert len(hard) > 20
    assert {packaged().of(one) for one in hard if "/options/" in one} == {None}
    hidden = ("risk/options/weapon", "event/options/killing", "event/options/sexual")
    assert [packaged().of(f"any/{one}") for one in hidden] == [None, None, None]


@pytest.mark.parametrize(
    "inside",
    [
        "<script>x</script>",
        '<image href="a.png"/>',
        '<path d="M0 0" href="#a"/>',
        '<path d="M0 0" onclick="a"/>',
        '<path d="M0 0" style="a"/>',
        '<path d="M0 0" fill="url(#a)"/>',
        "<text>a</text>",
        "words",
        "<!-- a -->",
        "&amp;",
        '<use x="1"/>',
        "<style>a</style>",
        "<g>",
        '<path d="M0 0">',
        "<foreignObject/>",
        '<path d="' + "M0 0" * 1000 + '"/>',
    ],
)
def test_what_is_no_plain_shape_is_refused(inside: str) -> None:
    """Script, links, text, images, styles, references, comments and large drawings are faults."""
    assert list(svg_faults(f"{ROOT}{inside}</svg>"))


def test_another_pen_or_size_is_refused() -> None:
    """Every drawing begins alike, so that they look alike."""
    assert list(svg_faults('<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>'))
    assert not list(svg_faults(f'{ROOT}<g><path d="M0 0h4" fill="#8fd0c4"/></g></svg>\n'))


@pytest.mark.parametrize("text", ["[options", "[others]\na = 1\n"])
def test_a_broken_table_is_one_finding(tmp_path: Path, text: str) -> None:
    """A table that cannot be read says so, with its code."""
    (tmp_path / "index.toml").write_text(text)
    with pytest.raises(PicturesError, match="PIC005"):
        Drawings.load(tmp_path)


@given(
    st.lists(st.sampled_from([*NAMES, None]), max_size=7),
    st.sampled_from([*SETS, "rohg"]),
    st.sampled_from(["ltr", "rtl"]),
    st.sampled_from([1, 8, 93]),
)
@settings(max_examples=40, deadline=None)
def test_any_seven_options_fit(
    names: list[str | None], digits: str, direction: str, first: int
) -> None:
    """A picture of any options in any digits is a WebP of at most 20,000 bytes, on white."""
    data = numbered(list(enumerate(names, first)), language(digits, direction))
    assert len(data) <= MAX_BYTES
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    assert image.width == 400
    assert image.getpixel((0, 0)) in {(255, 255, 255), (238, 238, 238)}


@pytest.mark.parametrize("digits", SETS)
def test_the_heaviest_drawings_fit_together(digits: str) -> None:
    """The seven largest drawings and a menu of twelve still fit."""
    heavy = sorted(NAMES, key=lambda name: -len(packaged().svg[name]))
    for count in (7, 12):
        assert len(numbered(list(enumerate(heavy[:count], 1)), language(digits))) <= MAX_BYTES


def test_equal_questions_have_equal_bytes() -> None:
    """The bytes depend on the options, the digits and the direction, and on nothing else."""
    cells = [(1, "yes"), (2, "no")]
    once = numbered(cells, languages()["en"])
    numbered.__globals__["_numbered"].cache_clear()
    assert numbered(cells, languages()["fr"]) == once
    others = {numbered(cells, languages()[locale]) for locale in ("ar", "my")} | {
        numbered(cells[::-1], languages()["en"])
    }
    assert len(others | {once}) == 4


def test_right_to_left_begins_on_the_right() -> None:
    """In a right-to-left language the first option stands at the right, its number outermost."""
    ltr = numbered([(1, "yes"), (2, None)], language("latn", "ltr"))
    rtl = numbered([(1, "yes"), (2, None)], language("latn", "rtl"))
    assert [_green(ltr, half) for half in (0, 200)] == [True, False]
    assert [_green(rtl, half) for half in (0, 200)] == [False, True]
    # The drawing stands nearer to the middle of the picture than its number, in both.
    assert _green(ltr, 80, 120)
    assert _green(rtl, 200, 120)


def _green(data: bytes, left: int, width: int = 200) -> bool:
    """The accent of a drawing shows in this part of the first row."""
    image = Image.open(io.BytesIO(data)).convert("RGB").crop((left, 0, left + width, 128))
    red, green, _ = (band.tobytes() for band in image.split())
    return any(g - r > 40 for r, g in zip(red, green, strict=True))


def test_no_font_of_the_machine_is_needed() -> None:
    """A picture is strokes: its SVG has no text, and each set has ten different digits."""
    assert "<text" not in page(((1, "yes"), (10, None)), "arab", "rtl")
    for digits, shapes in SETS.items():
        assert len(set(shapes)) == 10, digits
    assert numeral("10", "latn")[1] > numeral("1", "latn")[1]
    assert numeral("3", "rohg") == numeral("3", "latn")


def test_one_and_many_options_have_their_columns() -> None:
    """One option is one column; up to eight are two; a longer menu is three and stays a phone's."""
    sizes = [
        Image.open(io.BytesIO(numbered([(n, "yes") for n in range(count)], language("latn")))).size
        for count in (1, 2, 7, 8, 9, 12)
    ]
    assert [height for _, height in sizes] == [200, 200, 584, 584, 456, 584]
