"""The middle of a turn: advance the engine and seal everything, without any lock held."""

from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from typing import Any

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import CLEARABLE, HOUR
from backend.cases.changes import Changes
from backend.cases.work import Returned, Work, belongs
from backend.cases.working_out import work_out
from backend.chats import link_mark
from backend.content import Content, Edition
from backend.database.tables import conversations
from backend.deliveries import Outgoing, Prepared, Pressed, prepare
from backend.relais import Relais
from backend.turns.snapshot import (
    GONE,
    BrokenState,
    Known,
    case_status,
    code_digits,
    earlier_contact,
    find_code,
    has_earlier,
    prove,
    remembered,
    seal_state,
    signed_here,
    standing,
)
from conversation import (
    Context,
    Directory,
    Event,
    Part,
    Reply,
    Started,
    State,
    Stepped,
    adopt,
    advance,
    dump_state,
)
from conversation import effects as fx
from i18n import CAPABILITIES, negotiate


@dataclass(slots=True)
class Plan:
    """What one turn will write."""

    columns: dict[str, Any]
    outgoing: list[Prepared]
    changes: Changes
    wrong_code: bool = False
    clears: bool = False
    """What was queued and has not left must not leave any more."""


@dataclass(frozen=True, slots=True)
class Message:
    """The channel-neutral event and what the channel said around it."""

    channel: str
    event: Event
    text: str | None
    locale_hint: str | None
    event_index: bytes | None
    message_id: str | None = None
    """The messenger's, of what she wrote or of the message whose button she pressed."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine is told of the world, fetched before any connection is held."""

    edition: Edition
    directory: Directory
    state: State
    """As stored, or fitted to the edition when its own is not to be had."""


async def surroundings(relais: Relais, known: Known, event: Event) -> Surroundings:
    """The conversation's edition and the directory of this moment."""
    edition, state = await _edition(relais.content, known.state, event)
    return Surroundings(edition, await relais.directory.get(), state)


async def _edition(content: Content, state: State, event: Event) -> tuple[Edition, State]:
    """A running conversation keeps its edition. One that rests, or whose edition is gone, moves on.

    A start link may name the interview of a conversation that begins.
    """
    if state.mode == "new":
        begun = content.begun_with(event.payload if isinstance(event, Started) else "")
        return begun, adopt(state, begun.interview, begun.hash)
    if state.mode != "closed":
        edition = await content.edition(state.content)
        if edition is not None:
            return edition, state
    present = content.present.get(state.interview, content.current)
    if present.hash == state.content:
        return present, state
    return present, adopt(state, present.interview, present.hash)


async def think(
    connection: AsyncConnection,
    relais: Relais,
    known: Known,
    message: Message,
    around: Surroundings,
) -> Plan:
    """Advance and prepare. ``connection`` only reads."""
    edition = around.edition
    context, returned, wrong = await _context(connection, relais, known, message, around)
    step = advance(edition.interview, around.state, message.event, context)
    owed = not known.genuine and _has(step.effects, fx.Erase)
    if known.state_broken:
        step = _of_broken(known, around.state, step)
    locale = step.state.locale or around.state.locale or context.locale_hint
    case = _case(known, around.state, step.effects)
    work = Work(
        relais=relais,
        connection=connection,
        edition=edition,
        conversation_id=known.id,
        channel=message.channel,
        locale=locale,
        before=around.state,
        case=case,
        after=step.state,
        changes=Changes(
            case_id=case.id if case is not None else None,
            seen=(case.status, case.routing_sealed) if case is not None else None,
        ),
        returned=returned,
        names={one.id: one.name for one in around.directory.organisations},
        had=known.case.id if known.case is not None else None,
    )
    changes = await work_out(work, step.effects)
    if returned is not None and (context.code_of_present or _has(step.effects, fx.ComeBack)):
        changes.codes.echoed = returned.code_index
    changes.owed = owed
    if known.state_gone:
        changes.settle_lost = changes.case_id is not None
        changes.clear_drafts = True
    columns = await _columns(connection, relais, known, step.state, step.effects, changes)
    if message.event_index is None:  # silence is never answered, whoever holds the phone
        step = dataclass_replace(step, replies=())
    expired = known.state_gone and known.case is None and not await has_earlier(connection, known)
    outgoing = _outgoing(step.replies, step.effects, locale, expired=expired)
    if step.pressed is not None:
        shown_in = around.state.locale or context.locale_hint
        _show_pressed(outgoing, message, step.pressed, shown_in)
    return Plan(
        columns=columns,
        outgoing=prepare(relais, edition, message.channel, known.id, outgoing, message.event_index),
        changes=changes,
        wrong_code=wrong,
        clears=_has(step.effects, fx.Leave, fx.Erase),
    )


def _has(effects: tuple[fx.Effect, ...], *kinds: type) -> bool:
    return any(isinstance(effect, kinds) for effect in effects)


def _of_broken(known: Known, before: State, step: Stepped) -> Stepped:
    """Over a state that cannot be read there is leaving, and "Erase everything?" with its answer.

    Raises :class:`BrokenState` for whatever else came: that is kept for a release that reads it.
    """
    if not known.genuine and _has(step.effects, fx.Erase):
        # What it led to cannot be known from here: the chat is cleared, and a person has to look.
        words = (Reply(parts=(Part("engine/erase_owed/text"),), neutral=True),)
        return Stepped(step.state, words, (fx.Leave(),))
    if before.mode != "confirm_erase" or _has(step.effects, fx.Leave, fx.Erase):
        return step
    if step.state.mode == "confirm_erase":
        raise BrokenState(known.state_broken)
    return Stepped(step.state, (Reply(parts=(Part("engine/resumed/text"),)),), ())


def _case(known: Known, state: State, effects: tuple[fx.Effect, ...]) -> Any:
    """The case that this turn is about.

    A request that is over is only added to by what belongs to it; something new makes a case of
    its own.
    """
    case = known.case
    if case is None or _has(effects, fx.Erase):
        return case
    over = case.status in GONE or (case.status == "done" and not belongs(state))
    return None if over else case


def _hint(content: Content, message: Message) -> str:
    """Her start link's language, else her messenger's."""
    event = message.event
    asked = content.link(event.payload).locale if isinstance(event, Started) else ""
    return asked or negotiate(message.locale_hint or "", content.locales)


async def _context(
    connection: AsyncConnection,
    relais: Relais,
    known: Known,
    message: Message,
    around: Surroundings,
) -> tuple[Context, Returned | None, bool]:
    code = code_digits(message.text)
    matches, returned = (
        (None, None) if code is None else await find_code(connection, relais, known.id, code)
    )
    proof, earlier = await prove(connection, relais, known, around.state, message.text)
    excluded, restricted = standing(relais, known.case)
    context = Context(
        now=relais.world.moment(),
        nonce=relais.world.random(32),
        channel=message.channel,
        buttons=CAPABILITIES[message.channel].buttons,
        locale_hint=_hint(relais.content, message),
        locales=relais.content.locales,
        directory=around.directory,
        operator=relais.operator,
        status=case_status(known.case),
        code_matches=matches,
        code_of_present=returned is not None
        and known.case is not None
        and returned.case_id == known.case.id
        and not returned.erasing,
        code_proves=returned is not None
        and not await signed_here(connection, known, returned.case_id),
        code_undoes=returned is not None and returned.erasing,
        code_kept=known.code_kept,
        sent=_sent(known),
        sign_matches=proof,
        sign_of_earlier=earlier is not None,
        signed=known.sign_index is not None,
        remembered=await remembered(connection, relais, earlier),
        excluded=excluded,
        restricted=restricted,
        voices=around.edition.voices,
        max_file_mb=relais.settings.max_file_mb,
    )
    return context, earlier or returned, matches is False


def _sent(known: Known) -> bool:
    """Somebody has, or had, what she told; and this version can read where she is."""
    case = known.case
    if case is None or known.state_broken or known.state_gone:
        return False
    return case.status in {"open", "taken", "done"} or case.submitted_at is not None


def _outgoing(
    replies: tuple[Reply, ...],
    effects: tuple[fx.Effect, ...],
    locale: str,
    *,
    expired: bool,
) -> list[Outgoing]:
    """The engine's replies; a quick exit or an erasure first deletes what the chat shows.

    ``expired``: what she told is gone, and nothing else is here that this would tell of.
    """
    out: list[Outgoing] = []
    leaving = _has(effects, fx.Leave, fx.Erase)
    if leaving:
        erased = _has(effects, fx.Erase)
        purpose = "erase" if erased else "reply"
        out.append(Outgoing(locale=locale, kind="forget", purpose=purpose))
    elif _has(effects, fx.Tidy):
        out.append(Outgoing(locale=locale, kind="delete"))
    if expired and replies and not leaving:
        out.append(Outgoing(locale=locale, reply=Reply(parts=(Part("engine/expired/text"),))))
    out += [
        Outgoing(locale=locale, reply=reply, kind="edit" if reply.redraw else "send")
        for reply in replies
    ]
    return out


def _show_pressed(outgoing: list[Outgoing], message: Message, pressed: Reply, locale: str) -> None:
    """Where she pressed, unless what stands in the chat goes anyway."""
    if message.message_id is None or not all(one.kind == "send" for one in outgoing):
        return
    for one in outgoing[:1]:
        outgoing[0] = replace(one, pressed=Pressed(message.message_id, pressed, locale))


async def _columns(
    connection: AsyncConnection,
    relais: Relais,
    known: Known,
    state: State,
    effects: tuple[fx.Effect, ...],
    changes: Changes,
) -> dict[str, Any]:
    """The conversation's own columns."""
    erased = _has(effects, fx.Erase)
    forgotten = _has(effects, fx.Forget)
    gone = erased or (forgotten and state.mode in {"new", "left"})  # else the chat goes on
    gone = gone or (known.state_gone and state.mode == "new")
    if gone and not erased and await has_earlier(connection, known):
        # Nothing of this telling is kept, but the chat still leads to what she asked before, and
        # whoever tried signs has tried them.
        tries = {key: value for key, value in state.kept.items() if key == "signs"}
        gone, state = False, State(state.interview, state.content, mode="closed", kept=tries)
    reduced = state.mode == "closed" and not state.answers
    columns: dict[str, Any] = {"state_sealed": None, "state_key": None}
    if not gone:
        sealed, key = seal_state(relais, known.id, dump_state(state), reduced=reduced)
        columns = {"state_sealed": sealed, "state_key": key}
    columns["expires_at"] = relais.world.now() + relais.settings.idle_hours * HOUR
    if reduced:
        # Over. Without her leave to write, her address goes as soon as nothing of this chat can be
        # deleted any more, which is what it is still needed for.
        contact = changes.conversation.get("contact", known.contact)
        contact = contact or await earlier_contact(connection, known)
        columns["expires_at"] = None if contact else relais.world.now() + CLEARABLE
    if known.state_broken and not erased:
        asks = state.mode == "confirm_erase"
        columns = {
            "erase_asked_at": relais.world.now() if asks else None,
            "erase_ask": state.ask if asks else None,
        }
    if changes.case_id is not None:
        columns["case_id"] = changes.case_id
    columns |= changes.conversation
    changes.earlier = _earlier(known, effects, columns)
    if gone:
        changes.codes.gone = True
        columns |= dict.fromkeys(("case_id", "sign_index", "told_group"))
        columns["contact"] = False
    return columns | _marked(relais, known, columns)


def _marked(relais: Relais, known: Known, columns: dict[str, Any]) -> dict[str, Any]:
    """The mark of where the chat leads now; one that was not genuine stays so."""
    if known.links is None or not known.genuine:
        return {}
    row = {**known.links, **columns}
    return {"mark": link_mark(relais.vault.keyring, conversations, row)}


def _earlier(
    known: Known, effects: tuple[fx.Effect, ...], columns: dict[str, Any]
) -> dict[str, Any] | None:
    """The case that the chat leaves for another one, with what led to it.

    Who has shown who she is goes on to a new request with her code and her sign. What is told
    apart, and a request that is taken up again, have none of the other's.
    """
    if known.case is None or columns.get("case_id", known.case.id) == known.case.id:
        return None
    leaves = _has(effects, fx.Apart, fx.ComeBack)
    return {
        "conversation_id": known.id,
        "case_id": known.case.id,
        "sign_index": known.sign_index if leaves else None,
        "told_group": known.told_group,
        "contact": known.contact,
    }
