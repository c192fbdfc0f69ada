"""One picture for a question: each option's number beside its pictogram, small enough to send.

Nothing but the drawings of this package goes in, so a picture has the same bytes on every machine
with the same libraries, and a messenger's file id for it can be used again.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import resvg_py
from PIL import Image

from i18n.drawings import SIZE, packaged
from i18n.numerals import HEIGHT, numeral

if TYPE_CHECKING:
    from collections.abc import Sequence

    from i18n.language import Direction, Language

MAX_BYTES: Final = 20_000
"""Most bytes of a picture."""

MIME: Final = "image/webp"

Cell = tuple[int, str | None]
"""An option's number, and the name of its drawing."""

_WIDTH: Final = 400
_ROW: Final = 128
_STRIP: Final = 72
_GAP: Final = 14
_SIZES: Final = {1: (52, 104), 2: (52, 104), 3: (28, 68)}
"""By columns: height of a number, side of a drawing."""
PEN: Final = 'fill="none" stroke="#000" stroke-linecap="round" stroke-linejoin="round"'
_KEYS: Final = (("0", "menu"), ("00", "leave"))
"""What can be typed at every question."""
_MIRRORED: Final = frozenset({"back", "over_month", "remove"})
"""Drawings whose arrow means "back", turned round where reading goes from right to left."""
_QUALITIES: Final = (75, 55, 35, 20)
_SCALES: Final = (1.0, 0.75, 0.5)


def numbered(options: Sequence[Cell], language: Language) -> bytes:
    """A WebP of at most 20,000 bytes: the options in reading order, and below 0 (menu), 00 (leave).

    ``language`` gives digits and direction. One column for one option, two for up to eight, three
    beyond. Without a drawing (None, or one that does not exist) the number stands alone.
    """
    return _numbered(tuple(options), language.digits, language.direction)


@lru_cache(maxsize=256)
def _numbered(options: tuple[Cell, ...], digits: str, direction: Direction) -> bytes:
    return webp(page(options, digits, direction))


def page(options: tuple[Cell, ...], digits: str, direction: Direction) -> str:
    """The picture as SVG."""
    columns = 1 if len(options) < 2 else 2 if len(options) <= 8 else 3
    width = _WIDTH / columns
    rows = -(-len(options) // columns)
    cells = ""
    for place, (number, name) in enumerate(options):
        row, column = divmod(place, columns)
        column = columns - 1 - column if direction == "rtl" else column
        box = (column * width, row * _ROW, width, _ROW)
        cells += _cell((str(number), name), digits, direction, box, _SIZES[columns])
    below = rows * _ROW
    for place, key in enumerate(_KEYS):
        column = 1 - place if direction == "rtl" else place
        box = (column * _WIDTH / 2, below, _WIDTH / 2, _STRIP)
        cells += _cell(key, digits, direction, box, (30, 50))
    lines = "".join(f"M0 {row * _ROW}H{_WIDTH}" for row in range(1, rows))
    lines += "".join(f"M{n * width:g} 0V{below}" for n in range(1, columns))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {below + _STRIP}" {PEN}>'
        f'<path d="M0 0H{_WIDTH}V{below}H0z" fill="#fff" stroke="none"/>'
        f'<path d="M0 {below}H{_WIDTH}V{below + _STRIP}H0z" fill="#eee" stroke="none"/>'
        f'<path d="{lines}" stroke="#bbb" stroke-width="2"/>{cells}</svg>'
    )


def _cell(
    cell: tuple[str, str | None],
    digits: str,
    direction: Direction,
    box: tuple[float, float, float, float],
    sizes: tuple[int, int],
) -> str:
    """Number, then drawing, in reading order, both in the middle of their box."""
    number, name = cell
    x, y, width, height = box
    tall, side = sizes
    strokes, units = numeral(number, digits)
    scale = tall / HEIGHT
    wide = units * scale
    left = x + (width - wide - _GAP - side) / 2
    drawn, written = left + wide + _GAP, left
    if direction == "rtl":
        drawn, written = left, left + side + _GAP
    shapes = (
        f'<g transform="translate({written:.1f} {y + (height - tall) / 2:.1f}) scale({scale:.3f})" '
        f'stroke-width="{4.2 if tall > 40 else 4}">{strokes}</g>'
    )
    if name is None or name not in packaged().svg:
        return shapes
    size = side / SIZE
    turn = f"translate({side} 0) scale(-1 1) " if direction == "rtl" and name in _MIRRORED else ""
    return (
        f'{shapes}<g transform="translate({drawn:.1f} {y + (height - side) / 2:.1f}) '
        f'{turn}scale({size:.3f})" stroke-width="3.5">{packaged().body(name)}</g>'
    )


def webp(svg: str) -> bytes:
    """An SVG as WebP within the limit: without loss where that fits, else ever coarser."""
    for scale in _SCALES:
        image = raster(svg, round(_WIDTH * scale))
        for quality in (None, *_QUALITIES):
            data = _encode(image, quality)
            if len(data) <= MAX_BYTES:
                return data
    raise AssertionError("a picture of plain shapes is larger than 20,000 bytes")


def raster(svg: str, width: int) -> Image.Image:
    """An SVG on white, ``width`` pixels wide. No font of the machine is looked at."""
    png = resvg_py.svg_to_bytes(
        svg_string=svg, width=width, background="#fff", skip_system_fonts=True
    )
    return Image.open(io.BytesIO(png)).convert("RGB")


def _encode(image: Image.Image, quality: int | None) -> bytes:
    data = io.BytesIO()
    image.save(data, "WEBP", lossless=quality is None, quality=quality or 60, method=4)
    return data.getvalue()
