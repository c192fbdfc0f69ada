"""What a responder says about herself: on call, off, who else is, language, test alarm, unlink."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import update

from backend.accounts.links import linked_channels, unlink
from backend.alerts import timers
from backend.alerts.messages import at, part, say
from backend.alerts.on_call import others_on_call, set_on_call
from backend.alerts.people import people
from backend.database.tables import members
from conversation import Option, Reply
from conversation.replies import Name, Ref, Several
from i18n import languages

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais


async def begin_shift(
    tx: AsyncConnection, relais: Relais, member_id: str, until: tuple[int, int] | None
) -> Reply:
    """On call, for good or until the next time that the pilot's clocks show ``until``."""
    if until is None:
        await set_on_call(tx, relais, member_id, on=True)
        return say("oncall_on")
    end = next_time(relais.world.moment(), relais.settings.time_zone, *until)
    await set_on_call(tx, relais, member_id, on=True, until=end)
    return say("oncall_until", time=at(end))


def next_time(now: datetime, zone: str, hour: int, minute: int) -> int:
    """The next moment (ms) at which clocks in ``zone`` show this time."""
    local = now.astimezone(ZoneInfo(zone))
    wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if wanted <= local:
        wanted += timedelta(days=1)
    return int(wanted.timestamp() * 1000)


async def end_own_shift(tx: AsyncConnection, relais: Relais, member_id: str) -> Reply:
    """Off call; said so when nobody else is on call now."""
    await set_on_call(tx, relais, member_id, on=False)
    alone = not await others_on_call(tx, member_id)
    return say("oncall_off_last" if alone else "oncall_off")


async def who(tx: AsyncConnection, member_id: str) -> Reply:
    """Who the bot takes this chat for, and which colleagues are on call."""
    me = (await people(tx, [member_id]))[member_id]
    others = await others_on_call(tx, member_id)
    state = "who_on_call" if me.on_call else "who_off_call"
    first = part(
        "who",
        member=Name(me.name),
        organisation=Name(me.organisation),
        on_call=Ref(f"responder/{state}/text"),
    )
    if not others:
        return Reply(parts=(first, part("team_nobody")))
    names = Several(tuple(Name(name) for name in others))
    return Reply(parts=(first, part("team_on_call", members=names)))


async def test(tx: AsyncConnection, relais: Relais, member_id: str) -> Reply:
    """The alarm rings on each linked messenger, the way a real alert goes."""
    fresh = int.from_bytes(relais.world.random(6), "big")
    due_at = relais.world.now()
    await timers.set_timer(tx, relais.world, timers.TEST, member_id, fresh, due_at=due_at)
    return say("test_coming")


async def change_language(tx: AsyncConnection, member_id: str, locale: str) -> Reply:
    """From now on in ``locale``; empty or not on offer: the choice."""
    if not locale:
        rows = [row for row in languages().rows() if row.offered]
        return Reply(
            parts=(part("language_which"),),
            options=tuple(
                Option(f"a:language:{row.id}", Name(f"language {row.id} ({row.name})"))
                for row in rows
            ),
        )
    await tx.execute(update(members).where(members.c.id == member_id).values(locale=locale))
    return say("language_changed")


async def unlink_here(tx: AsyncConnection, relais: Relais, member_id: str) -> Reply:
    """No more alerts in this chat; with several linked the console knows which is meant."""
    channels = await linked_channels(tx, member_id)
    if len(channels) != 1:
        return say("unlink_where")
    await unlink(tx, relais, member_id, channels[0])
    relais.directory.invalidate()
    return say("unlinked")
