"""From a leased row to what a bot gets: the text is made here, after the commit, never stored."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog
from sqlalchemy import Row, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.content import Edition
from backend.database import DatabaseUnavailable
from backend.database.tables import conversations
from backend.deliveries.attaching import attached
from backend.deliveries.outgoing import Body, Pressed, load_body
from backend.deliveries.shown import CLEARS, everything_shown, last_shown
from backend.relais import Relais
from backend.vault import DraftKeyGone
from conversation import Reply
from i18n import CAPABILITIES, Bubble, render, render_pressed
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


class WirePressed(msgspec.Struct, frozen=True):
    """What was pressed under an earlier message, as the bot API serves it."""

    message_id: str
    texts: tuple[str, ...]


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
    pressed: WirePressed | None = None


class Words(NamedTuple):
    """What a delivery says, rendered."""

    bubble: Bubble | None
    locale: str
    attachments: Sequence[Attachment] = ()
    pressed: WirePressed | None = None


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


def pressed_of(edition: Edition, pressed: Pressed | None) -> WirePressed | None:
    """Rendered in the language that the buttons had."""
    if pressed is None:
        return None
    texts = render_pressed(pressed.reply, pressed.locale, edition.catalogues)
    return WirePressed(pressed.message_id, texts)


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
        edition = await relais.content.edition(body.content) or relais.content.current
        return wire(row._mapping, recompose(relais, edition, row.channel, body), address, target)
    except DraftKeyGone:
        return None
    except (DatabaseUnavailable, SQLAlchemyError):
        raise
    except Exception as error:  # noqa: BLE001  one spoilt row must not stop a channel's alerts
        log.error("delivery unreadable", id=row.id, error=type(error).__name__)
        return None


def recompose(relais: Relais, edition: Edition, channel: str, body: Body) -> Words:
    """The words of a stored delivery, and what goes with them."""
    bubbles = bubbles_of(relais, edition, channel, body.reply, body.locale)
    pressed = pressed_of(edition, body.pressed)
    if not bubbles:
        return Words(None, body.locale, (), pressed)
    place = min(body.bubble, len(bubbles) - 1)
    if place < len(bubbles) - 1:  # they belong to the options, under the last bubble
        return Words(bubbles[place], body.locale, (), pressed)
    beside = attached(edition, body.reply, body.locale)
    return Words(bubbles[place], body.locale, beside, pressed)


def wire(row: Mapping[Any, Any], words: Words, address: str, target: list[str]) -> Wire:
    """The row (by column name) with its words and its address."""
    kind, bubble = row["kind"], words.bubble
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
        lang=bubble.lang if bubble else words.locale,
        dir=bubble.dir if bubble else "ltr",
        neutral=bubble.neutral if bubble else False,
        target=target,
        silent=row["purpose"] != "alert",
        erased=row["purpose"] == "erase",
        attachments=[
            WireAttachment(one.kind, one.mime, one.name, one.sha256) for one in words.attachments
        ],
        pressed=words.pressed,
    )
