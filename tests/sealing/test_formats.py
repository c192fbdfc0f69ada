"""The sealed formats: what opens, and that nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing import (
    OVERHEAD,
    Context,
    KeyPair,
    PublicKey,
    SealError,
    SigningKey,
    bind,
    open_envelope,
    open_text,
    seal_envelope,
    seal_text,
    verify,
)
from sealing.envelope import Envelope
from sealing.text import pad, padded_size, unpad

KEYS = KeyPair(bytes(range(32)))
OTHER = KeyPair(bytes(32))
PLACE = Context("case", "account", 1, "item", "answer")


@given(st.binary(max_size=9000))
def test_what_is_sealed_opens_again(plaintext: bytes) -> None:
    """Any bytes come back exactly, and the length tells only the bucket."""
    sealed = seal_text(plaintext, KEYS.public, PLACE)
    assert open_text(sealed, KEYS, PLACE) == plaintext
    assert len(sealed) == OVERHEAD + padded_size(len(plaintext))


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_two_contexts_never_read_alike(one: list[str], other: list[str]) -> None:
    """Length prefixes make the joined fields unambiguous."""
    assert (bind(*one) == bind(*other)) == (one == other)


@given(st.integers(min_value=0, max_value=2_000_000))
def test_padding_never_adds_more_than_needed(length: int) -> None:
    """Small texts share few sizes; a long one grows by an eighth at most."""
    size = padded_size(length)
    assert size >= length + 4
    assert size <= max(64, 2 * (length + 4))
    if length > 4096:
        assert size <= (length + 4) * 1.13


@pytest.mark.parametrize(
    "place",
    [
        Context("other", "account", 1, "item", "answer"),
        Context("case", "medical", 1, "item", "answer"),
        Context("case", "account", 2, "item", "answer"),
        Context("case", "account", 1, "another", "answer"),
        Context("case", "account", 1, "item", "consent"),
    ],
)
def test_a_moved_ciphertext_does_not_open(place: Context) -> None:
    """Swapped between cases, compartments, generations, items or kinds, it fails closed."""
    sealed = seal_text(b"words", KEYS.public, PLACE)
    with pytest.raises(SealError, match="cannot_open"):
        open_text(sealed, KEYS, place)


def test_another_key_does_not_open() -> None:
    """Only the holder of the seed reads."""
    with pytest.raises(SealError, match="cannot_open"):
        open_text(seal_text(b"words", KEYS.public, PLACE), OTHER, PLACE)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_damaged_ciphertext_does_not_open(at: int, change: int) -> None:
    """One changed byte anywhere is an error, never another text."""
    sealed = bytearray(seal_text(b"words", KEYS.public, PLACE))
    sealed[at % len(sealed)] ^= change
    with pytest.raises(SealError):
        open_text(bytes(sealed), KEYS, PLACE)


@pytest.mark.parametrize("cut", [0, 3, 4, 40, 1139, 1140])
def test_a_truncated_ciphertext_does_not_open(cut: int) -> None:
    """Whatever is missing, it is an error with a code."""
    with pytest.raises(SealError):
        open_text(seal_text(b"words", KEYS.public, PLACE)[:cut], KEYS, PLACE)


def test_a_newer_version_says_so() -> None:
    """A text of a later format names the remedy: upgrade."""
    sealed = seal_text(b"words", KEYS.public, PLACE)
    with pytest.raises(SealError, match="wrong_version"):
        open_text(b"RLS\x02" + sealed[4:], KEYS, PLACE)


def test_padding_that_is_not_ours_is_refused() -> None:
    """Bytes after the text must be zero, so that nothing hides there."""
    padded = bytearray(pad(b"words"))
    padded[-1] = 1
    with pytest.raises(SealError, match="bad_padding"):
        unpad(bytes(padded))


def test_an_envelope_belongs_to_its_event() -> None:
    """An event sealed on one channel or under one id cannot be passed off as another."""
    envelope = seal_envelope(b"{}", key_id="2026-W48", to=KEYS.public, channel="page", event_id="1")
    assert open_envelope(envelope, KEYS, channel="page", event_id="1") == b"{}"
    for channel, event_id in (("telegram", "1"), ("page", "2")):
        with pytest.raises(SealError):
            open_envelope(envelope, KEYS, channel=channel, event_id=event_id)
    with pytest.raises(SealError):
        open_envelope(Envelope("2026-W49", envelope.sealed), KEYS, channel="page", event_id="1")


def test_a_signature_holds_for_one_purpose_only() -> None:
    """A roster's signature is no inbox key's, and a changed message has none."""
    key = SigningKey(bytes(32))
    signature = key.sign("roster", b"document")
    assert verify(key.public, "roster", b"document", signature)
    assert not verify(key.public, "inbox-key", b"document", signature)
    assert not verify(key.public, "roster", b"documenT", signature)
    assert not verify(b"short", "roster", b"document", signature)


def test_secrets_print_as_sealed() -> None:
    """A key in a log line or a traceback shows nothing."""
    assert repr(KEYS) == repr(SigningKey(bytes(32))) == "<sealed>"


@pytest.mark.parametrize("size", [0, 1215, 1217])
def test_a_public_key_has_one_size(size: int) -> None:
    """Anything else is refused before it reaches the library."""
    with pytest.raises(SealError, match="bad_key"):
        PublicKey(bytes(size))


@pytest.mark.parametrize("point", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_nothing_is_sealed_to_a_point_of_small_order(point: int) -> None:
    """Such a half makes every exchange fail: it is found before it is among the holders."""
    weak = PublicKey(KEYS.public.raw[:1184] + point.to_bytes(32, "little"))
    with pytest.raises(SealError, match="bad_key"):
        weak.hold()
    KEYS.public.hold()
