"""The one error of this package."""


class SealError(Exception):
    """A sealed thing could not be opened, or a key has the wrong shape.

    ``code`` is stable (`not_sealed`, `wrong_version`, `cannot_open`, `bad_padding`, `bad_key`; of
    age files `bad_header`, `no_match`, `bad_mac`, `bad_body`, `bad_armor`); the message never
    holds content.
    """

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(f"{code}: {advice}")
        self.code = code
