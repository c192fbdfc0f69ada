"""The few sentences a bot says by itself, in the best language for a messenger's hint."""

from bots.core.offline import Texts
from i18n import Catalogues, negotiate


def offline_texts(catalogues: Catalogues) -> Texts:
    """A lookup over ``catalogues`` (the packaged ones hold every ``offline/…`` text)."""

    def text(hint: str | None, message_id: str) -> str:
        return catalogues.text(negotiate(hint or "", catalogues.languages.offered), message_id)

    return text
