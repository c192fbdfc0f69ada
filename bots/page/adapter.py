"""The chat page as a channel: a delivery counts as sent when a browser says that it shows it."""

import asyncio
import unicodedata
from typing import Any, Final

import msgspec

from bots.core import Delivery, GetAttachment, Later, Permanent, Sent, World
from bots.page.phones import Event, Phones
from bots.page.shelf import Shelf

ACK_SECONDS: Final = 10.0
ABSENT_SECONDS: Final = 2.0


class PageAdapter:
    """Sends to the streams of :class:`Phones`; receiving is the ASGI app's work."""

    name = "page"

    def __init__(self, phones: Phones, shelf: Shelf, get: GetAttachment, world: World) -> None:
        self._phones = phones
        self._shelf = shelf
        self._get = get
        self._world = world
        self._said = 0

    async def receive(self) -> None:
        """Browsers come by themselves; there is nothing to fetch."""
        await asyncio.Event().wait()

    async def send(self, delivery: Delivery) -> Sent:
        """Returns with the browser's acknowledgement. ``Later`` while no browser is there."""
        event = _event(delivery)
        phone = self._phones.of(delivery.address)
        if not phone.streams:
            raise Later(ABSENT_SECONDS)
        if delivery.attachments:
            event["attachments"] = await self._attachments(delivery)
        ack: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        phone.acks[delivery.id] = ack
        try:
            phone.push(event)
            message_id = await self._world.within(ACK_SECONDS, ack)
        except TimeoutError:
            raise Later(ABSENT_SECONDS) from None
        finally:
            phone.acks.pop(delivery.id, None)
        return Sent((message_id,) if delivery.kind in ("send", "edit") else ())

    async def _attachments(self, delivery: Delivery) -> list[dict[str, str]]:
        """Put on the shelf, where the browser fetches them; what cannot be had is left out."""
        shown = []
        for number, one in enumerate(delivery.attachments):
            if self._shelf.get(one.sha256) is None:
                data = await self._get(delivery, number)
                if data is None:
                    continue
                self._shelf.put(one.sha256, one.mime, data)
            shown.append({"kind": one.kind, "mime": one.mime, "sha256": one.sha256})
        return shown

    async def reachable(self, address: str) -> None:
        """See :class:`bots.core.Wakes`."""
        await self._phones.of(address).connected.wait()

    async def say(self, address: str, text: str) -> None:
        """A sentence of the bot's own, to whoever is there; nobody confirms it."""
        phone = self._phones.of(address)
        if not phone.streams:
            raise Later(ABSENT_SECONDS)
        self._said += 1  # with the time: unique over a restart
        phone.push(
            {
                "type": "bubble",
                "delivery": f"notice-{self._world.now():.0f}-{self._said}",
                "text": text,
                "buttons": [],
                "lang": "",
                "dir": _direction(text),
                "neutral": False,
            }
        )


def _event(delivery: Delivery) -> Event:
    match delivery.kind:
        case "send":
            return _bubble(delivery)
        case "edit":
            return {**_bubble(delivery), "edit_of": next(iter(delivery.target), "")}
        case "delete":
            return {"type": "delete", "delivery": delivery.id, "targets": list(delivery.target)}
        case "forget":
            return {**_bubble(delivery), "type": "clear", "neutral": delivery.neutral}
    raise Permanent("unsupported")


def _direction(text: str) -> str:
    """By the first strong character, as browsers do for ``dir=auto``."""
    strong = (unicodedata.bidirectional(c) for c in text)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "L")
    return "ltr" if first == "L" else "rtl"


def _bubble(delivery: Delivery) -> Event:
    buttons: Any = msgspec.to_builtins(delivery.buttons)
    return {
        "type": "bubble",
        "delivery": delivery.id,
        "text": delivery.text,
        "buttons": buttons,
        "lang": delivery.lang,
        "dir": delivery.dir,
        "neutral": delivery.neutral,
    }
