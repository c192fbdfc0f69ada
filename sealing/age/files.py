"""Whole files in memory: exports, the console, tests. A long file is streamed by parts instead."""

from collections.abc import Callable, Sequence

from sealing.age.armor import BEGIN, dearmor
from sealing.age.body import BodyOpener, BodySealer
from sealing.age.format import parse_header
from sealing.age.header import file_key_of, header, new_file_key


def seal_file(plain: bytes, recipients: Sequence[bytes], random: Callable[[int], bytes]) -> bytes:
    """``plain`` as an age file for the holders of ``recipients`` (1,216 bytes each)."""
    file_key = new_file_key(random)
    sealer = BodySealer(file_key, random)
    return b"".join((header(file_key, recipients, random), sealer.update(plain), sealer.finish()))


def open_file(sealed: bytes, seed: bytes) -> bytes:
    """The plaintext of an age file, armored or not.

    Raises :class:`SealError`: ``bad_armor``, ``bad_header``, ``no_match``, ``bad_mac``,
    ``bad_body`` or ``bad_key``; never returns a part of a file.
    """
    if sealed.lstrip()[: len(BEGIN)] == BEGIN:
        sealed = dearmor(sealed)
    parsed = parse_header(sealed)
    opener = BodyOpener(file_key_of(parsed, seed))
    return opener.update(sealed[parsed.size :]) + opener.finish()
