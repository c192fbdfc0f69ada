"""From a leased row to what a bot gets: the text is made here, after the commit, never stored."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import Row, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.content import Edition
from backend.database import DatabaseUnavailable
from backend.database.tables import conversations
from backend.deliveries.attaching import attached
from backend.deliveries.outgoing import Body, load_body
from backend.deliveries.shown import CLEARS, everything_shown, last_shown
from backend.relais import Relais
from backend.vault import DraftKeyGone
from conversation import Reply
from i18n import CAPABILITIES, Bubble, render
from i18n.attachments import Attachment

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
        target = await last_shown(connection, relais, row)
    elif row.kind in CLEARS:
        target = await everything_shown(connection, relais, row)
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
