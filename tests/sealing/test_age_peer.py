"""The other implementation: what npm ``age-encryption`` seals we open, and the other way round."""

import os
from typing import Any, Final

import pytest

from sealing import KeyPair, SealError
from sealing.age import (
    BodySealer,
    dearmor,
    enarmor,
    header,
    identity_of,
    open_file,
    read_identity,
    read_recipient,
    recipient_of,
    seal_file,
)
from tests.sealing.age_peer import ask, b64, unb64

SEED: Final = bytes(range(32))
PUBLIC: Final = KeyPair(SEED).public.raw
OTHER: Final = KeyPair(b"\x44" * 32).public.raw
SIZES: Final = (0, 1, 1000, 65_535, 65_536, 65_537, 131_072, 200_000)
PLAINS: Final = [os.urandom(size) for size in SIZES]
X25519: Final = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
"""The recipient of age's own documentation."""


def _opens(sealed: list[bytes]) -> list[bytes]:
    asked: Any = [b64(one) for one in sealed]
    return [unb64(one) for one in ask("open", sealed=asked, identity=identity_of(SEED))]


def test_the_peer_opens_what_we_seal() -> None:
    """Files of every size around a chunk, for one or several recipients."""
    sealed = [seal_file(plain, [OTHER, PUBLIC], os.urandom) for plain in PLAINS]
    assert _opens(sealed) == PLAINS


def test_the_peer_opens_a_body_that_got_another_header() -> None:
    """One body under two headers, each made apart from it, is one file for each reader."""
    file_key = os.urandom(16)
    sealer = BodySealer(file_key, os.urandom)
    body = sealer.update(PLAINS[5]) + sealer.finish()
    early = header(file_key, [OTHER], os.urandom) + body
    late = header(file_key, [PUBLIC], os.urandom) + body
    assert _opens([late]) == [PLAINS[5]]
    with pytest.raises(SealError) as refused:
        open_file(early, SEED)
    assert refused.value.code == "no_match"


def test_we_open_what_the_peer_seals() -> None:
    """The same sizes, for several recipients."""
    recipients = [recipient_of(OTHER), recipient_of(PUBLIC)]
    sealed = ask("seal", plain=[b64(plain) for plain in PLAINS], recipients=recipients)
    assert [open_file(unb64(one), SEED) for one in sealed] == PLAINS


def test_we_open_a_file_that_another_tool_mixed() -> None:
    """A reader takes a header with another type beside ours; we never write one."""
    (sealed,) = ask("seal", plain=[b64(b"mixed")], recipients=[X25519, recipient_of(PUBLIC)])
    assert open_file(unb64(sealed), SEED) == b"mixed"
    with pytest.raises(SealError) as refused:
        read_recipient(X25519)
    assert refused.value.code == "bad_key"


def test_the_strings_of_keys_are_the_peers() -> None:
    """Identity and recipient are spelled as the peer spells them, and read back."""
    identity = identity_of(SEED)
    recipient = ask("recipient", identity=identity)
    assert recipient == recipient_of(PUBLIC)
    assert read_recipient(recipient) == PUBLIC
    assert read_identity(identity) == SEED


def test_armor_is_the_peers() -> None:
    """Armored text is the same, and opens on both sides."""
    sealed = seal_file(PLAINS[2], [PUBLIC], os.urandom)
    text = enarmor(sealed)
    assert ask("armor", sealed=b64(sealed)).encode() == text
    assert dearmor(text) == sealed
    assert open_file(text, SEED) == PLAINS[2]
    opened = ask("openArmored", sealed=text.decode(), identity=identity_of(SEED))
    assert unb64(opened) == PLAINS[2]
