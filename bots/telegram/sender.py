"""Deliveries as calls to the Bot API."""

import contextlib
from typing import Final

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions

from bots.core import Delivery, GetAttachment, Health, Later, Pacer, Permanent, Pressed, Sent
from bots.telegram.calls import NotModified, NotPossible, call
from bots.telegram.showing import Showing

DELETE_AT_ONCE: Final = 100
"""Most ids one ``deleteMessages`` takes."""
_PRESSED: Final = "-"
"""Of a button that only shows what was pressed: a token of no question."""
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


class Sender:
    """One call after the other for a chat; the outlet sees to the order."""

    def __init__(self, bot: Bot, pacer: Pacer, health: Health, get: GetAttachment) -> None:
        self._bot = bot
        self._showing = Showing(bot, get, pacer, health)
        self._pacer = pacer
        self._health = health

    async def carry_out(self, delivery: Delivery) -> Sent:
        """Raises ``Later`` or ``Permanent``."""
        match delivery.kind:
            case "send":
                return await self._send(delivery)
            case "edit":
                return await self._edit(delivery)
            case "delete" | "forget":
                return await self._delete(delivery)
        raise Permanent("unsupported")

    async def say(self, address: str, text: str) -> Sent:
        """A sentence of the bot's own."""
        return await self._message(_chat(address), text, None, silent=True)

    async def _send(self, delivery: Delivery) -> Sent:
        """Pictures and voices first, so that the words with their buttons stand at the bottom.

        The id of the words comes first in the receipt: it is what a later edit changes.
        """
        chat = _chat(delivery.address)
        beside = await self._showing.show(chat, delivery)
        sent = await self._message(chat, delivery.text, _keyboard(delivery), silent=delivery.silent)
        self._showing.done(delivery, sent.message_ids[0])
        if delivery.pressed is not None:
            await self._show_pressed(chat, delivery.pressed)
        return Sent(sent.message_ids + beside)

    async def _show_pressed(self, chat: int, pressed: Pressed) -> None:
        """Her choice in place of the buttons, under the words as they were.

        After the next question, which is what she waits for; and once: it is worth no retry.
        """
        if not pressed.message_id.isdecimal():
            return
        lines = [[InlineKeyboardButton(text, callback_data=_PRESSED)] for text in pressed.texts]
        await self._pacer.anyhow()
        with contextlib.suppress(Later, Permanent, NotPossible, NotModified):
            await call(
                self._bot.edit_message_reply_markup(
                    chat, int(pressed.message_id), reply_markup=InlineKeyboardMarkup(lines)
                ),
                self._health,
            )

    async def _message(
        self, chat: int, text: str, keyboard: InlineKeyboardMarkup | None, *, silent: bool
    ) -> Sent:
        await self._pacer.turn(str(chat))
        try:
            message = await call(
                self._bot.send_message(
                    chat,
                    text,
                    reply_markup=keyboard,
                    disable_notification=silent,
                    protect_content=True,
                    link_preview_options=_NO_PREVIEW,
                ),
                self._health,
            )
        except (NotPossible, NotModified):
            raise Permanent("refused") from None
        return Sent((str(message.message_id),))

    async def _edit(self, delivery: Delivery) -> Sent:
        """Text and keyboard in place; a message that cannot be edited is said anew.

        So is one whose pictures have changed, or may have: a number beside the wrong picture would
        be a wrong answer.
        """
        target = next(iter(delivery.target), "")
        if not target.isdecimal():
            return await self._send(delivery)
        if not self._showing.stands_beside(delivery, target):
            return await self._anew(delivery)
        await self._pacer.turn(delivery.address)
        try:
            await call(
                self._bot.edit_message_text(
                    delivery.text,
                    chat_id=_chat(delivery.address),
                    message_id=int(target),
                    reply_markup=_keyboard(delivery),
                    link_preview_options=_NO_PREVIEW,
                ),
                self._health,
            )
        except NotModified:
            pass
        except NotPossible:
            return await self._send(delivery)
        return Sent(delivery.target)

    async def _anew(self, delivery: Delivery) -> Sent:
        """The old one goes, as far as Telegram lets it; then everything is sent."""
        ids = [int(one) for one in delivery.target if one.isdecimal()]
        with contextlib.suppress(Later, Permanent):
            await self._delete_some(delivery.address, ids)
        return await self._send(delivery)

    async def _delete(self, delivery: Delivery) -> Sent:
        """What Telegram lets a bot delete: both sides' messages of the last 48 hours.

        The newest first: whoever leaves in a hurry has those on the screen.
        """
        ids = sorted((int(t) for t in delivery.target if t.isdecimal()), reverse=True)
        for start in range(0, len(ids), DELETE_AT_ONCE):
            await self._delete_some(delivery.address, ids[start : start + DELETE_AT_ONCE])
        return await self._send(delivery) if delivery.text else Sent()

    async def _delete_some(self, address: str, ids: list[int]) -> None:
        """One id too old may refuse the whole batch: halve it until only that one is left out."""
        await self._pacer.anyhow()
        try:
            await call(self._bot.delete_messages(_chat(address), ids), self._health)
        except (NotPossible, NotModified):
            half = len(ids) // 2
            if half:
                await self._delete_some(address, ids[:half])
                await self._delete_some(address, ids[half:])


def _chat(address: str) -> int:
    try:
        return int(address)
    except ValueError:
        raise Permanent("unknown_address") from None


def _keyboard(delivery: Delivery) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(button.text, callback_data=button.token) for button in row]
        for row in delivery.buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None
