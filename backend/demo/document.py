"""What ``demo.yaml`` says, checked when it is read."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml

from backend.errors import ConfigurationError

_NAME: Final = "demo.yaml"


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    def row(self) -> dict[str, Any]:
        """Its columns."""
        return msgspec.structs.asdict(self)


class DemoArea(_Row, frozen=True):
    """A row of ``areas``."""

    id: str
    names: dict[str, str]
    position: int


class DemoOrganisation(_Row, frozen=True):
    """A row of ``organisations``."""

    id: str
    name: str
    restricted: bool = False


class DemoService(_Row, frozen=True):
    """A row of ``services``; it counts as verified whenever the demo starts."""

    id: str
    organisation_id: str
    kind: str
    name: str
    contact: str
    verify_days: int
    areas: list[str] = []
    languages: list[str] = []
    offers: list[str] = []
    children: bool = False
    show_in_chat: bool = True


class DemoTeam(_Row, frozen=True):
    """A row of ``teams``."""

    id: str
    organisation_id: str
    services: list[str]
    priority: int
    areas: list[str] = []
    languages: list[str] = []
    children: bool = False


class DemoMember(_Row, frozen=True):
    """Someone who is invited; the organisation is the team's unless it is named."""

    name: str
    roles: list[str]
    locale: str
    sex: str = ""
    on_call: bool = True
    team_id: str | None = None
    organisation_id: str | None = None


class Demo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole invented pilot."""

    operator: str
    areas: tuple[DemoArea, ...]
    organisations: tuple[DemoOrganisation, ...]
    services: tuple[DemoService, ...]
    teams: tuple[DemoTeam, ...]
    members: tuple[DemoMember, ...]
    pilot: str = "demo"
    time_zone: str = "UTC"
    police_allowed: bool = False


def load_demo(source: bytes | None = None) -> Demo:
    """Read the packaged document (or ``source``); raises ``ConfigurationError`` with the reason."""
    return _packaged() if source is None else _read(source)


@cache
def _packaged() -> Demo:
    return _read((files("backend.demo") / _NAME).read_bytes())


def _read(source: bytes) -> Demo:
    try:
        return msgspec.convert(yaml.safe_load(source), Demo)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{_NAME}: {error}") from error
