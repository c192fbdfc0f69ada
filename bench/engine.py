"""Answers a second on one core: ours, the state written and read as JSON at each; and a peer's.

The peer is python-telegram-bot's ConversationHandler with the same twelve questions, conditions and
answers, its state in memory, and a bot object that never touches the network. It also builds the
request for each reply (which no network takes); ours ends at the replies, before rendering.
"""

import asyncio
import datetime
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from telegram import Bot, Chat, Message, MessageEntity, Update, User
from telegram.ext import (
    Application,
    CallbackContext,
    CommandHandler,
    ConversationHandler,
    ExtBot,
    MessageHandler,
    filters,
)
from telegram.request import BaseRequest, RequestData

from conversation import (
    Area,
    Context,
    Directory,
    Lexicon,
    Said,
    advance,
    begin,
    dump_state,
    load_interview,
    load_state,
)

ANSWERS: Final = (
    "1",
    "2",
    "1 2",
    "34",
    "I walked for two days.",
    "1",
    "2",
    "3",
    "12/3/2026",
    "2 4 6",
    "Nothing else.",
    "1",
)
_NOW: Final = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


def _context() -> Context:
    return Context(
        now=_NOW,
        nonce=bytes(range(32)),
        channel="telegram",
        buttons=True,
        locale_hint="en",
        locales=("en", "fr"),
        directory=Directory(areas=(Area("a", {"en": "A"}),)),
        operator="Bench",
    )


def _with_done() -> list[str]:
    """An open question gathers until she is done: one message more, which is no answer more."""
    texts: list[str] = []
    for answer in ANSWERS:
        texts += (answer, "done") if answer.endswith(".") else (answer,)
    return texts


def engine_answers_per_s(seconds: float) -> float:
    """Answers a second; every answer loads the state from JSON and writes it again."""
    source = Path(__file__).with_name("twelve.yaml").read_bytes()
    interview = load_interview(
        source, "twelve.yaml", Lexicon.of({"help": "help", "skip": "skip", "done": "done"})
    )
    context = _context()
    opening = begin(interview, "bench")
    for text in ("hello", "1"):  # the greeting and the language are no answers
        opening = advance(interview, opening, Said(text), context).state
    first, events = dump_state(opening), [Said(text) for text in _with_done()]
    raw, count, start = first, 0, perf_counter()
    while perf_counter() - start < seconds:
        raw = first
        for event in events:
            raw = dump_state(advance(interview, load_state(raw), event, context).state)
        count += len(events)
    elapsed = perf_counter() - start
    if load_state(raw).mode != "closed":
        raise RuntimeError("the twelve answers did not end the interview")
    return count / elapsed


# -- the peer ------------------------------------------------------------------------------------

_Context = CallbackContext[Any, dict[Any, Any], dict[Any, Any], dict[Any, Any]]
_Handler = Callable[[Update, _Context], Coroutine[Any, Any, int]]

_QUESTIONS: Final = (
    ("First?", "Yes|No|I am not sure", "choice"),
    ("Second?", "A|B|C|D|E|F", "choice"),
    ("Third?", "A|B|C|D|None", "many"),
    ("Fourth?", "", "number"),
    ("Fifth, in your own words?", "", "text"),
    ("Sixth?", "Yes|No", "choice"),
    ("Seventh?", "Yes|No", "choice"),
    ("Eighth?", "A|B|C|D", "choice"),
    ("Ninth, a day?", "", "date"),
    ("Tenth?", "A|B|C|D|E|F|G", "many"),
    ("Eleventh, in your own words?", "", "text"),
    ("Twelfth?", "Yes|No", "choice"),
)


class _NoNetwork(BaseRequest):
    """Answers every call as Telegram would, at once."""

    _SENT = (
        b'{"ok":true,"result":{"message_id":1,"date":0,'
        b'"chat":{"id":1,"type":"private"},"text":"."}}'
    )
    _ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"b","username":"b"}}'

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002
        request_data: RequestData | None = None,  # noqa: ARG002
        *_timeouts: object,
        **_more: object,
    ) -> tuple[int, bytes]:
        """The canned answer."""
        return 200, self._ME if url.endswith("/getMe") else self._SENT


def _understood(kind: str, options: list[str], text: str) -> object:
    if kind == "choice":
        return options[int(text) - 1]
    if kind == "many":
        return [options[int(n) - 1] for n in text.split()]
    if kind == "number":
        return int(text)
    if kind == "date":
        day, month, year = text.split("/")
        return datetime.date(int(year), int(month), int(day))
    return text


def _relevant(place: int, answers: dict[Any, Any]) -> bool:
    if place == 2:
        return bool(answers[0] == "Yes")
    if place == 5:
        return "B" in answers.get(2, [])
    if place == 6:
        return bool(answers[3] > 17)
    if place == 7:
        return answers[1] in {"A", "B", "C"} and answers.get(5) != "No"
    return True


def _shown(place: int) -> str:
    text, options, _ = _QUESTIONS[place]
    lines = [f"{n}. {o}" for n, o in enumerate(options.split("|"), 1)] if options else []
    return "\n".join([text, *lines])


async def _ask(update: Update, place: int) -> None:
    if update.message is not None:
        await update.message.reply_text(_shown(place))


def _step(place: int) -> _Handler:
    _, choices, kind = _QUESTIONS[place]
    options = choices.split("|")

    async def handle(update: Update, context: _Context) -> int:
        answers = context.user_data if context.user_data is not None else {}
        text = update.message.text if update.message is not None else None
        answers[place] = _understood(kind, options, text or "")
        for following in range(place + 1, len(_QUESTIONS)):
            if _relevant(following, answers):
                await _ask(update, following)
                return following
        if update.message is not None:
            await update.message.reply_text("Thank you.")
        return ConversationHandler.END

    return handle


async def _begin(update: Update, _context: _Context) -> int:
    await _ask(update, 0)
    return 0


async def _application() -> Any:
    bot: ExtBot[None] = ExtBot(token="1:x", request=_NoNetwork(), get_updates_request=_NoNetwork())
    application = Application.builder().bot(bot).updater(None).build()
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("start", _begin)],
            states={
                place: [MessageHandler(filters.TEXT & ~filters.COMMAND, _step(place))]
                for place in range(len(_QUESTIONS))
            },
            fallbacks=[CommandHandler("help", _begin)],
        )
    )
    await application.initialize()
    return application


def _updates(bot: Bot) -> list[Update]:
    user = User(7, "A", is_bot=False)
    found = []
    for number, text in enumerate(("/start", *ANSWERS), 1):
        entities = [MessageEntity("bot_command", 0, 6)] if text == "/start" else ()
        message = Message(
            number, _NOW, Chat(7, "private"), from_user=user, text=text, entities=entities
        )
        message.set_bot(bot)
        found.append(Update(number, message))
    return found


def peer_answers_per_s(seconds: float) -> float:
    """The same twelve answers through ``Application.process_update``, offline."""
    return asyncio.run(_drive(seconds))


async def _drive(seconds: float) -> float:
    application = await _application()
    updates = _updates(application.bot)
    count, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        for update in updates:
            await application.process_update(update)
        count += len(ANSWERS)
    elapsed = perf_counter() - start
    if len(application.user_data[7]) != len(_QUESTIONS):
        raise RuntimeError("the peer did not take all twelve answers")
    await application.shutdown()
    return count / elapsed
