"""Of every format: it opens again; damaged, cut, lengthened or moved it is our own error."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sealing import (
    Box,
    Context,
    Envelope,
    KeyPair,
    SealError,
    open_envelope,
    open_text,
    seal_envelope,
    seal_text,
)
from sealing.text import pad, unpad
from tests.damage import damages

KEYS = KeyPair(bytes(range(32)))
NAMES = st.text(max_size=6)
PLACES = st.builds(Context, NAMES, NAMES, st.integers(0, 2**40), NAMES, NAMES)
Damage = Callable[[bytes], bytes]


@given(st.binary(max_size=300), PLACES, damages())
def test_a_text_that_is_not_whole_stays_closed(
    plain: bytes, place: Context, damage: Damage
) -> None:
    """Whatever happens to any byte of it, there is no text but the one that was sealed."""
    sealed = seal_text(plain, KEYS.public, place)
    assert open_text(sealed, KEYS, place) == plain
    with pytest.raises(SealError):
        open_text(damage(sealed), KEYS, place)


@given(PLACES, PLACES)
def test_a_text_opens_in_its_place_alone(place: Context, other: Context) -> None:
    """No two different places are one to the format."""
    assume(place != other)
    with pytest.raises(SealError, match="cannot_open"):
        open_text(seal_text(b"words", KEYS.public, place), KEYS, other)


@given(st.binary(max_size=300), NAMES, NAMES, NAMES, damages())
def test_an_event_that_is_not_whole_stays_closed(
    event: bytes, key_id: str, channel: str, event_id: str, damage: Damage
) -> None:
    """An envelope gives back the event of its channel and id, or nothing."""
    made = seal_envelope(event, key_id=key_id, to=KEYS.public, channel=channel, event_id=event_id)
    assert open_envelope(made, KEYS, channel=channel, event_id=event_id) == event
    changed = Envelope(key_id, damage(made.sealed))
    for envelope, where, which in (
        (changed, channel, event_id),
        (made, f"{channel}.", event_id),
        (made, channel, f"{event_id}."),
        (Envelope(f"{key_id}.", made.sealed), channel, event_id),
    ):
        with pytest.raises(SealError):
            open_envelope(envelope, KEYS, channel=where, event_id=which)


@given(st.binary(max_size=100), st.lists(NAMES, max_size=4), st.lists(NAMES, max_size=4), damages())
def test_a_boxed_value_that_is_not_whole_stays_closed(
    value: bytes, place: list[str], other: list[str], damage: Damage
) -> None:
    """Under the keyring, too: another row, a changed byte or another key opens nothing."""
    box = Box(bytes(32), lambda size: b"\x05" * size)
    sealed = box.seal(value, *place)
    assert box.open(sealed, *place) == value
    refused: list[tuple[Box, bytes, list[Any]]] = [
        (box, damage(sealed), place),
        (Box(b"\x01" * 32, bytes), sealed, place),
    ]
    if other != place:
        refused.append((box, sealed, other))
    for which, body, where in refused:
        with pytest.raises(SealError):
            which.open(body, *where)


@given(st.binary(max_size=400))
def test_padding_is_length_text_and_zeros(plain: bytes) -> None:
    """What was padded comes back; with any other filling, or cut into the text, nothing does."""
    padded = pad(plain)
    assert unpad(padded) == plain
    for at in range(4 + len(plain), len(padded)):
        with pytest.raises(SealError, match="bad_padding"):
            unpad(padded[:at] + b"\x01" + padded[at + 1 :])
    for size in range(4 + len(plain)):
        with pytest.raises(SealError, match="bad_padding"):
            unpad(padded[:size])


@given(st.binary(max_size=200))
def test_any_bytes_are_padding_or_our_own_error(raw: bytes) -> None:
    """Nothing is read out of bytes that are not a length, a text of it, and zeros."""
    try:
        plain = unpad(raw)
    except SealError:
        return
    assert raw == (len(plain).to_bytes(4, "big") + plain).ljust(len(raw), b"\0")
