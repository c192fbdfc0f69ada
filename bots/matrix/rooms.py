"""Which rooms the bot talks in: encrypted ones, with one person. All others it leaves."""

import asyncio
from typing import Final

import structlog
from nio import JoinError, MatrixRoom, RoomGetStateEventError

from bots.core import Kit
from bots.matrix.mends import AWAY, Client
from bots.matrix.state import State

log = structlog.get_logger("relais.matrix")

_GROUP: Final = "offline/group_refused/text"
_PLAIN: Final = "offline/not_encrypted/text"
_GONE: Final = ("M_FORBIDDEN", "M_NOT_FOUND")
LOOK_AGAIN: Final = 0.2
JOIN_AT_ONCE: Final = 16
JOIN_TRIES: Final = 30
"""About a day; then an invitation that never works is declined."""


class Rooms:
    """``usable`` says whether a room may be used; whoever must go is told so once."""

    def __init__(self, client: Client, state: State, kit: Kit) -> None:
        self._world = kit.world
        self._not_before: dict[str, float] = {}
        self._tries: dict[str, int] = {}
        self._client = client
        self._state = state
        self._texts = kit.texts
        self._health = kit.health
        self._refused: set[str] = set()

    def person(self, room: MatrixRoom) -> str | None:
        """The one other person who is in the room; None when there is not exactly one."""
        others = [user for user in room.users if user != self._client.user_id]
        return others[0] if len(others) == 1 else None

    async def join(self) -> None:
        """Take the invitations. Whether a room may be used is seen once it is joined.

        Servers limit how many a minute: whoever has to wait is not forgotten, also over a restart.
        One that fails holds no other one up. Ends when no invitation is left.
        """
        under_way: dict[str, asyncio.Task[None]] = {}
        try:
            while waiting := self._state.invitations():
                under_way = {one: task for one, task in under_way.items() if not task.done()}
                for room_id in waiting:
                    due = self._world.monotonic() >= self._not_before.get(room_id, 0.0)
                    if due and room_id not in under_way and len(under_way) < JOIN_AT_ONCE:
                        under_way[room_id] = asyncio.create_task(self._join(room_id))
                await self._world.sleep(LOOK_AGAIN)
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)

    async def _join(self, room_id: str) -> None:
        tries = self._tries[room_id] = self._tries.get(room_id, 0) + 1
        pause = min(2.0 ** min(tries, 12), 3_600.0)
        try:
            answer = await self._client.join(room_id)
            if isinstance(answer, JoinError):
                log.info("join_failed", code=answer.status_code)
                if answer.retry_after_ms:
                    pause = answer.retry_after_ms / 1000
                if answer.status_code not in _GONE and tries < JOIN_TRIES:
                    self._not_before[room_id] = self._world.monotonic() + pause
                    return
                await self._client.room_leave(room_id)
        except Exception as error:  # noqa: BLE001  one room must not keep the others waiting
            log.info("join_failed", code=type(error).__name__)
            self._not_before[room_id] = self._world.monotonic() + pause
            return
        self._state.answered(room_id)
        self._not_before.pop(room_id, None)
        self._tries.pop(room_id, None)

    @property
    def joining(self) -> bool:
        """Whether an invitation waits."""
        return bool(self._state.invitations())

    async def usable(self, room: MatrixRoom) -> bool:
        """Encrypted, and of two. A room that is neither was left, with one notice."""
        if room.room_id in self._refused:
            await self._leave(room.room_id)
            return False
        if len(room.users) > 2 or _count(room) > 2:
            await self._refuse(room.room_id, _GROUP)
            return False
        if not room.encrypted and not await self._is_encrypted(room.room_id):
            await self._refuse(room.room_id, _PLAIN)
            return False
        return True

    async def _is_encrypted(self, room_id: str) -> bool:
        """Ask the server: a room just joined may not have told everything yet."""
        answer = await self._client.room_get_state_event(room_id, "m.room.encryption")
        if isinstance(answer, RoomGetStateEventError):
            return bool(answer.status_code != "M_NOT_FOUND")  # unknown: no reason to go
        return True

    async def _refuse(self, room_id: str, text: str) -> None:
        self._refused.add(room_id)
        self._health.metrics.events.labels("group_refused").inc()
        content = {"msgtype": "m.notice", "body": self._texts(None, text)}
        try:
            await self._client.room_send(
                room_id, "m.room.message", content, ignore_unverified_devices=True
            )
        except Exception as error:  # noqa: BLE001  going matters more than saying so
            log.info("notice_failed", error=type(error).__name__)
        await self._leave(room_id)

    async def _leave(self, room_id: str) -> None:
        """Tried again at whatever comes next from there."""
        try:
            await self._client.drop_room(room_id)
        except AWAY as error:
            log.info("leave_failed", code=type(error).__name__)
            return
        self._state.forget_room(room_id)


def _count(room: MatrixRoom) -> int:
    """As the server counts: a member whose profile the library cannot read is one all the same."""
    summary = room.summary
    if summary is None:
        return 0
    return (summary.joined_member_count or 0) + (summary.invited_member_count or 0)
