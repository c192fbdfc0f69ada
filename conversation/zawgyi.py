"""Burmese typed in Zawgyi, an older font's own code, made Unicode.

Zawgyi uses Unicode's code points for other signs: several shapes of one letter, letters stacked
below as signs of their own, and the vowel E and the medial RA typed before their consonant. The
table holds what each code means: the Zawgyi-One chart, as CLDR's transform ``my-t-my-s0-zawgyi``
maps it. The order of signs in a syllable is that of Unicode Technical Note 11.
"""

import re
import warnings
from functools import cache
from typing import Final
from unicodedata import normalize

from myanmartools import ZawgyiDetector  # type: ignore[import-untyped]

_KINZI: Final = "\u1004\u103a\u1039"
_RA: Final = "\u103c"
_E: Final = "\u1031"

_STACKED: Final = dict(
    zip(
        "\u1060\u1061\u1062\u1063\u1065\u1066\u1067\u1068\u1069\u106c\u106d\u1070\u1071\u1072\u1073"
        "\u1074\u1075\u1076\u1077\u1078\u1079\u107a\u107b\u107c\u1085\u1093",
        "\u1000\u1001\u1002\u1003\u1005\u1006\u1006\u1007\u1008\u100b\u100c\u100f\u1010\u1010\u1011"
        "\u1011\u1012\u1013\u1014\u1015\u1016\u1017\u1018\u1019\u101c\u1018",
        strict=True,
    )
)
_MEANS: Final = {
    "\u1033": "\u102f",
    "\u1034": "\u1030",
    "\u1039": "\u103a",
    "\u103a": "\u103b",
    "\u103b": _RA,
    "\u103c": "\u103d",
    "\u103d": "\u103e",
    "\u105a": "\u102b\u103a",
    "\u1064": _KINZI,
    "\u106a": "\u1009",
    "\u106b": "\u100a",
    "\u106e": "\u100d\u1039\u100d",
    "\u106f": "\u100d\u1039\u100e",
    "\u107d": "\u103b",
    **dict.fromkeys("\u107e\u107f\u1080\u1081\u1082\u1083\u1084", _RA),
    "\u1086": "\u103f",
    "\u1087": "\u103e",
    "\u1088": "\u103e\u102f",
    "\u1089": "\u103e\u1030",
    "\u108a": "\u103d\u103e",
    "\u108b": _KINZI + "\u102d",
    "\u108c": _KINZI + "\u102e",
    "\u108d": _KINZI + "\u1036",
    "\u108e": "\u102d\u1036",
    "\u108f": "\u1014",
    "\u1090": "\u101b",
    "\u1091": "\u100f\u1039\u100d",
    "\u1092": "\u100b\u1039\u100c",
    "\u1094": "\u1037",
    "\u1095": "\u1037",
    "\u1096": "\u1039\u1010\u103d",
    "\u1097": "\u100b\u1039\u100b",
    **{sign: "\u1039" + letter for sign, letter in _STACKED.items()},
}
_TABLE: Final = str.maketrans(_MEANS)

_BEFORE: Final = "\u1031\u103b\u107e-\u1084"
_BASE: Final = (
    "\u1000-\u102a\u103f\u1040-\u1049\u104e\u106a\u106b\u106e\u106f\u1086\u108f-\u1092\u1097"
)
_AFTER: Final = (
    "\u102b-\u1030\u1032-\u103a\u103c\u103d\u105a\u1060-\u1069\u106c\u106d\u1070-\u107d\u1085"
    "\u1087-\u108e\u1093-\u1096"
)
_SYLLABLE: Final = re.compile(f"([{_BEFORE}]*)([{_BASE}])([{_AFTER}]*)|[{_BEFORE}{_AFTER}]")
_SIGN: Final = re.compile(f"{_KINZI}|\u1039[\u1000-\u1021]|.", re.DOTALL)

_ORDER: Final = {
    sign: place
    for place, sign in enumerate(
        "\u103b\u103c\u103d\u103e\u1031\u102d\u102e\u1032\u102f\u1030\u102b\u102c\u103a\u1036\u1037\u1038"
    )
}
_LOOKALIKES: Final = {"\u1040": "\u101d", "\u1044": "\u104e", "\u1047": "\u101b"}
"""Digits that were typed for the letters (or the sign) that look the same."""
_WHOLE: Final = (
    (re.compile("\u1025(?=[\u102c\u1039\u103a])"), "\u1009"),
    (re.compile("\u1005\u103b"), "\u1008"),
    (re.compile("\u104e(?:\u1004\u103a\u1038)?"), "\u104e\u1004\u103a\u1038"),
)
"""Letters that Zawgyi composes of others."""

MYANMAR: Final = re.compile("[\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f]")
_LETTER: Final = re.compile("[\u1000-\u102a]")
_IMPOSSIBLE: Final = re.compile(
    "\u1039(?![\u1000-\u102a\u103f])"
    "|(?<![\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f])\u1031[\u1000-\u102a]"
)
"""What Unicode never has: the stacking sign with nothing stacked, the vowel E before its word."""
_SAMPLE: Final = 600
"""Characters that the detector reads; more makes no difference to it."""
_SURE: Final = 0.95
_LIKELY: Final = 0.5
_UNLIKELY: Final = 0.05


def to_unicode(text: str) -> tuple[str, bool]:
    """``text`` in Unicode, and whether it had to be converted; what was Unicode comes back as is.

    Keep the original beside the result: of a word or two nobody can be quite sure.
    """
    if not _LETTER.search(text):  # nothing Burmese, or digits (also Shan ones) alone
        return text, False
    before = _zawgyi(text)
    if before <= _LIKELY:
        return text, False
    converted = convert(text)
    if converted == text:
        return text, False
    # Conversion makes Zawgyi read as Unicode, and Unicode as neither.
    after = _zawgyi(converted)
    sure = after < (_LIKELY if before > _SURE else _UNLIKELY)
    return (converted, True) if sure else (text, False)


def convert(text: str) -> str:
    """Zawgyi in, Unicode (NFC) out, whatever it was."""
    converted = _SYLLABLE.sub(_syllable, text)
    for pattern, letter in _WHOLE:
        converted = pattern.sub(letter, converted)
    return normalize("NFC", converted)


def _syllable(found: re.Match[str]) -> str:
    base = found[2]
    if not base:
        return found[0].translate(_TABLE)
    signs = found[1] + found[3]
    if signs:
        base = _LOOKALIKES.get(base, base)
    parts = _SIGN.findall(signs.translate(_TABLE))
    kinzi = _KINZI if _KINZI in parts else ""
    stacked = "".join(part for part in parts if part[0] == "\u1039")
    marks = sorted({part for part in parts if len(part) == 1}, key=_place)
    return kinzi + base.translate(_TABLE) + stacked + "".join(marks)


def _place(sign: str) -> tuple[int, str]:
    return _ORDER.get(sign, len(_ORDER)), sign


def _zawgyi(text: str) -> float:
    """How likely it is Zawgyi, 0 to 1."""
    if _IMPOSSIBLE.search(text):
        return 1.0
    first = MYANMAR.search(text)
    start = first.start() if first else 0
    return float(_detector().get_zawgyi_probability(text[start : start + _SAMPLE]))


@cache
def _detector() -> ZawgyiDetector:
    """Its model is data of the package, read when the first Burmese text comes."""
    with warnings.catch_warnings():
        # It opens the model by a way that Python 3.11 calls old and 3.13 does not.
        warnings.simplefilter("ignore", DeprecationWarning)
        return ZawgyiDetector()
