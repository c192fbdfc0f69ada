"""The few sentences a bot says by itself, in the best language for a messenger's hint."""

from collections.abc import Callable

from i18n import Catalogues, negotiate

Texts = Callable[[str | None, str], str]
"""(locale hint, message id such as ``offline/unavailable/text``) -> text in the best language."""


def offline_texts(catalogues: Catalogues) -> Texts:
    """A lookup over ``catalogues`` (the packaged ones hold every ``offline/…`` text).

    Where the messenger says nothing of a language, the sentence stands there in every one.
    """

    def text(hint: str | None, message_id: str) -> str:
        if not hint:
            offered = catalogues.languages.offered
            return "\n".join(catalogues.text(one, message_id) for one in offered)
        return catalogues.text(negotiate(hint or "", catalogues.languages.offered), message_id)

    return text
