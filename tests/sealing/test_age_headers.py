"""Headers of sealed files: who finds the file key, and that nothing in them can be changed."""

import hmac
import os
from typing import Final

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from sealing import KeyPair, SealError
from sealing.age import MAX_HEADER_BYTES, header, open_file, open_header, seal_file
from sealing.age.format import Stanza, encode_mac, encode_stanzas, parse_header
from sealing.age.header import file_key_of

SEED: Final = bytes(range(32))
PUBLIC: Final = KeyPair(SEED).public.raw
OTHER: Final = KeyPair(b"\x44" * 32).public.raw
KEY: Final = b"k" * 16
HEADER: Final = header(KEY, [OTHER, PUBLIC], os.urandom)


def test_each_recipient_finds_the_file_key() -> None:
    """A header for several opens for each of them, and for nobody else."""
    assert open_header(HEADER, SEED) == KEY
    assert open_header(HEADER, b"\x44" * 32) == KEY
    with pytest.raises(SealError) as refused:
        open_header(HEADER, b"\x45" * 32)
    assert refused.value.code == "no_match"


@given(st.integers(0, len(HEADER) - 1), st.integers(1, 255))
def test_a_changed_header_never_opens(place: int, flip: int) -> None:
    """Any one byte changed, in our stanza, in another's or in the MAC, is refused."""
    changed = bytearray(HEADER)
    changed[place] ^= flip
    with pytest.raises(SealError) as refused:
        open_header(bytes(changed), SEED)
    assert refused.value.code in ("bad_header", "bad_mac", "no_match")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_header_are_refused(raw: bytes) -> None:
    """Whatever the bytes, alone or behind a version line, the answer is our own error."""
    for data in (raw, b"age-encryption.org/v1\n" + raw, b"age-encryption.org/v1\n-> x\n" + raw):
        with pytest.raises(SealError) as refused:
            open_header(data, SEED)
        assert refused.value.code == "bad_header"


def test_a_header_is_exactly_a_header() -> None:
    """A byte too few or too many is refused."""
    for data in (HEADER[:-1], HEADER + b"x", HEADER + b"\n"):
        with pytest.raises(SealError) as refused:
            open_header(data, SEED)
        assert refused.value.code == "bad_header"


def test_stanzas_cannot_be_added_or_taken_away() -> None:
    """The MAC covers which recipients there are."""
    lines = HEADER.split(b"\n")
    own = [i for i in (1, 3) if _opens_alone(lines[i : i + 2])]
    (mine,) = own
    alone = b"\n".join([lines[0], *lines[mine : mine + 2], *lines[5:]])
    added = b"\n".join([*lines[:5], b"-> grease", b"", *lines[5:]])
    for changed in (alone, added):
        with pytest.raises(SealError) as refused:
            open_header(changed, SEED)
        assert refused.value.code == "bad_mac"


def _opens_alone(stanza: list[bytes]) -> bool:
    mac = b"--- " + b"A" * 43 + b"\n"
    parsed = parse_header(b"\n".join([b"age-encryption.org/v1", *stanza, mac]))
    with pytest.raises(SealError) as refused:
        file_key_of(parsed, SEED)
    return refused.value.code == "bad_mac"


def test_a_body_does_not_open_under_another_files_header() -> None:
    """A header swapped between two files for the same reader gives nothing."""
    one, other = (seal_file(text, [PUBLIC], os.urandom) for text in (b"one", b"other"))
    swapped = other[: parse_header(other).size] + one[parse_header(one).size :]
    with pytest.raises(SealError) as refused:
        open_file(swapped, SEED)
    assert refused.value.code == "bad_body"


def test_headers_are_bounded() -> None:
    """A header without an end is refused at the limit, and none so long is made."""
    grease = [Stanza(("grease",), bytes(1000))] * (MAX_HEADER_BYTES // 1000)
    mine = parse_header(header(KEY, [PUBLIC], os.urandom)).stanzas
    assert open_header(_signed([*mine, *grease[:20]]), SEED) == KEY
    with pytest.raises(SealError) as refused:
        open_header(_signed([*mine, *grease]), SEED)
    assert refused.value.code == "bad_header"
    assert len(header(KEY, [PUBLIC] * 80, os.urandom)) < MAX_HEADER_BYTES
    with pytest.raises(SealError) as refused:
        header(KEY, [PUBLIC] * 90, os.urandom)
    assert refused.value.code == "bad_key"


def _signed(stanzas: list[Stanza]) -> bytes:
    """A header with these stanzas and the right MAC for :data:`KEY`."""
    signed = encode_stanzas(stanzas)
    mac_key = HKDF(SHA256(), 32, salt=None, info=b"header").derive(KEY)
    return signed + encode_mac(hmac.digest(mac_key, signed, "sha256"))


@pytest.mark.parametrize(
    ("key", "recipients"),
    [(KEY, []), (KEY[:15], [PUBLIC]), (KEY, [PUBLIC[:-1]]), (KEY, [b"\xff" * 1216])],
)
def test_only_keys_are_taken(key: bytes, recipients: list[bytes]) -> None:
    """A key of another shape, or no recipient at all, is refused."""
    with pytest.raises(SealError) as refused:
        header(key, recipients, os.urandom)
    assert refused.value.code == "bad_key"


def test_the_order_of_recipients_is_not_told() -> None:
    """The stanzas stand as the randomness says, not as the recipients were given."""
    given_in_order = header(KEY, [OTHER, PUBLIC], _counting(up=True)).split(b"\n")
    turned = header(KEY, [OTHER, PUBLIC], _counting(up=False)).split(b"\n")
    assert [_opens_alone(given_in_order[i : i + 2]) for i in (1, 3)] == [False, True]
    assert [_opens_alone(turned[i : i + 2]) for i in (1, 3)] == [True, False]


class _counting:  # noqa: N801 - reads as the function it stands for
    """Randomness that only goes up, or only down."""

    def __init__(self, *, up: bool) -> None:
        self._step = 1 if up else -1
        self._at = 1000

    def __call__(self, size: int) -> bytes:
        self._at += self._step
        return self._at.to_bytes(size, "big")
