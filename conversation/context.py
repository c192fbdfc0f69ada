"""What the engine is told besides the event: it looks nothing up itself."""

from datetime import datetime
from typing import Literal

import msgspec

from conversation.directory import Directory


class CaseStatus(msgspec.Struct, frozen=True):
    """What `status` may say: nothing, received, taken, answered, nobody_yet (with the next try)."""

    kind: Literal["nothing", "received", "taken", "answered", "nobody_yet", "closed"] = "nothing"
    next_try: datetime | None = None


class Context(msgspec.Struct, frozen=True):
    """Facts of this moment."""

    now: datetime
    """UTC, aware."""
    nonce: bytes
    """32 fresh random bytes; question nonces and the return code are drawn from them."""
    channel: str
    """telegram, signal, matrix, page."""
    buttons: bool
    """The channel can draw buttons (else numbered lists; both always understand numbers)."""
    locale_hint: str
    """Best shipped locale for the channel's hint; never empty."""
    locales: tuple[str, ...]
    """Locales on offer, in order."""
    directory: Directory
    operator: str
    """Who runs this service, as `{operator}`."""
    status: CaseStatus = CaseStatus()
    code_matches: bool | None = None
    """The message is a return code: right (True) or wrong (False); None: it is none."""
    code_of_present: bool = False
    """It leads to the request that this chat has already."""
    code_proves: bool = False
    """No sign was given here for that request: the code alone shows that it is hers."""
    code_undoes: bool = False
    """That request waits to be erased: coming back undoes it."""
    sign_matches: bool | None = None
    """The message is her sign: right or wrong; None: no sign is kept."""
    sign_of_earlier: bool = False
    """It is the sign of a request of this chat from before the present one."""
    code_kept: bool = False
    """She was given a return code for what this chat has now, which still holds."""
    sent: bool = False
    """What she told in this chat was sent: erasing it is asked once more."""
    signed: bool = True
    """What this chat has now was given a sign. Else only an earlier request was."""
    remembered: dict[str, str] = {}
    """Of the earlier request whose sign this is, what is kept of the person (``State.kept``)."""
    police_allowed: bool = False
    """The pilot allows police_other_service."""
    voices: tuple[str, ...] = ()
    """Locales in which questions were recorded."""
    excluded: tuple[str, ...] = ()
    """Organisations that she left out in the request that this chat has."""
    restricted: bool = False
    """That request may go to coordinators only."""
    max_file_mb: int = 20
    """Largest file taken, in MB (10^6 bytes); said before one is asked for."""
