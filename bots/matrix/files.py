"""Encrypted files that people send: streamed, decrypted and checked on the way, never stored."""

import base64
import binascii
import hashlib
from collections.abc import AsyncGenerator
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from bots.core import CutOff, Gone, Later, MediaRef
from bots.matrix.mends import Client
from bots.matrix.translate import FileKey

_CHUNK: Final = 65_536


class Files:
    """AES-CTR and SHA-256: client-server API, "Sending encrypted attachments"."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=20), follow_redirects=False)

    async def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """See :class:`bots.core.Fetches`."""
        try:
            file = msgspec.json.decode(media.reference, type=FileKey)
            key, iv, wanted = _unpad(file.key, 32), _unpad(file.iv, 16), _unpad(file.sha256, 32)
            address = self._address(file.mxc)
        except (msgspec.MsgspecError, binascii.Error, ValueError):
            raise Gone from None
        opening = Cipher(AES(key), CTR(iv)).decryptor()
        digest = hashlib.sha256()
        headers = {"Authorization": f"Bearer {self._client.access_token}"}
        try:
            async with self._http.stream("GET", address, headers=headers) as response:
                _look_at(response)
                async for chunk in response.aiter_bytes(_CHUNK):
                    digest.update(chunk)
                    yield opening.update(chunk)
        except httpx.ConnectError:
            raise Later(None) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise CutOff from None
        if digest.digest() != wanted:
            raise Gone  # all of it came, and it is not what she sent

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    def _address(self, mxc: str) -> str:
        parts = urlsplit(mxc)
        if parts.scheme != "mxc" or not parts.netloc or not parts.path.strip("/"):
            raise ValueError("not an mxc address")
        place = f"{quote(parts.netloc, safe=':.[]')}/{quote(parts.path.strip('/'), safe='')}"
        return f"{self._client.homeserver}/_matrix/client/v1/media/download/{place}"


def _unpad(text: str, size: int) -> bytes:
    raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    if len(raw) != size:
        raise ValueError("of another size")
    return raw


def _look_at(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.UNAUTHORIZED):
        raise Later(5.0)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise CutOff
    raise Gone
