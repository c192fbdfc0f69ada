"""A fake of Telegram's Bot API that speaks its JSON and can be as unkind as the real one.

What no emulator has: updates repeated until an offset confirms them, 409 while two poll, 429 with
``retry_after``, 403, edits, 48-hour deletion, webhook delivery with retries, duplicated and
malformed updates; files both ways, that expire, break off and are too big. Everything the bot did
is on record.

    with FakeBotApi() as telegram:
        telegram.write(7, "hello")
        telegram.wait(lambda: telegram.texts(7) == ["Welcome"])
"""

import itertools
import json
import random
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import anyio
import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.e2e.multipart import Upload, multipart
from tests.e2e.serving import Serving
from tests.waiting import wait_for

TOKEN = "1234567:test-token-of-nobody"
BOT_ID = 1234567
_PROFILE = {
    "Name": "name",
    "Description": "description",
    "ShortDescription": "short_description",
    "Commands": "commands",
}


@dataclass
class Call:
    """One request of the bot: method, decoded parameters, moment (monotonic) and status given."""

    method: str
    parameters: dict[str, Any]
    at: float
    status: int


@dataclass
class Shown:
    """A message as the person sees it."""

    message_id: int
    chat: int
    text: str
    buttons: list[list[dict[str, str]]]
    by_bot: bool
    silent: bool = False
    edits: int = 0
    old: bool = False
    """Over 48 hours: cannot be deleted."""
    attached: bytes = b""
    """Of a photo or a voice message."""
    protected: bool = False


@dataclass
class FakeBotApi:
    """Thread-safe; drive it from a test while a bot in any process talks to ``url``."""

    token: str = TOKEN
    calls: list[Call] = field(default_factory=list)
    messages: list[Shown] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    migrated: set[int] = field(default_factory=set)
    """Groups that became supergroups: another chat has their number's place."""
    flood: dict[int, list[float]] = field(default_factory=dict)
    """Chat -> ``retry_after`` of its next sends."""
    conflict: bool = False
    webhook: dict[str, Any] = field(default_factory=dict)
    webhook_answers: list[int] = field(default_factory=list)
    fail_next: dict[str, int] = field(default_factory=dict)
    """Method -> how many of its next calls are carried out, but answered with 500."""

    file_faults: dict[str, list[str]] = field(default_factory=dict)
    """File id -> what its next fetches meet: gone, temporarily, flood, expired, broken, cut."""
    profile: dict[tuple[str, str], Any] = field(default_factory=dict)
    """(Name, Description, ShortDescription or Commands; language or "") -> as set."""
    disorder: random.Random | None = None
    """Batches come shuffled, and updates twice in them."""
    refuse_profile: bool = False
    """Every change of the profile is refused, for hours (as Telegram does after a few)."""
    refuse_uploads: bool = False
    """Every photo and voice message is refused."""

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._files: dict[str, bytes] = {}
        self._updates: list[dict[str, Any]] = []
        self._update_ids = itertools.count(1000)
        self._message_ids = itertools.count(1)
        self._callback_ids = itertools.count(1)
        self._stopping = False
        self._pusher: threading.Thread | None = None
        routes = [
            Route("/file/bot{token}/{path:path}", self._serve_file),
            Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
        ]
        self._serving = Serving(Starlette(routes=routes))

    # -- the person ------------------------------------------------------------------------------

    def write(self, chat: int, text: str, language: str = "en", **more: Any) -> int:
        """A text message from a private chat; its message id."""
        return self.send(chat, {"text": text}, language, **more)

    def send(self, chat: int, content: dict[str, Any], language: str = "en", **more: Any) -> int:
        """Any message (``{"photo": […]}``)."""
        with self._changed:
            message = self._message(chat, language) | content | more
            shown = Shown(message["message_id"], chat, content.get("text", ""), [], by_bot=False)
            self.messages.append(shown)
            self._push({"message": message})
            return int(message["message_id"])

    def file(self, data: bytes, **more: Any) -> dict[str, Any]:
        """A file of hers, to be put into a message: ``send(7, {"voice": telegram.file(…)})``."""
        with self._changed:
            file_id = f"file-{len(self._files) + 1}"
            self._files[file_id] = data
        return {
            "file_id": file_id,
            "file_unique_id": f"u-{file_id}",
            "file_size": len(data),
            **more,
        }

    def photo(self, chat: int, data: bytes, **more: Any) -> int:
        """A photo in three sizes, of which only the largest is ``data``."""
        sizes = [self.file(b"thumbnail"), self.file(b"small"), self.file(data)]
        return self.send(chat, {"photo": [one | {"width": 1, "height": 1} for one in sizes]} | more)

    def edit(self, chat: int, message_id: int, text: str) -> None:
        """The person edits her message."""
        message = self._message(chat, "en") | {"message_id": message_id, "text": text}
        self.push({"edited_message": message | {"edit_date": message["date"] + 1}})

    def press(self, chat: int, data: str, language: str = "en") -> str:
        """A press on a button of the newest bot message in this chat; the callback's id."""
        with self._changed:
            shown = [m for m in self.messages if m.by_bot and m.chat == chat]
            message = self._message(chat, language)
            if shown:
                message |= {"message_id": shown[-1].message_id, "text": shown[-1].text}
            callback = str(next(self._callback_ids))
            person = _person(chat, language)
            self._push(
                {
                    "callback_query": {
                        "id": callback,
                        "from": person,
                        "message": message,
                        "chat_instance": "1",
                        "data": data,
                    }
                }
            )
            return callback

    def press_label(self, chat: int, label: str) -> str:
        """A press on the newest button with this label."""
        with self._changed:
            for message in reversed(self.messages):
                for row in message.buttons if message.chat == chat else []:
                    for button in row:
                        if button["text"] == label:
                            return self.press(chat, button["callback_data"])
        raise LookupError(label)

    def push(self, update: dict[str, Any], update_id: int | None = None) -> int:
        """Any update, malformed ones too; its id. Give an id twice for a duplicate."""
        with self._changed:
            return self._push(update, update_id)

    def push_raw(self, update: Any) -> None:
        """Something that need not be an update at all."""
        with self._changed:
            self._updates.append(update)
            self._changed.notify_all()

    # -- what came of it -------------------------------------------------------------------------

    def shown(self, chat: int) -> list[Shown]:
        """The bot's messages in a chat, as they stand."""
        with self._changed:
            return [m for m in self.messages if m.chat == chat and m.by_bot]

    def texts(self, chat: int) -> list[str]:
        """Their texts."""
        return [message.text for message in self.shown(chat)]

    def made(self, method: str) -> list[Call]:
        """The bot's calls of one method."""
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def unconfirmed(self) -> int:
        """Updates the bot has not confirmed."""
        with self._changed:
            return len(self._updates)

    def wait(self, condition: Callable[[], bool], timeout: float = 15) -> None:
        """Returns when ``condition`` holds, else :class:`TimeoutError`."""
        wait_for(self._changed, condition, timeout)

    # -- running ---------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """For ``RELAIS_TELEGRAM_API_URL``."""
        return self._serving.url

    def __enter__(self) -> Self:
        self._serving.start()
        self._pusher = threading.Thread(target=self._deliver_by_webhook, daemon=True)
        self._pusher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._serving.stop()
        if self._pusher:
            self._pusher.join(10)

    # -- the server's side -----------------------------------------------------------------------

    def _message(self, chat: int, language: str) -> dict[str, Any]:
        return {
            "message_id": next(self._message_ids),
            "date": 1_790_000_000,
            "from": _person(chat, language),
            "chat": {"id": chat, "type": "private", "first_name": "Somebody"},
        }

    def _push(self, update: dict[str, Any], update_id: int | None = None) -> int:
        number = next(self._update_ids) if update_id is None else update_id
        self._updates.append({"update_id": number, **update})
        self._changed.notify_all()
        return number

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        parameters = await _parameters(request)
        if request.path_params["token"] != self.token:
            return _refuse(401, "Unauthorized")
        if method == "getUpdates":
            return await self._get_updates(parameters)
        with self._changed:
            answer = self._carry_out(method, parameters)
            if self.fail_next.get(method, 0) > 0 and answer.status_code == 200:
                self.fail_next[method] -= 1
                answer = _refuse(500, "Internal Server Error")
            moment = time.monotonic()
            self.calls.append(Call(method, parameters, moment, answer.status_code))
            self._changed.notify_all()
            return answer

    async def _get_updates(self, parameters: dict[str, Any]) -> Response:
        """Everything from ``offset`` on, again and again; a higher offset confirms the lower."""
        with self._changed:
            if self.conflict or self.webhook.get("url"):
                self.calls.append(Call("getUpdates", parameters, time.monotonic(), 409))
                self._changed.notify_all()
                return _refuse(409, "Conflict: terminated by other getUpdates request")
        offset, limit = int(parameters.get("offset", 0)), int(parameters.get("limit", 100))
        end = time.monotonic() + float(parameters.get("timeout", 0))
        while True:
            with self._changed:
                self._updates = [u for u in self._updates if _update_id(u, offset) >= offset]
                batch = self._disordered(self._updates[:limit])
                if batch or self._ends_polls() or time.monotonic() >= end:
                    self.calls.append(Call("getUpdates", parameters, time.monotonic(), 200))
                    self._changed.notify_all()
                    return _accept(batch)
            await anyio.sleep(0.01)

    def _disordered(self, batch: list[Any]) -> list[Any]:
        """Sometimes shuffled, some of it twice."""
        if self.disorder is None or self.disorder.random() > 0.3:
            return batch
        batch = batch + self.disorder.sample(batch, len(batch) // 2)
        self.disorder.shuffle(batch)
        return batch

    def _ends_polls(self) -> bool:
        return self._stopping or self.conflict

    def _carry_out(self, method: str, parameters: dict[str, Any]) -> Response:
        match method:
            case "getMe":
                return _accept(
                    {"id": BOT_ID, "is_bot": True, "first_name": "Bot", "username": "TestBot"}
                )
            case "sendMessage":
                return self._send_message(parameters)
            case "sendPhoto" | "sendVoice":
                return self._send_file(method.removeprefix("send").lower(), parameters)
            case "getFile":
                return self._get_file(str(parameters["file_id"]))
            case "editMessageText" | "editMessageReplyMarkup" | "deleteMessages":
                return self._change(method, parameters)
            case "setWebhook" | "deleteWebhook":
                self.webhook = parameters if method == "setWebhook" else {}
                return _accept(True)
            case "answerCallbackQuery" | "leaveChat":
                return _accept(True)
        return self._profile(method, parameters)

    def _change(self, method: str, parameters: dict[str, Any]) -> Response:
        match method:
            case "editMessageText":
                return self._edit_message(parameters)
            case "editMessageReplyMarkup":
                return self._edit_markup(parameters)
        return self._delete_messages(parameters)

    def _profile(self, method: str, parameters: dict[str, Any]) -> Response:
        """Name, descriptions and commands, each in a language or ("") for everybody."""
        verb, what = method[:5], method[5:]
        field_name = _PROFILE.get(what)
        if verb not in ("getMy", "setMy") or field_name is None:
            return _refuse(404, "Not Found")
        language = str(parameters.get("language_code") or "")
        empty: Any = [] if what == "Commands" else ""
        if verb == "getMy":
            kept = self.profile.get((what, language), empty)
            return _accept(kept if what == "Commands" else {field_name: kept})
        if self.refuse_profile:
            return _refuse(429, "Too Many Requests: retry after 36000", {"retry_after": 36000})
        self.profile[what, language] = parameters.get(field_name, empty)
        return _accept(True)

    def _refused(self, chat: int) -> Response | None:
        if self.flood.get(chat):
            seconds = self.flood[chat].pop(0)
            return _refuse(
                429, f"Too Many Requests: retry after {seconds:g}", {"retry_after": int(seconds)}
            )
        if chat in self.blocked:
            return _refuse(403, "Forbidden: bot was blocked by the user")
        if chat in self.unknown:
            return _refuse(400, "Bad Request: chat not found")
        if chat in self.migrated:
            to = {"migrate_to_chat_id": -1_001_234}
            return _refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", to)
        return None

    def _send_message(self, parameters: dict[str, Any]) -> Response:
        chat = int(parameters["chat_id"])
        refused = self._refused(chat)
        if refused:
            return refused
        text = str(parameters.get("text", ""))
        if not text:
            return _refuse(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            return _refuse(400, "Bad Request: message is too long")
        shown = Shown(
            next(self._message_ids),
            chat,
            text,
            _keyboard(parameters),
            by_bot=True,
            silent=bool(parameters.get("disable_notification")),
            protected=bool(parameters.get("protect_content")),
        )
        self.messages.append(shown)
        return _accept(_as_message(shown))

    def _send_file(self, kind: str, parameters: dict[str, Any]) -> Response:
        """Uploaded, or by the id of what was uploaded before."""
        chat = int(parameters["chat_id"])
        refused = self._refused(chat)
        if refused:
            return refused
        given = parameters[kind]
        if isinstance(given, str) and given.startswith("attach://"):
            given = parameters[given.removeprefix("attach://")]
        if self.refuse_uploads:
            return _refuse(400, "Bad Request: IMAGE_PROCESS_FAILED")
        if isinstance(given, Upload):
            described = self.file(given.data)
        elif given in self._files:
            described = {"file_id": given, "file_unique_id": f"u-{given}"}
        else:
            return _refuse(400, "Bad Request: wrong file identifier/HTTP URL specified")
        shown = Shown(
            next(self._message_ids),
            chat,
            "",
            _keyboard(parameters),
            by_bot=True,
            silent=parameters.get("disable_notification") is True,
            attached=self._files[described["file_id"]],
            protected=parameters.get("protect_content") is True,
        )
        self.messages.append(shown)
        if kind == "photo":
            content: Any = [described | {"width": 1, "height": 1}]
        else:
            content = described | {"duration": 1}
        return _accept(_as_message(shown) | {kind: content})

    def _get_file(self, file_id: str) -> Response:
        fault = self._fault(file_id, "gone", "temporarily", "flood")
        if fault == "flood":
            return _refuse(429, "Too Many Requests: retry after 3", {"retry_after": 3})
        if fault == "temporarily":
            return _refuse(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if fault == "gone" or file_id not in self._files:
            return _refuse(400, "Bad Request: invalid file_id")
        size = len(self._files[file_id])
        if size > 20 * 1024 * 1024:
            return _refuse(400, "Bad Request: file is too big")
        path = f"files/{file_id}"
        described = {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": size}
        return _accept(described | {"file_path": path})

    def _fault(self, file_id: str, *kinds: str) -> str:
        waiting = self.file_faults.get(file_id)
        return waiting.pop(0) if waiting and waiting[0] in kinds else ""

    async def _serve_file(self, request: Request) -> Response:
        if request.path_params["token"] != self.token:
            return _refuse(401, "Unauthorized")
        file_id = str(request.path_params["path"]).removeprefix("files/")
        with self._changed:
            data = self._files.get(file_id, b"")
            fault = self._fault(file_id, "expired", "broken", "cut")
            status = {"expired": 404, "broken": 502}.get(fault, 200)
            self.calls.append(Call("file", {"file_id": file_id}, time.monotonic(), status))
            self._changed.notify_all()
        if status != 200:
            return Response(status_code=status)

        async def body() -> AsyncIterator[bytes]:
            end = len(data) // 2 if fault == "cut" else len(data)
            for start in range(0, end, 65_536):
                yield data[start : min(end, start + 65_536)]

        return StreamingResponse(body(), headers={"Content-Length": str(len(data))})

    def _edit_message(self, parameters: dict[str, Any]) -> Response:
        chat, message_id = int(parameters["chat_id"]), int(parameters["message_id"])
        refused = self._refused(chat)
        if refused:
            return refused
        shown = next((m for m in self.messages if m.message_id == message_id), None)
        if shown is None:
            return _refuse(400, "Bad Request: message to edit not found")
        if not shown.by_bot:
            return _refuse(400, "Bad Request: message can't be edited")
        new = (str(parameters["text"]), _keyboard(parameters))
        if new == (shown.text, shown.buttons):
            return _refuse(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        shown.text, shown.buttons = new
        shown.edits += 1
        return _accept(_as_message(shown))

    def _edit_markup(self, parameters: dict[str, Any]) -> Response:
        """Only the buttons; the words stay."""
        shown = next((m for m in self.messages if m.message_id == int(parameters["message_id"])), 0)
        text = shown.text if isinstance(shown, Shown) else ""
        return self._edit_message({**parameters, "text": text})

    def _delete_messages(self, parameters: dict[str, Any]) -> Response:
        ids = {int(number) for number in parameters["message_ids"]}
        if len(ids) > 100:
            return _refuse(400, "Bad Request: too many message identifiers specified")
        if any(m.old for m in self.messages if m.message_id in ids):
            return _refuse(400, "Bad Request: message can't be deleted for everyone")
        self.messages = [m for m in self.messages if m.message_id not in ids]
        return _accept(True)

    def _deliver_by_webhook(self) -> None:
        """One update after the other, each again until the bot says 200."""
        with httpx.Client(timeout=10, trust_env=False) as http:
            while True:
                with self._changed:
                    while not (self._stopping or (self.webhook.get("url") and self._updates)):
                        self._changed.wait(0.1)
                    if self._stopping:
                        return
                    webhook, update = dict(self.webhook), self._updates[0]
                status = _post(http, webhook, update)
                with self._changed:
                    self.webhook_answers.append(status)
                    if status == 200 and update in self._updates:
                        self._updates.remove(update)
                    self._changed.notify_all()
                    if status != 200:
                        self._changed.wait(0.1)


def _post(http: httpx.Client, webhook: dict[str, Any], update: Any) -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": str(webhook.get("secret_token", ""))}
    try:
        return http.post(str(webhook["url"]), json=update, headers=headers).status_code
    except httpx.HTTPError:
        return 0


def _person(chat: int, language: str) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": language}


def _update_id(update: Any, offset: int) -> int:
    """What has no id stays until something newer is confirmed."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else offset


async def _parameters(request: Request) -> dict[str, Any]:
    """Form fields (lists and objects in them as JSON) or a JSON body."""
    if "json" in request.headers.get("content-type", ""):
        body: dict[str, Any] = await request.json()
        return body
    if "multipart" in request.headers.get("content-type", ""):
        fields = multipart(request.headers["content-type"], await request.body())
        return {n: _decoded(v) if isinstance(v, str) else v for n, v in fields.items()}
    form = parse_qsl((await request.body()).decode(), keep_blank_values=True)
    return {name: _decoded(value) for name, value in form} | dict(request.query_params)


def _decoded(value: str) -> Any:
    if value[:1] in "[{" or value in ("true", "false"):
        try:
            return msgspec.json.decode(value)
        except msgspec.MsgspecError:
            return value
    return value


def _keyboard(parameters: dict[str, Any]) -> list[list[dict[str, str]]]:
    markup = parameters.get("reply_markup")
    return list(markup.get("inline_keyboard", [])) if isinstance(markup, dict) else []


def _as_message(shown: Shown) -> dict[str, Any]:
    return {
        "message_id": shown.message_id,
        "date": 1_790_000_000,
        "chat": {"id": shown.chat, "type": "private", "first_name": "Somebody"},
        "from": {"id": BOT_ID, "is_bot": True, "first_name": "Bot"},
        "text": shown.text,
    }


def _accept(result: Any) -> Response:
    # escaped, as Telegram's: half a character survives in it
    body = json.dumps({"ok": True, "result": result}).encode()
    return Response(body, media_type="application/json")


def _refuse(status: int, description: str, parameters: dict[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return JSONResponse(body | ({"parameters": parameters} if parameters else {}), status)
