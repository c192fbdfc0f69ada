"""The bytes of a waiting delivery's pictures and voices, for the bot that sends it."""

from sqlalchemy import select

from backend.database.tables import deliveries
from backend.deliveries.composing import recompose
from backend.deliveries.outgoing import load_body
from backend.errors import RelaisError
from backend.relais import Relais
from backend.vault import DraftKeyGone
from i18n.attachments import Attachment
from sealing import SealError

_NONE = RelaisError(404, "no_attachment", "Not of a delivery that waits. Send the words alone.")


async def attachment_of(relais: Relais, channel: str, delivery_id: str, number: int) -> Attachment:
    """One attachment, counted from 0, of a delivery that is not settled.

    Any replica can make it: nothing of it is kept between the lease and this call. Raises 404
    ``no_attachment``.
    """
    async with relais.db.read() as connection:
        row = (
            await connection.execute(
                select(deliveries.c.body_sealed, deliveries.c.body_key).where(
                    deliveries.c.id == delivery_id,
                    deliveries.c.channel == channel,
                    deliveries.c.status == "pending",
                )
            )
        ).one_or_none()
    if row is None or row.body_sealed is None:
        raise _NONE
    try:
        raw = relais.vault.drafts.open(
            row.body_key, row.body_sealed, "deliveries", "body", delivery_id
        )
    except (DraftKeyGone, SealError):
        raise _NONE from None
    body = load_body(raw)
    edition = await relais.content.edition(body.content) or relais.content.current
    found = recompose(relais, edition, channel, body).attachments
    if not 0 <= number < len(found):
        raise _NONE
    return found[number]
