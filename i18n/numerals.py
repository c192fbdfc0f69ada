"""Digits as strokes, drawn for this project: a picture looks alike on a machine without fonts.

Each digit is an SVG path in a box 20 wide and 32 high (y grows downwards), to be stroked, not
filled. A set that is not drawn yet (``rohg``) is shown in Latin digits.
"""

from __future__ import annotations

from typing import Final

WIDTH: Final = 20
HEIGHT: Final = 32
GAP: Final = 6
"""Units between two digits of a number."""

_LATN: Final = (
    "M10 2Q17 2 17 16Q17 30 10 30Q3 30 3 16Q3 2 10 2z",
    "M5 8L12 2V30",
    "M3 9Q3 2 10 2Q17 2 17 9Q17 14 3 30H17",
    "M3 6Q5 2 10 2Q16 2 16 8.5Q16 15 9 15Q17 15 17 22.5Q17 30 10 30Q5 30 3 26",
    "M13 30V2L2 22H18",
    "M16 2H5L4 14Q7 12 10 12Q17 12 17 21Q17 30 10 30Q5 30 3 26",
    "M15 4Q13 2 11 2Q3 3 3 19Q3 30 10 30Q17 30 17 21.5Q17 13.5 10 13.5Q4 13.5 3 20",
    "M3 2H17L8 30",
    "M10 2Q16 2 16 8.5Q16 15 10 15Q4 15 4 8.5Q4 2 10 2zM10 15Q17 15 17 22.5Q17 30 10 30"
    "Q3 30 3 22.5Q3 15 10 15z",
    "M5 28Q7 30 9 30Q17 29 17 13Q17 2 10 2Q3 2 3 10.5Q3 18.5 10 18.5Q16 18.5 17 12",
)

_ARAB: Final = (
    "M10 13L13 17L10 21L7 17zM10 16V18",
    "M7 3Q11 16 11 30",
    "M4 3Q8 16 8 30M5 6Q6 11 11 11Q16 11 16 3",
    "M2 3Q6 16 6 30M3 6Q4 10 7 10Q11 10 11 3Q12 10 15 10Q18 10 18 3",
    "M16 3Q6 3 6 9Q6 15 14 15Q4 16 4 23Q4 30 17 29",
    "M10 6Q18 15 17 22Q16 29 10 29Q4 29 3 22Q2 15 10 6z",
    "M3 3Q7 6 13 5Q13 18 16 30",
    "M3 3L10 29L17 3",
    "M3 29L10 3L17 29",
    "M15 13Q13 16 9 16Q4 16 4 10Q4 4 9 4Q14 4 14.5 12Q15 22 17 30",
)

_ARABEXT: Final = (
    *_ARAB[:4],
    "M3 3Q7 16 7 30M6 13Q8 16 12 16H17M16 4Q10 3 10 9Q10 14 16 14",
    "M10 4Q18 12 18 22Q18 29 14 29Q10 29 10 23Q10 29 6 29Q2 29 2 22Q2 12 10 4z",
    "M15 5Q11 2 8 4Q4 7 6 11Q9 15 17 13Q8 17 4 30",
    *_ARAB[7:],
)

_MYMR: Final = (
    "M10 8Q17 8 17 15.5Q17 23 10 23Q3 23 3 15.5Q3 8 10 8z",
    "M4 12Q5 8 10 8Q17 8 17 15.5Q17 23 10 23Q5 23 4 19",
    "M15 8V24Q15 31 9.5 31Q4 31 4 25",
    "M4 12Q5 8 10 8Q17 8 17 15Q17 22 10 22Q6 22 4 19L15 31",
    "M16 12Q15 8 10 8Q3 8 3 15Q3 22 10 22Q14 22 16 19L6 31",
    "M7 15.5Q7 12 10 13Q13 14.5 12 18Q10.5 21.5 7 21Q3 20 3 15Q3 7 10 7Q17 7 17 14V25"
    "Q17 31 10.5 31Q5 31 4 27",
    "M17 6Q16 0 10 0Q3 0 3 7V16Q3 23 10 23Q17 23 17 17.5Q17 12 12.5 12Q9 12 9 16H12",
    "M4 17Q3 8 10 8Q17 8 17 14Q17 19 12 21Q8 23 9 27.5Q11 32 16 29",
    "M8 23Q3 20 3 15Q3 8 10 8Q17 8 17 15Q17 20 14 23M8 23Q12 18 11 13Q10 9 8 8.5",
    "M17 26Q16 31 10 31Q3 31 3 25V15Q3 8 10 8Q17 8 17 14.5Q17 20 12.5 20Q9 20 9 16H12",
)

SETS: Final = {"latn": _LATN, "arab": _ARAB, "arabext": _ARABEXT, "mymr": _MYMR}


def numeral(number: str, digits: str) -> tuple[str, int]:
    """The strokes of a number (ASCII digits) as SVG, its first digit at 0, and its width in units.

    Digits run left to right in every script.
    """
    shapes = SETS.get(digits, _LATN)
    step = WIDTH + GAP
    strokes = "".join(
        f'<path transform="translate({place * step} 0)" d="{shapes[int(digit)]}"/>'
        for place, digit in enumerate(number)
    )
    return strokes, step * len(number) - GAP
