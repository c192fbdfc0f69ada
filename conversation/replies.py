"""What is to be said: message ids with parameters, never finished text.

``i18n.render`` turns a reply into bubbles for one messenger and one language. It knows these
classes only by their shape.
"""

from __future__ import annotations

import msgspec


class _Param(msgspec.Struct, frozen=True, tag_field="p", omit_defaults=True):
    pass


class Name(_Param, frozen=True, tag="name"):
    """A proper name or a code, shown as it is inside a direction isolate."""

    text: str


class Count(_Param, frozen=True, tag="count"):
    """A whole number, in local digits."""

    n: int


class Time(_Param, frozen=True, tag="time"):
    """A UTC moment, ISO 8601; shown as a local clock time, with the day when it is not today."""

    at: str


class Date(_Param, frozen=True, tag="date"):
    """A date as far as it is known (see ``Value``): every piece may be missing."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    season: str | None = None
    part: str | None = None
    """Of the month or year: beginning, middle, end."""
    until: int | None = None
    """The second year of a winter or dry season."""
    about: bool = False


class Ref(_Param, frozen=True, tag="ref"):
    """Another message, by its id."""

    id: str


class Several(_Param, frozen=True, tag="several"):
    """A list, joined as the language joins lists ("a, b and c")."""

    items: tuple[Name | Count | Ref, ...]


Param = Name | Count | Time | Date | Ref | Several


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of the catalogue and its parameters.

    ``id`` is the catalogue's msgctxt, e.g. ``conflict-sexual-violence/safe_now/text`` or
    ``engine/unclear_first/text``.
    """

    id: str
    params: dict[str, Param] = {}


class Option(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to choose: button or numbered line. ``label`` is a message or a name as it is."""

    token: str
    label: Ref | Name
    ticked: bool | None = None
    """None: not a tick box."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bubble. Its parts stand as paragraphs; its options follow, numbered from 1."""

    parts: tuple[Part, ...]
    options: tuple[Option, ...] = ()
    footer: tuple[Option, ...] = ()
    """More, Done, Skip, Back, Menu, ✕: after the options, with keys where there are numbers."""
    first: int = 1
    """Number of the first option (later pages go on counting)."""
    redraw: bool = False
    """The same question again (a tick, a page): edit the bubble in place where the channel can."""
    picker: bool = False
    """The language picker: options are names of languages in themselves."""
    neutral: bool = False
    """A page that clears itself must show a neutral page (quick exit)."""
    voice: bool = False
    """She asked to hear the questions."""
    pictures: bool = False
    """She asked for pictures beside the options."""
