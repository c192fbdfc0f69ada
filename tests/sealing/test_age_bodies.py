"""Bodies of sealed files: whole chunks that authenticated come out, and nothing else."""

import os
import tracemalloc
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealing import KeyPair, SealError
from sealing.age import (
    CHUNK_BYTES,
    BodyOpener,
    BodySealer,
    dearmor,
    enarmor,
    new_file_key,
    open_file,
    seal_file,
    sealed_size,
)

SEED: Final = bytes(range(32))
PUBLIC: Final = KeyPair(SEED).public.raw
OTHER: Final = KeyPair(b"\x44" * 32).public.raw
KEY: Final = b"k" * 16
SEALED_CHUNK: Final = CHUNK_BYTES + 16
# Three chunks, the last one full, and a body of the same key.
PLAIN: Final = os.urandom(3 * CHUNK_BYTES)

near_chunks = st.builds(
    lambda chunks, off: max(0, chunks * CHUNK_BYTES + off), st.integers(0, 3), st.integers(-2, 2)
)
cuts = st.lists(st.integers(0, 4 * CHUNK_BYTES), max_size=6).map(sorted)


def _sealed(plain: bytes, key: bytes = KEY) -> bytes:
    sealer = BodySealer(key, os.urandom)
    return sealer.update(plain) + sealer.finish()


def _released(body: bytes, at: list[int], key: bytes = KEY) -> tuple[bytes, str]:
    """What an opener releases of ``body`` cut at these places, and the code of its refusal."""
    opener, released = BodyOpener(key), b""
    try:
        for start, end in pairwise([0, *at, len(body)]):
            released += opener.update(body[start:end])
        released += opener.finish()
    except SealError as error:
        return released, error.code
    return released, ""


BODY: Final = _sealed(PLAIN)


@given(near_chunks, cuts, cuts)
def test_any_size_in_any_pieces_comes_back(size: int, into: list[int], out: list[int]) -> None:
    """However a file is cut on the way in and out, the same bytes come out, of the known size."""
    plain = os.urandom(size)
    sealer, body = BodySealer(KEY, os.urandom), b""
    for start, end in pairwise([0, *(at for at in into if at <= size), size]):
        body += sealer.update(plain[start:end])
    body += sealer.finish()
    assert len(body) == sealed_size(size)
    assert _released(body, [at for at in out if at <= len(body)]) == (plain, "")


@given(st.binary(max_size=300), st.lists(st.integers(1, 3), min_size=1, max_size=9))
def test_tiny_pieces_are_one_file(plain: bytes, steps: list[int]) -> None:
    """A body that comes byte by byte, its nonce too, opens."""
    body, at, step = _sealed(plain), [], 0
    while step < len(body):
        at.append(step)
        step += steps[len(at) % len(steps)]
    assert _released(body, at) == (plain, "")


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255), cuts)
def test_a_changed_byte_ends_the_file_before_its_chunk(
    place: int, flip: int, at: list[int]
) -> None:
    """Whole chunks before the change are released, nothing of the changed one, then it fails."""
    damaged = bytearray(BODY)
    damaged[place] ^= flip
    released, code = _released(bytes(damaged), [cut for cut in at if cut <= len(BODY)])
    good = max(0, place - 16) // SEALED_CHUNK if place >= 16 else 0
    assert (released, code) == (PLAIN[: good * CHUNK_BYTES], "bad_body")


@given(st.integers(0, len(BODY) - 1))
def test_a_file_cut_short_fails(length: int) -> None:
    """Wherever a body ends too early, on a chunk's edge too, it is refused."""
    released, code = _released(BODY[:length], [])
    assert code == "bad_body"
    assert PLAIN.startswith(released)


@given(st.binary(min_size=1, max_size=20))
def test_a_file_with_something_behind_it_fails(extra: bytes) -> None:
    """Bytes behind the end are refused, behind a full last chunk and a short one."""
    assert _released(BODY + extra, [])[1] == "bad_body"
    assert _released(_sealed(b"short") + extra, [])[1] == "bad_body"


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (0, 0, 1, 2), (0, 2), (0, 1, 2, 2)])
def test_chunks_out_of_order_fail(order: tuple[int, ...]) -> None:
    """Chunks swapped, doubled or left out are refused."""
    chunks = [BODY[16 + i * SEALED_CHUNK :][:SEALED_CHUNK] for i in range(3)]
    assert _released(BODY[:16] + b"".join(chunks[i] for i in order), [])[1] == "bad_body"


def test_a_chunk_of_another_file_fails() -> None:
    """A chunk of the same number and key, under another nonce, is refused."""
    other = _sealed(PLAIN)
    mixed = BODY[: 16 + SEALED_CHUNK] + other[16 + SEALED_CHUNK :]
    assert _released(mixed, []) == (PLAIN[:CHUNK_BYTES], "bad_body")


def test_a_failed_opener_stays_failed() -> None:
    """After a refusal nothing more comes, whatever is fed."""
    opener = BodyOpener(KEY)
    with pytest.raises(SealError):
        opener.update(bytes(16 + SEALED_CHUNK))
    for more in (b"", BODY):
        with pytest.raises(SealError):
            opener.update(more)
    with pytest.raises(SealError):
        opener.finish()


def test_nothing_is_added_to_a_finished_body() -> None:
    """``finish`` is the end, on both sides: a nonce is never used twice."""
    sealer, opener = BodySealer(KEY, os.urandom), BodyOpener(KEY)
    opener.update(sealer.finish())
    opener.finish()
    for act in (sealer.finish, opener.finish, lambda: sealer.update(b"x")):
        with pytest.raises(RuntimeError):
            act()


def test_a_long_file_takes_no_memory() -> None:
    """200 MB go through sealer and opener within 2 MB."""
    piece = os.urandom(128 * 1024)
    sealer, opener = BodySealer(KEY, os.urandom), BodyOpener(KEY)
    opened = 0
    tracemalloc.start()
    try:
        for _ in range(200_000_000 // len(piece)):
            opened += len(opener.update(sealer.update(piece)))
        opened += len(opener.update(sealer.finish())) + len(opener.finish())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert opened == 200_000_000 // len(piece) * len(piece)
    assert peak < 2_000_000


# -- whole files and armor -----------------------------------------------------------------------


@settings(max_examples=20)
@given(near_chunks, st.booleans())
def test_a_whole_file_comes_back(size: int, armored: bool) -> None:
    """Sealed and opened in one go, as bytes or as text."""
    plain = os.urandom(size)
    sealed = seal_file(plain, [PUBLIC], os.urandom)
    assert open_file(enarmor(sealed) if armored else sealed, SEED) == plain


@given(st.binary(max_size=300))
def test_armor_has_one_spelling(raw: bytes) -> None:
    """What is armored reads back; what reads as armor is what we would write."""
    text = enarmor(raw)
    assert dearmor(text) == raw
    assert dearmor(b"\r\n " + text.replace(b"\n", b"\r\n") + b" \n") == raw


def test_nothing_secret_is_printed() -> None:
    """Neither the objects nor the errors show a key, a seed or a word of the file."""
    key = new_file_key(os.urandom)
    assert repr(BodySealer(key, os.urandom)) == repr(BodyOpener(key)) == "<sealed>"
    with pytest.raises(SealError) as refused:
        open_file(seal_file(b"heron", [OTHER], os.urandom), SEED)
    assert SEED.hex() not in repr(refused.value)
    assert "heron" not in repr(refused.value)
