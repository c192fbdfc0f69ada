"""The format's own vectors (C2SP CCTV, npm ``cctv-age``)."""

from collections import Counter
from typing import Final

import pytest

from sealing import SealError
from sealing.age import BodyOpener, dearmor, open_file, read_identity
from sealing.age.format import encode_mac, encode_stanzas, parse_header
from sealing.age.header import check_mac, file_key_of
from tests.sealing.age_peer import Vector, vectors

NEED_X25519: Final = frozenset(
    [
        "armor_no_match",
        "hybrid_x25519_arg",
        "x25519_bad_tag",
        "x25519_extra_argument",
        "x25519_identity",
        "x25519_long_file_key",
        "x25519_long_share",
        "x25519_low_order",
        "x25519_lowercase",
        "x25519_no_match",
        "x25519_not_canonical_share",
        "x25519_short_share",
    ]
)
"""They fail in a stanza of a recipient type that we do not read."""
NEED_SCRYPT: Final = frozenset(
    [
        "scrypt_bad_tag",
        "scrypt_extra_argument",
        "scrypt_long_file_key",
        "scrypt_no_match",
        "scrypt_not_canonical_salt",
        "scrypt_salt_long",
        "scrypt_salt_missing",
        "scrypt_salt_short",
        "scrypt_uppercase",
        "scrypt_work_factor_23",
        "scrypt_work_factor_hex",
        "scrypt_work_factor_leading_garbage",
        "scrypt_work_factor_leading_plus",
        "scrypt_work_factor_leading_zero_decimal",
        "scrypt_work_factor_leading_zero_octal",
        "scrypt_work_factor_missing",
        "scrypt_work_factor_negative",
        "scrypt_work_factor_overflow",
        "scrypt_work_factor_trailing_garbage",
        "scrypt_work_factor_wrong",
        "scrypt_work_factor_zero",
    ]
)
"""The same, of passphrases."""
_CODES: Final = {
    "success": "",
    "armor failure": "bad_armor",
    "header failure": "bad_header",
    "HMAC failure": "bad_mac",
    "no match": "no_match",
    "payload failure": "bad_body",
}
_NONCE: Final = frozenset({"stream_no_nonce", "stream_short_nonce"})
"""The nonce is part of the body for us, of the header for the vectors."""


@pytest.fixture(scope="module")
def all_vectors() -> dict[str, Vector]:
    """Every vector by name."""
    return vectors()


@pytest.fixture(scope="module")
def ours(all_vectors: dict[str, Vector]) -> list[Vector]:
    """Those that apply to us."""
    skipped = NEED_X25519 | NEED_SCRYPT
    return [vector for name, vector in all_vectors.items() if name not in skipped]


def _seed(vector: Vector) -> bytes | None:
    found = [text for text in vector.identities if text.startswith("AGE-SECRET-KEY-PQ-1")]
    return read_identity(found[0]) if found else None


def _outcome(vector: Vector) -> tuple[str, bytes]:
    """The code of the refusal, or ``""``; and everything that was released.

    Where the identity is of another type, the vector's file key stands in for unwrapping it.
    """
    released = b""
    try:
        file = dearmor(vector.file) if vector.armored else vector.file
        parsed = parse_header(file)
        seed = _seed(vector)
        if seed is not None:
            file_key = file_key_of(parsed, seed)
            assert file_key == vector.file_key
        else:
            check_mac(parsed, vector.file_key)
            file_key = vector.file_key
        opener = BodyOpener(file_key)
        for at in range(parsed.size, len(file), 50_000):
            released += opener.update(file[at : at + 50_000])
        released += opener.finish()
    except SealError as error:
        return error.code, released
    return "", released


def test_each_vector_ends_as_it_must(ours: list[Vector]) -> None:
    """The outcome is the vector's, and not a byte more or less is released before a failure."""
    wrong = []
    for vector in ours:
        code, released = _outcome(vector)
        expected = "bad_body" if vector.name in _NONCE else _CODES[vector.expect]
        if code != expected or (vector.payload and not vector.releases(released)):
            wrong.append((vector.name, vector.expect, code))
        if not vector.payload and released:
            wrong.append((vector.name, "releases", ""))
    assert wrong == []


def test_no_vector_is_passed_over_silently(
    all_vectors: dict[str, Vector], ours: list[Vector]
) -> None:
    """110 of 143 run; the others need a recipient type of another kind, by name."""
    assert (len(all_vectors), len(ours)) == (143, 110)
    assert all_vectors.keys() >= NEED_X25519 | NEED_SCRYPT
    skipped = {all_vectors[name].expect for name in NEED_X25519 | NEED_SCRYPT}
    assert skipped == {"header failure", "no match"}
    hybrid = Counter(vector.expect for vector in ours if "hybrid" in vector.name)
    assert hybrid == {"success": 5, "no match": 5, "header failure": 8}


def test_whole_files_end_so_too(ours: list[Vector]) -> None:
    """``open_file`` opens each good vector of our recipient type, armored or not, and no other."""
    opened = 0
    for vector in ours:
        seed = _seed(vector)
        if seed is None:
            continue
        if vector.expect == "success":
            assert vector.releases(open_file(vector.file, seed))
            opened += 1
        else:
            with pytest.raises(SealError) as refused:
                open_file(vector.file, seed)
            assert refused.value.code == _CODES[vector.expect]
    assert opened == 5


def test_a_header_is_written_as_it_was_read(ours: list[Vector]) -> None:
    """Every header that reads is the only way to write its stanzas."""
    count = 0
    for vector in ours:
        if vector.expect in ("header failure", "armor failure"):
            continue
        file = dearmor(vector.file) if vector.armored else vector.file
        parsed = parse_header(file)
        assert encode_stanzas(parsed.stanzas) == parsed.signed
        assert parsed.signed + encode_mac(parsed.mac) == file[: parsed.size]
        count += 1
    assert count == 51
