"""Pictures and voices of ours on Telegram: sent once, then by the id that Telegram gave them."""

from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final

from telegram import Bot, InputFile, Message
from telegram.error import TelegramError

from bots.core import Attachment, Delivery, GetAttachment, Health, Later, Pacer, Permanent
from bots.telegram.calls import NotModified, NotPossible, call

REMEMBER: Final = 2_000
_UNREACHABLE: Final = ("blocked", "unknown_address")
Send = Callable[[str | InputFile], Coroutine[Any, Any, Message]]


class Showing:
    """What cannot be shown is left out: the words that go with it never wait for it."""

    def __init__(self, bot: Bot, get: GetAttachment, pacer: Pacer, health: Health) -> None:
        self._bot = bot
        self._get = get
        self._pacer = pacer
        self._health = health
        self._file_ids: OrderedDict[str, str] = OrderedDict()
        self._shown: OrderedDict[str, list[str]] = OrderedDict()
        self._beside: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()

    async def show(self, chat: int, delivery: Delivery) -> tuple[str, ...]:
        """Send the delivery's attachments; the message ids of those that Telegram took.

        Raises ``Later`` (with the pause that Telegram asks for) and ``Permanent`` when the chat
        cannot be reached; what was sent before is remembered and not sent again.
        """
        ids = self._shown.setdefault(delivery.id, [])
        _bound(self._shown)
        for number in range(len(ids), len(delivery.attachments)):
            ids.append(await self._show(chat, delivery, number))
        return tuple(one for one in ids if one)

    def done(self, delivery: Delivery, message_id: str) -> None:
        """The words followed, as ``message_id``: these attachments stand beside them."""
        self._shown.pop(delivery.id, None)
        if delivery.attachments:
            self._beside[delivery.address, message_id] = _hashes(delivery)
            _bound(self._beside)

    def stands_beside(self, delivery: Delivery, message_id: str) -> bool:
        """Whether what this edit is to show is certainly on the screen already."""
        # Unknown after a restart: then only an edit without any is taken as it is.
        return self._beside.get((delivery.address, message_id), ()) == _hashes(delivery)

    async def _show(self, chat: int, delivery: Delivery, number: int) -> str:
        """The message id; empty when it was left out."""
        attachment = delivery.attachments[number]
        known = self._file_ids.get(attachment.sha256)
        send = self._sender(chat, attachment, silent=delivery.silent)
        sent = await self._try(send, chat, known) if known else None
        if sent is None:
            data = await self._get(delivery, number) if send else None
            file = InputFile(data, filename=attachment.name) if data is not None else None
            sent = await self._try(send, chat, file) if file is not None else None
        outcome = "left_out" if sent is None else "shown"
        self._health.metrics.attachments.labels(outcome).inc()
        if sent is None:
            self._file_ids.pop(attachment.sha256, None)
            return ""
        file_id = _file_id(sent)
        if file_id:
            self._file_ids[attachment.sha256] = file_id
            _bound(self._file_ids)
        return str(sent.message_id)

    def _sender(self, chat: int, attachment: Attachment, *, silent: bool) -> Send | None:
        match attachment.kind:
            case "image":
                return lambda what: self._bot.send_photo(
                    chat, what, disable_notification=silent, protect_content=True
                )
            case "audio":
                return lambda what: self._bot.send_voice(
                    chat, what, disable_notification=silent, protect_content=True
                )
        return None

    async def _try(self, send: Send | None, chat: int, what: str | InputFile) -> Message | None:
        if send is None:
            return None
        await self._pacer.turn(str(chat))
        try:
            return await call(send(what), self._health)
        except Later as error:
            if error.retry_after is not None:
                raise  # the words would have to wait as well
        except Permanent as error:
            if error.reason in _UNREACHABLE:
                raise
        except (NotPossible, NotModified, TelegramError):
            pass
        return None


def _file_id(message: Message) -> str | None:
    if message.photo:
        return message.photo[-1].file_id
    return message.voice.file_id if message.voice else None


def _hashes(delivery: Delivery) -> tuple[str, ...]:
    return tuple(one.sha256 for one in delivery.attachments)


def _bound(remembered: OrderedDict[Any, Any]) -> None:
    while len(remembered) > REMEMBER:
        remembered.popitem(last=False)
