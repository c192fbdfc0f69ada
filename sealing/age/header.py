"""Headers: a file key wrapped for each recipient (HPKE with X-Wing), under a MAC.

An ``mlkem768x25519`` stanza is ``-> mlkem768x25519 ENC`` with the 32 bytes of the wrapped key, ENC
the 1,120 bytes of the encapsulation (https://c2sp.org/age). Our headers never hold a recipient
that a quantum computer could open: nothing else can be passed. A reader takes a mixed header, as
the vectors of the format ask.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sealing.age.format import (
    MAX_HEADER_BYTES,
    Header,
    Stanza,
    bad_header,
    decode_base64,
    encode_base64,
    encode_mac,
    encode_stanzas,
    parse_header,
)
from sealing.errors import SealError
from sealing.xwing import KeyPair, PublicKey

__all__ = ["FILE_KEY_BYTES", "MAX_HEADER_BYTES", "header", "new_file_key", "open_header"]

FILE_KEY_BYTES: Final = 16
_TYPE: Final = "mlkem768x25519"
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ENC_BYTES: Final = 1120
_WRAPPED_BYTES: Final = FILE_KEY_BYTES + 16
_ANY_SCALAR: Final = X25519PrivateKey.from_private_bytes(bytes(range(32)))


def new_file_key(random: Callable[[int], bytes]) -> bytes:
    """A fresh 16-byte key for one file."""
    return random(FILE_KEY_BYTES)


def header(file_key: bytes, recipients: Sequence[bytes], random: Callable[[int], bytes]) -> bytes:
    """The header that lets the holders of ``recipients`` (1,216 bytes each) open the file.

    The stanzas stand in random order, so that their places say nothing of who is who. Raises
    :class:`SealError` ``bad_key`` for a key of another shape, none, or too many.
    """
    check_file_key(file_key)
    if not recipients:
        raise SealError("bad_key", "a file is sealed for one recipient at least")
    shuffled = sorted(recipients, key=lambda _: random(16))
    signed = encode_stanzas([_wrap(file_key, PublicKey(public)) for public in shuffled])
    made = signed + encode_mac(_mac(file_key, signed))
    if len(made) > MAX_HEADER_BYTES:
        raise SealError("bad_key", "these are too many recipients for one file")
    return made


def open_header(header: bytes, seed: bytes) -> bytes:
    """The file key, for the holder of ``seed``; ``header`` is a header and nothing behind it.

    Raises :class:`SealError`: ``bad_header`` (no sound age header), ``no_match`` (sealed for
    others), ``bad_mac`` (changed since it was made), ``bad_key`` (no seed).
    """
    parsed = parse_header(header)
    if parsed.size != len(header):
        raise bad_header("something follows its header")
    return file_key_of(parsed, seed)


def file_key_of(parsed: Header, seed: bytes) -> bytes:
    """As :func:`open_header`, of a header that is read already."""
    keys = KeyPair(seed)
    wrapped = [_encapsulated(stanza) for stanza in parsed.stanzas if stanza.args[0] == _TYPE]
    for enc in wrapped:
        try:
            file_key = _SUITE.decrypt(enc, keys.handle, _INFO)
        except (InvalidTag, ValueError):
            continue
        check_mac(parsed, file_key)
        return file_key
    raise SealError("no_match", "this file is sealed for others")


def check_mac(parsed: Header, file_key: bytes) -> None:
    """Raise ``bad_mac`` unless the header was made with this key and never changed."""
    if not hmac.compare_digest(_mac(file_key, parsed.signed), parsed.mac):
        raise SealError("bad_mac", "the file's header was changed")


def check_file_key(file_key: bytes) -> None:
    """Raise ``bad_key`` for another length."""
    if len(file_key) != FILE_KEY_BYTES:
        raise SealError("bad_key", f"a file key has {FILE_KEY_BYTES} bytes")


def _wrap(file_key: bytes, to: PublicKey) -> Stanza:
    sealed = _SUITE.encrypt(file_key, to.handle, _INFO)
    return Stanza((_TYPE, encode_base64(sealed[:_ENC_BYTES])), sealed[_ENC_BYTES:])


def _encapsulated(stanza: Stanza) -> bytes:
    """ENC and the wrapped key of one of our stanzas; every length is checked before any use."""
    if len(stanza.args) != 2 or len(stanza.body) != _WRAPPED_BYTES:
        raise bad_header("a stanza has another shape")
    enc = decode_base64(stanza.args[1])
    if len(enc) != _ENC_BYTES:
        raise bad_header("a stanza has another shape")
    try:
        _ANY_SCALAR.exchange(X25519PublicKey.from_public_bytes(enc[-32:]))
    except ValueError:
        raise bad_header("a stanza's share is of low order") from None
    return enc + stanza.body


def _mac(file_key: bytes, signed: bytes) -> bytes:
    key = HKDF(SHA256(), 32, salt=None, info=b"header").derive(file_key)
    return hmac.digest(key, signed, "sha256")
