"""From a sync's events to the spool; what cannot be decrypted yet waits for its key."""

import asyncio
import hashlib
from typing import Any, Final

import msgspec
import nio
import structlog

from bots.core import Kit, as_bytes
from bots.matrix.mends import Client
from bots.matrix.rooms import Rooms
from bots.matrix.sender import Sender
from bots.matrix.state import State, Unread
from bots.matrix.translate import Bare, Odd, odd, translate

log = structlog.get_logger("relais.matrix")

AT_ONCE: Final = 100
"""Most that are tried again in one turn of the loop."""
RESEND_AFTER: Final = 30.0
"""Seconds until a person is asked to send again what could not be decrypted."""
GIVE_UP_AFTER: Final = 7 * 86_400.0
_RESEND: Final = "offline/send_again/text"
_PLAIN: Final = "offline/sent_plain/text"


class Reader:
    """``take`` returns once every event of a room is safe."""

    def __init__(
        self, client: Client, state: State, rooms: Rooms, sender: Sender, kit: Kit
    ) -> None:
        self._client = client
        self._state = state
        self._rooms = rooms
        self._sender = sender
        self._accept = kit.accept
        self._put_aside = kit.put_aside
        self._world = kit.world
        self._health = kit.health
        self._name = kit.name
        self._place = 0

    async def take(self, room_id: str, events: "list[Any]") -> None:
        """The events of one room, in order. Raises ``NotReady`` or ``SpoolError``."""
        person = self._correspondent(room_id, events)
        room = self._client.rooms.get(room_id)
        usable = room is not None and await self._rooms.usable(room)
        for event in events if person is not None else ():
            # What she wrote before somebody came in, or before she left, was written to us.
            if _sender(event) == person and (usable or getattr(event, "decrypted", False)):
                await self._one(event, room_id, str(person))
        if not usable:
            self._state.forget_room(room_id)

    def _correspondent(self, room_id: str, events: "list[Any]") -> str | None:
        """Who writes to us here; None in a room of others."""
        known = self._state.person_in(room_id)
        room = self._client.rooms.get(room_id)
        if known is not None or room is None:
            return known
        if len(room.users) > 1:
            return self._rooms.person(room)
        # She left in the same batch: the only one who wrote.
        others = {_sender(event) for event in events} - {self._client.user_id}
        return str(others.pop()) if len(others) == 1 else None

    async def again(self) -> None:
        """Try once more what could not be decrypted; ask for it after a while."""
        now = self._world.now()
        asked = set()
        some, self._place = self._state.unread(self._place, AT_ONCE)
        for one in some:
            event = nio.Event.parse_event(msgspec.json.decode(one.raw))
            if not isinstance(event, nio.MegolmEvent):
                self._state.drop_unread(one.event_id)
                continue
            event.room_id = one.room_id
            found = self._client.read_megolm(event)
            if found is not None:
                await self._one(found, one.room_id, event.sender)
                self._state.drop_unread(one.event_id)
            elif now - one.since > GIVE_UP_AFTER:
                self._health.metrics.events.labels("never_decrypted").inc()
                self._state.drop_unread(one.event_id)
            elif now - one.since > RESEND_AFTER and not one.asked and one.room_id not in asked:
                asked.add(one.room_id)
                await self._ask_again(one, event.sender)

    @property
    def waiting(self) -> bool:
        """Whether anything waits for a key."""
        return self._state.any_unread()

    async def _one(self, event: Any, room_id: str, person: str) -> None:
        if isinstance(event, nio.MegolmEvent):
            raw = as_bytes({**event.source, "room_id": room_id})
            self._state.keep_unread(event.event_id, room_id, self._world.now(), raw)
            self._health.metrics.events.labels("undecryptable").inc()
            return
        try:
            taken = translate(event, person)
        except Bare:
            await self._refuse_bare(room_id, person, event.event_id)
            return
        except (Odd, ValueError, KeyError, TypeError, AttributeError):
            # Kept aside for us, and answered all the same: she did send something.
            await self._malformed(event)
            taken = odd(event, person)
        if taken is None:
            return
        self._state.in_room(room_id, person)
        self._state.stay(room_id)
        try:
            await self._accept(self._name(event.event_id), taken.inbound, taken.media)
        except UnicodeError:  # half a character where no text is: in the file's own description
            await self._malformed(event)
            await self._accept(self._name(event.event_id), odd(event, person).inbound, None)

    async def _malformed(self, event: Any) -> None:
        raw = as_bytes(getattr(event, "source", None) or str(event))
        digest = hashlib.sha256(raw).hexdigest()[:32]
        await self._put_aside(f"malformed:{digest}", raw, "malformed_event")

    async def _ask_again(self, one: Unread, person: str) -> None:
        """Once for all that waits in this room, and again if it cannot be said now."""
        self._state.in_room(one.room_id, person)
        if await self._say(person, _RESEND, f"again.{one.event_id}"):
            self._state.asked(one.room_id)
            self._health.metrics.events.labels("asked_to_resend").inc()

    async def _refuse_bare(self, room_id: str, person: str, event_id: str) -> None:
        """Anybody on the way could read it, so nothing of it is kept."""
        self._state.in_room(room_id, person)
        self._health.metrics.events.labels("unencrypted").inc()
        await self._say(person, _PLAIN, f"plain.{event_id}")

    async def _say(self, person: str, text: str, transaction: str) -> bool:
        try:
            await self._sender.say(person, self._sender.text(text), transaction)
        except Exception as error:  # noqa: BLE001  a sentence of ours is worth no message of theirs
            log.warning("notice_failed", error=type(error).__name__)
            return False
        return True


def _sender(event: Any) -> object:
    """Who sent it; the library does not say it of what it could not read."""
    return getattr(event, "sender", None) or event.source.get("sender")


async def in_parallel(reader: Reader, rooms: "dict[str, list[Any]]") -> None:
    """Different rooms at once, each in order; the first fault is raised after all have ended."""
    work = (reader.take(room_id, events) for room_id, events in rooms.items())
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
