"""The strings of age keys (Bech32)."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing import KeyPair, SealError
from sealing.age import bech32, identity_of, read_identity, read_recipient, recipient_of

SEED: Final = bytes(range(32))
PUBLIC: Final = KeyPair(SEED).public.raw
IDENTITY: Final = identity_of(SEED)
RECIPIENT: Final = recipient_of(PUBLIC)

# BIP 173's lists. Its limit of 90 characters is not age's, and age's data are whole bytes.
VALID: Final = (
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
)
INVALID: Final = (
    "\x201nwldj5",
    "\x7f1axkwrx",
    "\x801eym55h",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "de1lg7wt\xff",
    "A1G7SGD8",
    "10a06t8",
    "1qzzfhee",
    "a12UEL5L",
)


@pytest.mark.parametrize("text", VALID)
def test_the_valid_strings_of_bip_173_are_read(text: str) -> None:
    """Each reads, and is written the same way."""
    prefix, data = bech32.decode(text)
    assert bech32.encode(prefix, data) == text.lower()


@pytest.mark.parametrize("text", INVALID)
def test_the_invalid_strings_of_bip_173_are_refused(text: str) -> None:
    """Each is refused with our own error."""
    with pytest.raises(SealError) as refused:
        bech32.decode(text)
    assert refused.value.code == "bad_key"


@given(st.binary(max_size=1300))
def test_any_bytes_come_back(data: bytes) -> None:
    """What is encoded decodes to the same, in upper case too."""
    text = bech32.encode("age1pq", data)
    assert bech32.decode(text) == bech32.decode(text.upper()) == ("age1pq", data)


@pytest.mark.parametrize("words", [[31, 31], [31], [31, 28, 0]])
def test_left_over_bits_are_refused(words: list[int]) -> None:
    """With a right checksum, data that are no whole bytes, or end in more than zeros, are none."""
    checksum = bech32._polymod([*bech32._expand("a"), *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words = words + [checksum >> 5 * (5 - i) & 31 for i in range(6)]
    with pytest.raises(SealError) as refused:
        bech32.decode("a1" + "".join(bech32._ALPHABET[word] for word in words))
    assert "last character" in str(refused.value)


@given(st.integers(0, len(IDENTITY) - 1), st.sampled_from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L1B"))
def test_a_mistyped_identity_is_refused_and_not_repeated(place: int, letter: str) -> None:
    """One wrong letter is always found, and the error does not hold the secret."""
    mistyped = IDENTITY[:place] + letter + IDENTITY[place + 1 :]
    if mistyped == IDENTITY:
        return
    with pytest.raises(SealError) as refused:
        read_identity(mistyped)
    assert refused.value.code == "bad_key"
    assert mistyped[24:40] not in repr(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        IDENTITY,
        RECIPIENT[:-1],
        RECIPIENT.upper(),
        bech32.encode("age1pq", b"\xff" * 1216),
        bech32.encode("age1pq", PUBLIC[:-1]),
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    ],
)
def test_what_is_no_recipient_of_ours_is_refused(text: str) -> None:
    """Another type, length, case or no key at all."""
    with pytest.raises(SealError) as refused:
        read_recipient(text)
    assert refused.value.code == "bad_key"


def test_an_identity_is_not_read_as_another_kind() -> None:
    """Lower case, another prefix or another length is refused; so is a seed of another length."""
    for text in (
        IDENTITY.lower(),
        bech32.encode("age-secret-key-", SEED).upper(),
        bech32.encode("age-secret-key-pq-", SEED[:-1]).upper(),
        RECIPIENT,
    ):
        with pytest.raises(SealError):
            read_identity(text)
    with pytest.raises(SealError):
        identity_of(SEED[:-1])
    with pytest.raises(SealError):
        recipient_of(PUBLIC + b"\0")
