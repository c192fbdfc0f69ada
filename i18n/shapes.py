"""The shapes this package renders; the engine's replies have them, and it is not imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PartShape(Protocol):
    """One message and its parameters (``conversation.Part``)."""

    @property
    def id(self) -> str:
        """Message id."""

    @property
    def params(self) -> Mapping[str, object]:
        """What fills its placeholders."""


class OptionShape(Protocol):
    """Something to choose (``conversation.Option``)."""

    @property
    def token(self) -> str:
        """What comes back when it is chosen."""

    @property
    def label(self) -> object:
        """A name or a reference to a message."""

    @property
    def ticked(self) -> bool | None:
        """None when it is no tick box."""


class ReplyShape(Protocol):
    """One bubble to be (``conversation.Reply``)."""

    @property
    def parts(self) -> Sequence[PartShape]:
        """Paragraphs."""

    @property
    def options(self) -> Sequence[OptionShape]:
        """What to choose from."""

    @property
    def footer(self) -> Sequence[OptionShape]:
        """More, Done, Skip, Back, Menu, leave."""

    @property
    def first(self) -> int:
        """Number of the first option."""

    @property
    def picker(self) -> bool:
        """Options are languages."""

    @property
    def neutral(self) -> bool:
        """The page shows a neutral page."""

    @property
    def voice(self) -> bool:
        """She asked to hear the questions."""

    @property
    def pictures(self) -> bool:
        """She asked for pictures beside the options."""


def tag_of(param: object) -> str:
    """The kind of a parameter: name, count, time, date, ref, several; else empty."""
    config = getattr(type(param), "__struct_config__", None)
    return str(getattr(config, "tag", None) or "")
