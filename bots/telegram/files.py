"""Files that people send on Telegram: what to keep of a message, and their bytes as a stream."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx
import msgspec
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bots.core import CutOff, Gone, Health, Later, Media, MediaRef, MediaRefused, Oversized
from bots.core.media import Kind
from bots.telegram.calls import UNKNOWN_BOT, TelegramBot, seconds_of
from bots.telegram.wire import Message

GIVEN_OUT: Final = 20 * 1024 * 1024
"""Bytes; the Bot API gives out no larger file."""
_CHUNK: Final = 65_536
_KINDS: Final[dict[str, tuple[Kind, str]]] = {
    "photo": ("photo", "image/jpeg"),
    "video": ("video", "video/mp4"),
    "video_note": ("video", "video/mp4"),
    "voice": ("voice", "audio/ogg"),
    "audio": ("voice", "audio/mpeg"),
    "animation": ("video", "video/mp4"),
    "document": ("document", "application/octet-stream"),
}
"""Telegram's name -> ours, and the type where Telegram says none."""
_LOCAL: Final = (
    "The Bot API server gives paths of its own disk instead of files. Start it without --local."
)


class _File(msgspec.Struct):
    """What all of Telegram's files have. Never their names, which may say who or where."""

    file_id: str
    file_size: int | None = None
    mime_type: str | None = None


def kind_of(name: str) -> str:
    """Our word for one of Telegram's kinds of message."""
    if name == "venue":
        return "location"
    return _KINDS[name][0] if name in _KINDS else name


def file_of(message: Message, name: str) -> Media | None:
    """The file of a message of this kind; None when it has none that is kept."""
    if name not in _KINDS:
        return None
    kind, usual = _KINDS[name]
    found = _largest(getattr(message, name))
    if found is None:
        return MediaRefused("gone")
    if found.file_size is not None and found.file_size > GIVEN_OUT:
        return MediaRefused("too_large")
    return MediaRef(kind, found.mime_type or usual, found.file_size, found.file_id)


def _largest(content: Any) -> _File | None:
    """Of a photo's sizes the largest that is given out; of anything else, itself."""
    files = [one for one in map(_read, content if isinstance(content, list) else [content]) if one]
    within = [one for one in files if (one.file_size or 0) <= GIVEN_OUT]
    # Telegram lists a photo's sizes from small to large; not all of them say theirs.
    return next(reversed(within or files), None)


def _read(raw: Any) -> _File | None:
    try:
        return msgspec.convert(raw, _File, strict=False)
    except msgspec.ValidationError:
        return None


class Files:
    """Fetches by ``file_id``. The address of a file holds the bot's token: it is never shown."""

    def __init__(self, bot: TelegramBot, health: Health) -> None:
        self._bot = bot
        self._health = health
        # Not the library's connections: it holds a whole file in memory.
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=20), follow_redirects=False)

    async def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """See :class:`bots.core.Fetches`. The address is asked for anew: it is good for an hour."""
        address = await self._address(media.reference)
        try:
            async with self._http.stream("GET", address) as response:
                self._look_at(response)
                async for chunk in response.aiter_bytes(_CHUNK):
                    yield chunk
        except httpx.ConnectError:
            raise Later(None) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise CutOff from None

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def _address(self, file_id: str) -> str:
        try:
            file = await self._bot.get_file(file_id)
        except RetryAfter as error:
            raise Later(seconds_of(error)) from None
        except BadRequest as error:
            raise _refused(error.message.lower()) from None
        except Forbidden:
            raise Gone from None
        except InvalidToken:
            self._health.problem("telegram_token", UNKNOWN_BOT)
            raise Later(30.0) from None
        except (NetworkError, TelegramError):
            raise Later(None) from None
        address = file.file_path or ""
        if not address.startswith(("https://", "http://")) or "/file/bot" not in address:
            self._health.problem("telegram_local_files", _LOCAL)
            raise Gone
        return address

    def _look_at(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Later(_wait(response.headers.get("Retry-After", "")))
        if status == httpx.codes.UNAUTHORIZED:
            self._health.problem("telegram_token", UNKNOWN_BOT)
            raise Later(30.0)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise CutOff
        raise Gone


def _refused(message: str) -> Exception:
    if "too big" in message:
        return Oversized()
    return CutOff() if "temporarily" in message else Gone()


def _wait(header: str) -> float | None:
    return min(float(header), 300.0) if header.isdecimal() else None
