"""Pictures and voices that go with a reply: made anew when they are asked for, and never stored."""

from collections.abc import Sequence

import structlog

from backend.content import Edition
from conversation import Reply
from i18n.attachments import Attachment, attachments

log = structlog.get_logger(__name__)


def attached(edition: Edition, reply: Reply | None, locale: str) -> Sequence[Attachment]:
    """What goes with a reply, as she asked for it; the words never fail with it."""
    if reply is None or not (reply.voice or reply.pictures):
        return ()
    try:
        return attachments(
            reply, locale, edition.catalogues, voice=reply.voice, pictures=reply.pictures
        )
    except Exception as error:  # noqa: BLE001  a spoilt picture must not keep a question back
        log.error("attachments failed", error=type(error).__name__)
        return ()
