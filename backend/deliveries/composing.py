"""From a leased row to what a bot gets: the text is made here, after the commit, never stored."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import Row, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import CLEAR_AFTER, CLEARABLE
from backend.content import Edition
from backend.database import DatabaseUnavailable
from backend.database.tables import conversations, deliveries, events
from backend.deliveries.attaching import attached
from backend.deliveries.outgoing import Body, load_body
from backend.relais import Relais
from backend.vault import DraftKeyGone
from conversation import Reply
from i18n import CAPABILITIES, Bubble, render
from i18n.attachments import Attachment
from sealing import SealError

log = structlog.get_logger(__name__)
LEASE_SECONDS = 20
"""How late an alert can be whose bot died with it in hand; a living bot renews at half of it."""


class WireButton(msgspec.Struct, frozen=True):
    """A button as the bot API serves it."""

    text: str
    token: str


class WireAttachment(msgspec.Struct, frozen=True):
    """A picture or voice as the bot API serves it; its bytes are asked for apart."""

    kind: str
    mime: str
    name: str
    sha256: str


class Wire(msgspec.Struct, frozen=True):
    """A delivery as the bot API serves it."""

    id: str
    fence: int
    lease_seconds: int
    conversation: str
    seq: int
    address: str
    kind: str
    text: str
    buttons: list[list[WireButton]]
    lang: str
    dir: str
    neutral: bool
    target: list[str]
    silent: bool
    erased: bool
    attachments: list[WireAttachment]


def bubbles_of(
    relais: Relais, edition: Edition, channel: str, reply: Reply | None, locale: str
) -> Sequence[Bubble]:
    """The rendered bubbles of a reply on this channel (none for delete and forget)."""
    if reply is None:
        return ()
    return render(
        reply,
        locale,
        CAPABILITIES[channel],
        edition.catalogues,
        zone=relais.settings.time_zone,
        now=relais.world.moment(),
    )


async def compose(
    connection: AsyncConnection, relais: Relais, row: Row[tuple[object, ...]]
) -> Wire | None:
    """Make the wire form of a leased row (all columns of ``deliveries``).

    None when its draft key or address is gone or it cannot be read: the row then expires instead of
    being sent, and holds up nothing else.
    """
    address_sealed = (
        await connection.execute(
            select(conversations.c.address_sealed).where(conversations.c.id == row.conversation_id)
        )
    ).scalar_one()
    target: list[str] = []
    if row.kind == "edit":
        target = await _last_shown(connection, relais, row.conversation_id, row.seq)
    elif row.kind in {"delete", "forget"}:
        target = await _everything_shown(connection, relais, row)
    try:
        body = load_body(
            relais.vault.drafts.open(row.body_key, row.body_sealed, "deliveries", "body", row.id)
        )
        address = relais.vault.keyring.open(
            "addresses", address_sealed, "conversations", "address", row.conversation_id
        ).decode()
        bubble, attachments = await recompose(relais, row.channel, body)
        return wire(row._mapping, bubble, body.locale, address, target, attachments)
    except DraftKeyGone:
        return None
    except (DatabaseUnavailable, SQLAlchemyError):
        raise
    except Exception as error:  # noqa: BLE001  one spoilt row must not stop a channel's alerts
        log.error("delivery unreadable", id=row.id, error=type(error).__name__)
        return None


async def recompose(
    relais: Relais, channel: str, body: Body
) -> tuple[Bubble | None, Sequence[Attachment]]:
    """The words of a stored delivery, and what goes with them."""
    edition = await relais.content.edition(body.content) or relais.content.current
    bubbles = bubbles_of(relais, edition, channel, body.reply, body.locale)
    if not bubbles:
        return None, ()
    place = min(body.bubble, len(bubbles) - 1)
    if place < len(bubbles) - 1:  # they belong to the options, under the last bubble
        return bubbles[place], ()
    return bubbles[place], attached(edition, body.reply, body.locale)


def wire(
    row: Mapping[Any, Any],
    bubble: Bubble | None,
    locale: str,
    address: str,
    target: list[str],
    attachments: Sequence[Attachment] = (),
) -> Wire:
    """The row (by column name) with its words and its address."""
    kind = row["kind"]
    return Wire(
        id=row["id"],
        fence=row["fence"],
        lease_seconds=LEASE_SECONDS,
        conversation=row["conversation_id"],
        seq=row["seq"],
        address=address,
        kind="send" if kind == "edit" and not target else kind,
        text=bubble.text if bubble else "",
        buttons=[
            [WireButton(button.text, button.token) for button in line] for line in bubble.buttons
        ]
        if bubble
        else [],
        lang=bubble.lang if bubble else locale,
        dir=bubble.dir if bubble else "ltr",
        neutral=bubble.neutral if bubble else False,
        target=target,
        silent=row["purpose"] != "alert",
        erased=row["purpose"] == "erase",
        attachments=[
            WireAttachment(one.kind, one.mime, one.name, one.sha256) for one in attachments
        ],
    )


def _receipt(relais: Relais, table: str, row_id: str, sealed: bytes, key: str) -> list[str]:
    try:
        raw = relais.vault.drafts.open(key, sealed, table, "receipt", row_id)
    except (DraftKeyGone, SealError):
        return []
    ids: list[str] = msgspec.json.decode(raw, type=list[str])
    return ids


async def _last_shown(
    connection: AsyncConnection, relais: Relais, conversation_id: str, before: int
) -> list[str]:
    found = (
        await connection.execute(
            select(deliveries.c.id, deliveries.c.receipt_sealed, deliveries.c.receipt_key)
            .where(
                deliveries.c.conversation_id == conversation_id,
                deliveries.c.seq < before,
                deliveries.c.kind.in_(("send", "edit")),
                deliveries.c.receipt_sealed.is_not(None),
            )
            .order_by(deliveries.c.seq.desc())
            .limit(1)
        )
    ).one_or_none()
    if found is None:
        return []
    return _receipt(relais, "deliveries", found.id, found.receipt_sealed, found.receipt_key)


async def _everything_shown(connection: AsyncConnection, relais: Relais, row: Any) -> list[str]:
    """Ids of both sides' messages that can still go; for a clearing, those that are old enough."""
    since = relais.world.now() - CLEARABLE
    until = row.created_at - CLEAR_AFTER if row.purpose == "clear" else row.created_at
    ours = await connection.execute(
        select(deliveries.c.id, deliveries.c.receipt_sealed, deliveries.c.receipt_key).where(
            deliveries.c.conversation_id == row.conversation_id,
            deliveries.c.seq < row.seq,
            deliveries.c.receipt_sealed.is_not(None),
            deliveries.c.created_at > since,
            deliveries.c.created_at <= until,
        )
    )
    theirs = await connection.execute(
        select(events.c.event_index, events.c.receipt_sealed, events.c.receipt_key).where(
            events.c.conversation_id == row.conversation_id,
            events.c.receipt_sealed.is_not(None),
            events.c.seen_at > since,
            events.c.seen_at <= until,
        )
    )
    found = [
        one
        for row in ours
        for one in _receipt(relais, "deliveries", row.id, row.receipt_sealed, row.receipt_key)
    ]
    found += [
        one
        for row in theirs
        for one in _receipt(
            relais, "events", row.event_index.hex(), row.receipt_sealed, row.receipt_key
        )
    ]
    return list(dict.fromkeys(found))
