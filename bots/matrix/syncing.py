"""The sync loop: everything is spooled before the server is asked for what comes next.

What the library's own loop does besides (keys, sessions) is done here after each batch.
"""

import asyncio
import json
from typing import Any, Final
from urllib.parse import quote

import nio
import structlog

from bots.core import Backoff, Kit, NotReady, SpoolError, as_bytes
from bots.matrix.mends import AWAY, Client
from bots.matrix.reading import Reader, in_parallel
from bots.matrix.rooms import Rooms
from bots.matrix.state import Gap, State

log = structlog.get_logger("relais.matrix")

WAIT_MS: Final = 25_000
SOON_MS: Final = 1_000
"""While something waits for its key, the loop turns quickly."""
MOST_PAGES: Final = 100
"""Of a gap; whoever fills a room with more than so many hundred events is not read back."""
GAP_SECONDS: Final = 10.0
GAP_AGAIN: Final = 60.0
GIVE_UP_AFTER: Final = 7 * 86_400.0
"""Seconds, of a gap whose server does not give it out."""
POISON_AFTER: Final = 3
_LIMIT: Final = 100
FILTER: Final = {
    "room": {
        "timeline": {"limit": _LIMIT},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
    "presence": {"types": []},
    "account_data": {"types": []},
}
_SINCE: Final = "since"
_POISON: Final = (
    "A batch of events cannot be read and is put aside, sealed; whoever wrote in it gets no answer."
)
_GAP: Final = (
    "What was written in a room while the bot was away is not given out by its server; it is asked "
    "for every minute, for a week. Whoever wrote it has no answer yet."
)
_KEYS: Final = "The Matrix server refuses new keys of the bot: new people cannot write to it."


class SignedOut(Exception):
    """The server knows the access token no more."""


class Syncing:
    """``run`` until cancelled, or :class:`SignedOut`."""

    def __init__(
        self, client: Client, state: State, rooms: Rooms, reader: Reader, kit: Kit
    ) -> None:
        self._client = client
        self._state = state
        self._rooms = rooms
        self._reader = reader
        self._put_aside = kit.put_aside
        self._world = kit.world
        self._health = kit.health
        self._backoff = Backoff(kit.world)
        self._fresh = True
        self._failures = 0
        self._joining: asyncio.Task[None] | None = None
        self._filling: asyncio.Task[None] | None = None
        self._next_gaps = 0.0

    async def run(self) -> None:
        """Sync, spool, remember, and keep the keys in order."""
        try:
            await self._run()
        finally:
            beside = [task for task in (self._joining, self._filling) if task is not None]
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _run(self) -> None:
        since = self._state.fact(_SINCE)
        token = since.decode() if since else None
        while True:
            response = await self._sync(token)
            if response is None:
                continue
            await self._until_safe(response, token)
            token = response.next_batch
            self._state.remember(_SINCE, token.encode())
            self._fresh = False
            await self._upkeep()

    async def _sync(self, token: str | None) -> nio.SyncResponse | None:
        """One batch; None after a trouble that was waited out."""
        wait = SOON_MS if self._reader.waiting else WAIT_MS
        try:
            answer = await self._client.sync(
                0 if self._fresh else wait, FILTER, since=token, full_state=self._fresh
            )
        except AWAY as error:
            await self._away(type(error).__name__)
            return None
        except nio.LocalProtocolError:
            raise SignedOut from None  # the library holds no access token any more
        except Exception as error:  # noqa: BLE001  whatever a hostile batch brings up
            await self._poisoned(token, error)
            return None
        if isinstance(answer, nio.SyncResponse):
            self._failures = 0
            self._backoff.reset()
            self._health.clear("matrix_away")
            return answer
        code = getattr(answer, "status_code", "") or ""
        if code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"):
            raise SignedOut
        retry = getattr(answer, "retry_after_ms", None)
        await self._away(code or "unreadable", retry / 1000 if retry else None)
        return None

    async def _away(self, code: str, seconds: float | None = None) -> None:
        self._health.problem("matrix_away", "The Matrix server does not answer; trying again.")
        log.warning("matrix_away", code=code)
        await self._world.sleep(self._backoff.next(seconds or 0))

    async def _poisoned(self, token: str | None, error: Exception) -> None:
        """A batch that breaks the library again and again is put aside whole, and passed."""
        self._failures += 1
        self._client.unsee(token)
        self._client.malformed("sync")
        log.error("sync_failed", error=type(error).__name__, times=self._failures)
        await self._world.sleep(self._backoff.next())
        if self._failures < POISON_AFTER:
            return
        self._health.problem("matrix_poison", _POISON)
        shape = quote(json.dumps(FILTER))
        query = f"?filter={shape}" + (f"&since={quote(token)}" if token else "")
        try:
            status, raw = await self._client.raw("GET", f"/_matrix/client/v3/sync{query}")
        except AWAY:
            return
        following = raw.get("next_batch")
        if status != 200 or not isinstance(following, str) or token is None:
            return
        try:
            await self._put_aside(f"sync:{token}", as_bytes(raw), "sync_unreadable")
        except (NotReady, SpoolError):
            return
        self._failures = 0
        self._state.remember(_SINCE, following.encode())
        raise SignedOut  # begin anew from there

    async def _until_safe(self, response: nio.SyncResponse, token: str | None) -> None:
        """The library gives no batch twice: it is kept in hand until it is spooled."""
        backoff = Backoff(self._world)
        gaps: dict[str, list[Any]] = {}
        while True:
            try:
                await self._take(response, token, gaps)
            except (NotReady, SpoolError) as error:
                log.warning("not_spooled", error=type(error).__name__)
            except AWAY as error:
                log.warning("matrix_away", code=type(error).__name__)
            else:
                return
            await self._world.sleep(backoff.next())

    async def _take(
        self, response: nio.SyncResponse, token: str | None, gaps: dict[str, list[Any]]
    ) -> None:
        self._state.invited(response.rooms.invite)
        self._beside()
        rooms: dict[str, list[Any]] = {}
        for room_id, info in response.rooms.leave.items():
            rooms[room_id] = self._client.read_all(room_id, info.timeline.events)
        limited = {
            room_id: Gap(room_id, info.timeline.prev_batch, token, self._world.now())
            for room_id, info in response.rooms.join.items()
            if info.timeline.limited and token is not None and room_id not in gaps
        }
        for gap, found in zip(
            limited.values(),
            await asyncio.gather(*(self._fill(gap) for gap in limited.values())),
            strict=True,
        ):
            if found is None:
                self._state.keep_gap(gap)
                self._health.problem("matrix_gap", _GAP)
                self._next_gaps = self._world.monotonic() + GAP_AGAIN
            gaps[gap.room_id] = found or []
        for room_id, info in response.rooms.join.items():
            rooms[room_id] = [*gaps.get(room_id, []), *info.timeline.events]
        await in_parallel(self._reader, rooms)
        await self._reader.again()

    def _beside(self) -> None:
        """What hangs on a server of others keeps nobody waiting: joining rooms, old gaps."""
        if self._rooms.joining and _idle(self._joining):
            self._joining = asyncio.create_task(self._rooms.join())
        due = self._world.monotonic() >= self._next_gaps
        if due and _idle(self._filling) and self._state.gaps():
            self._filling = asyncio.create_task(self._fill_again())

    async def _fill(self, gap: Gap) -> list[Any] | None:
        """What fell into it; None while it is not given out, and then the others go on without.

        Raises what ``AWAY`` holds when our own server is away: then nothing goes on.
        """
        try:
            work = self._between(gap.room_id, gap.newest, gap.oldest)
            return await self._world.within(GAP_SECONDS, asyncio.ensure_future(work))
        except Exception as error:  # noqa: BLE001  a room on a broken server is one of many
            log.warning("gap_failed", error=type(error).__name__)
        await self._client.whoami()
        return None

    async def _fill_again(self) -> None:
        """What could not be fetched before: late, and so out of order, but not lost."""
        self._health.problem("matrix_gap", _GAP)
        self._next_gaps = self._world.monotonic() + GAP_AGAIN
        for gap in self._state.gaps():
            try:
                found = await self._fill(gap)
                if found is not None:
                    await self._reader.take(gap.room_id, found)
            except (NotReady, SpoolError, *AWAY) as error:
                log.info("gap_waits", error=type(error).__name__)
                return
            if found is None and self._world.now() - gap.since < GIVE_UP_AFTER:
                continue
            if found is None:
                self._health.metrics.events.labels("gap_given_up").inc()
            self._state.drop_gap(gap)
        if not self._state.gaps():
            self._health.clear("matrix_gap")

    async def _between(self, room_id: str, newest: str, oldest: str) -> list[Any]:
        """What fell into a gap, oldest first."""
        found: list[Any] = []
        place = newest
        for _ in range(MOST_PAGES):
            answer = await self._client.room_messages(room_id, place, oldest, limit=_LIMIT)
            if not isinstance(answer, nio.RoomMessagesResponse):
                if getattr(answer, "status_code", "") == "M_FORBIDDEN":
                    break
                raise TimeoutError
            found += answer.chunk
            if not answer.chunk or not answer.end or answer.end == place:
                break
            place = answer.end
        else:
            log.error("gap_too_long", events=len(found))
        return found[::-1]

    async def _upkeep(self) -> None:
        """What keeps encryption working; failures are tried again after the next batch."""
        client = self._client
        try:
            if client.should_upload_keys:
                self._look_at(await client.keys_upload())
            if client.should_query_keys:
                await client.keys_query()
            if client.should_claim_keys:
                await client.keys_claim(client.get_users_for_key_claiming())
            await client.send_to_device_messages()
        except Exception as error:  # noqa: BLE001  nobody's keys may end the bot
            log.info("upkeep_failed", error=type(error).__name__)

    def _look_at(self, answer: object) -> None:
        if isinstance(answer, nio.KeysUploadResponse):
            self._health.clear("matrix_keys")
        else:
            self._health.problem("matrix_keys", _KEYS)


def _idle(task: "asyncio.Task[None] | None") -> bool:
    return task is None or task.done()
