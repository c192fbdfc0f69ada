"""Linking a messenger: a one-time code shown in the console, sent by the member to the bot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import exists, insert, or_, select, update

from backend.accounts.throttle import Pace, record_failure, wait_ms
from backend.ambient import MINUTE
from backend.chats import relink
from backend.database.tables import (
    conversations,
    draft_items,
    earlier_cases,
    link_codes,
    members,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

LIVE_MS: Final = 15 * MINUTE
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHAPE: Final = re.compile(
    r"\s*(?:/start\s+)?link[\s_-]*([0-9a-z]{4})[\s_-]*([0-9a-z]{4})\s*", re.IGNORECASE
)
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_CHAT_PACE: Final = Pace(free=5, base=10, cap=900)
_ALL_PACE: Final = Pace(free=500, base=1, cap=5)


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What became of a message that looks like a link code.

    linked: the chat is the member's. wrong: unknown, used or expired. wait: too many guesses.
    refused: the same chat never serves both, or two members; ``reason`` says which. ``name`` and
    ``locale`` are the member's, when linked.
    """

    outcome: Literal["linked", "wrong", "wait", "refused"]
    member_id: str | None = None
    locale: str | None = None
    name: str | None = None
    reason: Literal["interview", "other"] | None = None


def code_in(text: str) -> str | None:
    """The eight Crockford characters of a link code, or None when the text is none."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    code = (match[1] + match[2]).upper().translate(_LOOKALIKES)
    return code if all(one in _ALPHABET for one in code) else None


async def make_code(tx: AsyncConnection, relais: Relais, member_id: str) -> tuple[str, int]:
    """A fresh code (``link-7K3M-Q2XP``) and when it expires; earlier ones of the member lapse."""
    code = "".join(_ALPHABET[byte & 31] for byte in relais.world.random(8))
    now = relais.world.now()
    await tx.execute(
        update(link_codes)
        .where(link_codes.c.member_id == member_id, link_codes.c.used_at.is_(None))
        .values(used_at=now)
    )
    await tx.execute(
        insert(link_codes).values(
            code_index=relais.vault.keyring.index("token", "link", code),
            member_id=member_id,
            expires_at=now + LIVE_MS,
        )
    )
    return f"link-{code[:4]}-{code[4:]}", now + LIVE_MS


async def try_link(
    tx: AsyncConnection,
    relais: Relais,
    conversation_id: str,
    channel: str,
    text: str,
    *,
    interviewing: bool = False,
) -> LinkResult | None:
    """Link this chat if ``text`` is a code; None when it is no code at all.

    ``interviewing``: the caller (who can open the state) saw answers in it; a chat never serves
    both. When the result is ``linked`` the row's state is cleared here, and the caller must not
    store one. Call ``relais.directory.invalidate()`` after the commit.
    """
    code = code_in(text)
    if code is None:
        return None
    now, index = relais.world.now(), relais.vault.keyring.index
    chat = index("throttle", "link", conversation_id)
    everyone = index("throttle", "link", "*")
    if await wait_ms(tx, chat, _CHAT_PACE, now) or await wait_ms(tx, everyone, _ALL_PACE, now):
        return LinkResult("wait")
    found = (
        await tx.execute(
            select(link_codes.c.member_id, members.c.locale, members.c.name)
            .join(members, members.c.id == link_codes.c.member_id)
            .where(
                link_codes.c.code_index == index("token", "link", code),
                link_codes.c.used_at.is_(None),
                link_codes.c.expires_at > now,
                members.c.disabled_at.is_(None),
            )
        )
    ).one_or_none()
    if found is None:
        await record_failure(tx, chat, now)
        await record_failure(tx, everyone, now)
        return LinkResult("wrong")
    if reason := await _obstacle(tx, conversation_id, found.member_id, interviewing=interviewing):
        return LinkResult("refused", reason=reason)
    used = await tx.execute(
        update(link_codes)
        .where(
            link_codes.c.code_index == index("token", "link", code), link_codes.c.used_at.is_(None)
        )
        .values(used_at=now)
    )
    if used.rowcount != 1:
        return LinkResult("wrong")
    await _join(tx, relais, conversation_id, channel, found.member_id)
    return LinkResult("linked", found.member_id, found.locale, found.name)


async def _obstacle(
    tx: AsyncConnection, conversation_id: str, member_id: str, *, interviewing: bool
) -> Literal["interview", "other"] | None:
    drafts = or_(
        exists().where(draft_items.c.conversation_id == conversations.c.id),
        exists().where(earlier_cases.c.conversation_id == conversations.c.id),
    )
    row = (
        await tx.execute(
            select(
                conversations.c.case_id, conversations.c.member_id, drafts.label("drafts")
            ).where(conversations.c.id == conversation_id)
        )
    ).one()
    if interviewing or row.case_id is not None or row.drafts:
        return "interview"
    return None if row.member_id in {None, member_id} else "other"


async def _join(
    tx: AsyncConnection, relais: Relais, conversation_id: str, channel: str, member_id: str
) -> None:
    """One chat a member and channel: a new one takes the place of the old."""
    await unlink(tx, relais, member_id, channel)
    await relink(
        tx,
        relais.vault.keyring,
        conversation_id,
        anew=True,
        member_id=member_id,
        state_sealed=None,
        state_key=None,
        expires_at=None,
    )


async def unlink(
    tx: AsyncConnection, relais: Relais, member_id: str, channel: str | None = None
) -> bool:
    """This messenger (or every one) gets no more alerts; whether there was one."""
    theirs = conversations.c.member_id == member_id
    if channel is not None:
        theirs &= conversations.c.channel == channel
    found = await tx.execute(
        select(conversations.c.id).where(theirs).order_by(conversations.c.id).with_for_update()
    )
    ids = found.scalars().all()
    for conversation_id in ids:  # nothing of it is kept
        await relink(tx, relais.vault.keyring, conversation_id, member_id=None, expires_at=0)
    return bool(ids)


async def linked_channels(tx: AsyncConnection, member_id: str) -> list[str]:
    """Channels on which this member is reached, in order of their names."""
    found = await tx.execute(
        select(conversations.c.channel)
        .where(conversations.c.member_id == member_id)
        .order_by(conversations.c.channel)
        .distinct()
    )
    return list(found.scalars())
