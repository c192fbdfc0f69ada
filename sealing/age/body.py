"""Bodies: a 16-byte nonce, then STREAM (ChaCha20-Poly1305 over chunks of 64 KiB), as age v1.

Each chunk's nonce is its number (11 bytes, big-endian) and a byte that marks the last one. Memory
is one chunk and what was passed in, however long the file.
"""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sealing.age.header import check_file_key
from sealing.errors import SealError

CHUNK_BYTES: Final = 64 * 1024
NONCE_BYTES: Final = 16
_TAG: Final = 16
_SEALED: Final = CHUNK_BYTES + _TAG


def sealed_size(plain: int) -> int:
    """Bytes of the body of ``plain`` bytes."""
    return NONCE_BYTES + plain + _TAG * max(1, -(-plain // CHUNK_BYTES))


def _cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=nonce, info=b"payload").derive(file_key))


def _chunk_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class BodySealer:
    """Seals one body, once: any number of ``update``, then ``finish``. Prints as ``<sealed>``."""

    __slots__ = ("_cipher", "_finished", "_head", "_number", "_pending")

    def __init__(self, file_key: bytes, random: Callable[[int], bytes]) -> None:
        check_file_key(file_key)
        self._head = random(NONCE_BYTES)
        self._cipher = _cipher(file_key, self._head)
        self._pending = bytearray()
        self._number = 0
        self._finished = False

    def update(self, data: bytes) -> bytes:
        """What can be written of the body so far; may be empty."""
        self._check()
        self._pending += data
        made, self._head = [self._head], b""
        at = 0
        # A full chunk waits: it is the last one unless something follows.
        with memoryview(self._pending) as view:
            while len(view) - at > CHUNK_BYTES:
                made.append(self._seal(view[at : at + CHUNK_BYTES], last=False))
                at += CHUNK_BYTES
        del self._pending[:at]
        return b"".join(made)

    def finish(self) -> bytes:
        """The rest of the body; the file is whole only with it."""
        self._check()
        self._finished = True
        made = self._head + self._seal(self._pending, last=True)
        self._pending.clear()
        return made

    def _seal(self, chunk: memoryview | bytearray, *, last: bool) -> bytes:
        nonce = _chunk_nonce(self._number, last=last)
        self._number += 1
        return self._cipher.encrypt(nonce, chunk, None)

    def _check(self) -> None:
        if self._finished:
            raise RuntimeError("this body is finished")

    def __repr__(self) -> str:
        return "<sealed>"


class BodyOpener:
    """Opens one body as it arrives. Prints as ``<sealed>``.

    ``update`` returns only bytes whose chunk authenticated; they are the beginning of the true
    file, and the whole of it once ``finish`` returned. Both raise :class:`SealError` ``bad_body``
    for a body that is damaged, cut short, extended, reordered or of another file; chunks before
    the flaw are returned first, so that what is returned never depends on how the bytes were cut.
    """

    __slots__ = ("_cipher", "_ended", "_failed", "_file_key", "_finished", "_number", "_pending")

    def __init__(self, file_key: bytes) -> None:
        check_file_key(file_key)
        self._file_key = file_key
        self._cipher: ChaCha20Poly1305 | None = None
        self._pending = bytearray()
        self._number = 0
        self._ended = False
        self._finished = False
        self._failed = False

    def update(self, data: bytes) -> bytes:
        """The plaintext of every chunk that is complete now."""
        self._check()
        self._pending += data
        opened: list[bytes] = []
        try:
            self._open_full(opened)
        except SealError:
            self._failed = True
            self._pending = bytearray()
            if not opened:
                raise
        return b"".join(opened)

    def finish(self) -> bytes:
        """The plaintext of the last chunk; raises when the body is not whole."""
        self._check()
        self._finished = True
        if self._ended:
            return b""
        if self._cipher is None or len(self._pending) < _TAG:
            raise _bad_body("it was cut short")
        plain = self._decrypt(self._cipher, bytes(self._pending), last=True)
        self._pending.clear()
        if plain is None:
            raise _bad_body("it was cut short, damaged, or is of another file")
        if not plain and self._number:
            raise _bad_body("its last chunk is empty")
        return plain

    def _open_full(self, opened: list[bytes]) -> None:
        if self._cipher is None:
            if len(self._pending) < NONCE_BYTES:
                return
            self._cipher = _cipher(self._file_key, bytes(self._pending[:NONCE_BYTES]))
            del self._pending[:NONCE_BYTES]
        at = 0
        with memoryview(self._pending) as view:
            while len(view) - at >= _SEALED and not self._ended:
                opened.append(self._open(self._cipher, view[at : at + _SEALED]))
                at += _SEALED
        del self._pending[:at]
        if self._ended and self._pending:
            raise _bad_body("something follows its end")

    def _open(self, cipher: ChaCha20Poly1305, chunk: memoryview) -> bytes:
        plain = self._decrypt(cipher, chunk, last=False)
        if plain is None:
            plain = self._decrypt(cipher, chunk, last=True)
            self._ended = True
        if plain is None:
            raise _bad_body("it is damaged, or of another file")
        self._number += 1
        return plain

    def _decrypt(
        self, cipher: ChaCha20Poly1305, chunk: memoryview | bytes, *, last: bool
    ) -> bytes | None:
        try:
            return cipher.decrypt(_chunk_nonce(self._number, last=last), chunk, None)
        except InvalidTag:
            return None

    def _check(self) -> None:
        if self._failed:
            raise _bad_body("it is damaged, or of another file")
        if self._finished:
            raise RuntimeError("this body is finished")

    def __repr__(self) -> str:
        return "<sealed>"


def _bad_body(what: str) -> SealError:
    return SealError("bad_body", f"the file cannot be opened: {what}")
