"""What the daemon writes to a subscriber, as far as it is read here (signal-cli 0.13.19)."""

from typing import Any

import msgspec


class Envelope(msgspec.Struct, rename="camel"):
    """``timestamp`` in ms; with the sender it names a message. The number may be hidden."""

    source_uuid: str | None = None
    source_number: str | None = None
    timestamp: int = 0
    data_message: dict[str, Any] | None = None
    edit_message: dict[str, Any] | None = None
    sync_message: Any = None
    call_message: dict[str, Any] | None = None

    @property
    def person(self) -> str:
        """The address: the account's id, which stays when a number changes."""
        return self.source_uuid or self.source_number or ""


class Problem(msgspec.Struct):
    """Why the daemon could not decrypt it; ``type`` is the name of its exception."""

    type: str = ""


class Delivered(msgspec.Struct):
    """For one account of ours."""

    account: str = ""
    envelope: Envelope | None = None
    exception: Problem | None = None


class _Params(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"{}")


class _Line(msgspec.Struct):
    method: str = ""
    params: _Params = msgspec.field(default_factory=_Params)


_line = msgspec.json.Decoder(_Line)
_delivered = msgspec.json.Decoder(Delivered)


def read_line(raw: bytes) -> tuple[Delivered, str] | None:
    """What was delivered, and the same as JSON for the library; None: it is nothing of the kind.

    Raises ``msgspec.MsgspecError`` or ``ValueError`` for what cannot be read.
    """
    line = _line.decode(raw)
    if line.method != "receive":
        return None
    body = bytes(line.params.result)
    return _delivered.decode(body), body.decode()


def attached(envelope: Envelope) -> frozenset[str]:
    """Names of every file that the daemon stored of it: sent, quoted, previewed, wherever."""
    found: set[str] = set()
    rest: list[Any] = [envelope.data_message, envelope.edit_message]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            name = one.get("id")
            if isinstance(name, str) and "contentType" in one:
                found.add(name)
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
    return frozenset(found)
