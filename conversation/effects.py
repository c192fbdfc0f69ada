"""What the backend must carry out, in the transaction that stores the new state."""

import msgspec

from conversation.state import Value


class _Effect(msgspec.Struct, frozen=True, tag_field="effect"):
    pass


class Record(_Effect, frozen=True, tag="record"):
    """An answer. Either ``value`` (closed) or ``text`` (her own words, as item number ``item``)."""

    step: str
    compartment: str
    """brief, account, medical, perpetrator, evidence, or routing (never shown to a responder)."""
    code: str = ""
    """Where it lands in the coded record, e.g. ``gbvims.age_group``; empty: nowhere."""
    value: Value = None
    text: str | None = None
    item: int | None = None
    prompt: str = ""
    """Message id of the question that was shown."""
    before: int | None = None
    """Of a Correct: the item that it replaces; None when a closed answer was there."""


class Correct(Record, frozen=True, tag="correct"):
    """As Record, replacing the earlier answer to this step (beside it, once it was sent)."""


class Discard(_Effect, frozen=True, tag="discard"):
    """The answer to this step no longer applies and goes."""

    step: str
    item: int | None = None


class Attach(_Effect, frozen=True, tag="attach"):
    """A sealed file belongs to the answer of this step, as item number ``item``."""

    step: str
    compartment: str
    file: str
    """Id of the sealed file, as the event named it."""
    media: str
    """photo, video, voice, document."""
    item: int
    prompt: str = ""
    """Message id of the question that was shown."""


class Detach(_Effect, frozen=True, tag="detach"):
    """She took a file back: item ``item`` of this step goes, and its bytes."""

    step: str
    item: int


class DropFile(_Effect, frozen=True, tag="drop_file"):
    """This sealed file was not taken (it came where none is): its bytes go at once."""

    file: str


class Consent(_Effect, frozen=True, tag="consent"):
    """A decision about one purpose. ``answer`` "no" also stands for silence and skip."""

    purpose: str
    """services, urgent, account, evidence, statistics, justice, contact."""
    step: str
    answer: str
    prompt: str
    """Message id of the text that was shown; its hash, language, channel and time go with it."""
    organisations: tuple[str, ...] = ()
    """Ids of the organisations that were named in the text."""


class AskHelp(_Effect, frozen=True, tag="ask_help"):
    """Create the case (once) and alert. Facts are exactly those of interview-content.md §4."""

    needs: tuple[str, ...]
    urgency: str
    """urgent, high, normal."""
    area: str
    """Area id, or empty for unknown (then the coordinator)."""
    locale: str
    sex: str
    """female, male, any: who should answer."""
    excluded: tuple[str, ...]
    child: bool
    restricted: bool = False
    quiet: bool = False
    """Only what is known changed; she did not ask again."""


class OpenAccount(_Effect, frozen=True, tag="open_account"):
    """Part 2 begins: create its compartments for these organisations (ids)."""

    organisations: tuple[str, ...]
    keep: bool
    """Whether silence keeps (True) or destroys (False) what was told."""
    excluded: tuple[str, ...] = ()
    area: str = ""
    locale: str = ""


class Contact(_Effect, frozen=True, tag="contact"):
    """May a helper write here, and when: any_time, morning, afternoon, evening, or no."""

    hours: str


class Sign(_Effect, frozen=True, tag="sign"):
    """Her own word, number or picture, normalised; only a keyed hash of it is kept."""

    sign: str


class ReturnCode(_Effect, frozen=True, tag="return_code"):
    """A return code was shown; only a keyed hash of it is kept.

    Those shown before hold until she has written this one back.
    """

    code: str


class Code(_Effect, frozen=True, tag="code"):
    """The coded record of one compartment as it stands (see ``coding``); replaces the earlier."""

    compartment: str
    values: dict[str, str | int | list[str]]
    added: bool = False
    """Codes of something that was added later: they stand beside the first record."""


class TakeBack(_Effect, frozen=True, tag="take_back"):
    """A consent given earlier ends: what follows from it ends with it, as its text promised."""

    purpose: str


class Submit(_Effect, frozen=True, tag="submit"):
    """Part 1 or part 2 is complete."""

    part: int


class Reduce(_Effect, frozen=True, tag="reduce"):
    """The interview rests: keep only code, locale, contact, path, child flag; closed answers go."""


class Leave(_Effect, frozen=True, tag="leave"):
    """Quick exit: delete what the messenger lets us delete, both sides, at once."""


class Tidy(_Effect, frozen=True, tag="tidy"):
    """A shared phone: what stands in the chat before this question goes, both sides."""


class Forget(_Effect, frozen=True, tag="forget"):
    """Nothing of this conversation is to be kept (unsafe before the interview began)."""


class Erase(_Effect, frozen=True, tag="erase"):
    """She confirmed: everything goes, the case included."""

    later: bool = False
    """The case waits for :data:`conversation.ERASE_DAYS`, in which only her code undoes it."""


class ComeBack(_Effect, frozen=True, tag="come_back"):
    """This chat proved the return code; join it to that case. The backend knows which."""

    kept: dict[str, str] = {}
    """What is remembered of the person in the case that the chat leaves, as ``State.kept``."""


class Apart(_Effect, frozen=True, tag="apart"):
    """Who writes did not show the sign: what follows has nothing to do with the case so far.

    An account that was not sent yet ends with this, as it would in silence.
    """

    kept: dict[str, str] = {}
    """As in ComeBack."""
    danger: bool = False
    """Whoever writes is in danger: it may be her, so whoever has that case hears of it."""


class CountTopic(_Effect, frozen=True, tag="count_topic"):
    """Information path: count this topic; nothing else is kept."""

    topic: str


Effect = (
    Record
    | Correct
    | Discard
    | Attach
    | Detach
    | DropFile
    | Consent
    | Code
    | TakeBack
    | AskHelp
    | OpenAccount
    | Contact
    | Sign
    | ReturnCode
    | Submit
    | Reduce
    | Leave
    | Tidy
    | Forget
    | Erase
    | ComeBack
    | Apart
    | CountTopic
)
