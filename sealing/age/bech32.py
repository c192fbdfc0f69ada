"""Bech32 (BIP 173) without its limit of 90 characters: age's recipients have 1,959."""

from collections.abc import Iterable
from typing import Final

from sealing.errors import SealError

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6


def encode(prefix: str, data: bytes) -> str:
    """Lower-case Bech32 of ``data``; ``prefix`` is lower case, without its separator."""
    words = list(_regroup(data, 8, 5))
    if len(data) * 8 % 5:
        words.append(_rest(data))
    checksum = _polymod([*_expand(prefix), *words, *[0] * _CHECKSUM]) ^ 1
    words += [checksum >> 5 * (_CHECKSUM - 1 - i) & 31 for i in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_ALPHABET[word] for word in words)}"


def decode(text: str) -> tuple[str, bytes]:
    """The lower-case prefix and the data.

    Raises :class:`SealError` ``bad_key`` for mixed case, a wrong checksum or any other flaw; it
    never repeats the text, which may be a secret.
    """
    if text not in (text.lower(), text.upper()):
        raise _bad("upper and lower case are mixed")
    prefix, separator, tail = text.lower().rpartition("1")
    if not separator or not prefix or not all("!" <= letter <= "~" for letter in prefix):
        raise _bad("its prefix is missing")
    if len(tail) < _CHECKSUM or any(letter not in _VALUES for letter in tail):
        raise _bad("a character is wrong or missing")
    words = [_VALUES[letter] for letter in tail]
    if _polymod([*_expand(prefix), *words]) != 1:
        raise _bad("its checksum is wrong")
    return prefix, _bytes(words[:-_CHECKSUM])


def _bytes(words: list[int]) -> bytes:
    spare = len(words) * 5 % 8
    if spare >= 5 or (words and words[-1] & ((1 << spare) - 1)):
        raise _bad("its last character is wrong")
    return bytes(_regroup(words, 5, 8))


def _regroup(values: Iterable[int], have: int, want: int) -> Iterable[int]:
    """Whole groups of ``want`` bits out of groups of ``have``; left-over bits are not given."""
    held = bits = 0
    for value in values:
        held = (held << have | value) & 0xFFF
        bits += have
        while bits >= want:
            bits -= want
            yield held >> bits & ((1 << want) - 1)


def _rest(data: bytes) -> int:
    """The last, incomplete five bits of ``data``, filled with zeros."""
    bits = len(data) * 8 % 5
    return (data[-1] & ((1 << bits) - 1)) << (5 - bits)


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


def _bad(what: str) -> SealError:
    return SealError("bad_key", f"this is no age key: {what}")
