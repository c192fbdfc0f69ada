"""The public Telegram emulator (npm telegram-test-api), behind a shim for what it gets wrong.

Measured of version 4.2.1: ``getMe`` has no ``is_bot``; results of edits, callbacks and webhooks are
null; callback queries have no ``chat_instance`` and their message no id; ``getUpdates`` ignores
offset and timeout (so every update comes once, confirmed or not); dates of bot messages are
milliseconds; ``getFile``, ``deleteMessages`` and ``setMyCommands`` do not exist. The shim keeps
updates until an offset confirms them and mends the rest; the emulator does what it can do.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import anyio
import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.e2e.processes import free_port
from tests.e2e.serving import Serving

NODE = Path(__file__).parents[1] / "node"
TOKEN = "666:token-of-the-emulator"


def is_installed() -> bool:
    """``make test`` installs it into tests/node."""
    return shutil.which("node") is not None and (NODE / "node_modules").is_dir()


class TelegramEmulator:
    """``url`` is for ``RELAIS_TELEGRAM_API_URL``; the methods are the person."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self._port = free_port()
        self._node: subprocess.Popen[str] | None = None
        self._updates: list[dict[str, Any]] = []
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self._port}", trust_env=False)
        route = Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"])
        self._serving = Serving(Starlette(routes=[route]))

    @property
    def url(self) -> str:
        """The shim's."""
        return self._serving.url

    def write(self, chat: int, text: str) -> None:
        """A text message."""
        self._post("/sendMessage", {**self._common(chat), "text": text})

    def press(self, chat: int, label: str) -> None:
        """A press on the newest button with this label (or one that ends with it)."""
        for message in reversed(self._bot_messages(chat)):
            rows = (message["message"].get("reply_markup") or {}).get("inline_keyboard", [])
            for button in (button for row in rows for button in row):
                if button["text"].endswith(label):
                    shown = {**self._common(chat), "message_id": message["messageId"]}
                    body = {**self._common(chat), "data": button["callback_data"]}
                    self._post("/sendCallback", {**body, "message": shown})
                    return
        raise LookupError(label)

    def texts(self, chat: int) -> list[str]:
        """What the bot said, as it stands after edits."""
        return [str(message["message"]["text"]) for message in self._bot_messages(chat)]

    def shows(self, chat: int, label: str) -> bool:
        """Whether a button with this label stands under a message of the bot."""
        return any(
            button["text"] == label
            for message in self._bot_messages(chat)
            for row in (message["message"].get("reply_markup") or {}).get("inline_keyboard", [])
            for button in row
        )

    def wait(self, condition: Callable[[], bool], timeout: float = 15) -> None:
        """Returns when ``condition`` holds, else :class:`TimeoutError`."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.02)

    def __enter__(self) -> Self:
        self._node = subprocess.Popen(
            ["node", "telegram.cjs", str(self._port)], cwd=NODE, stdout=subprocess.PIPE, text=True
        )
        assert self._node.stdout is not None
        assert self._node.stdout.readline().strip() == "listening"
        self._serving.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._serving.stop()
        self._http.close()
        if self._node is not None and self._node.stdout is not None:
            self._node.kill()
            self._node.wait()
            self._node.stdout.close()

    def _common(self, chat: int) -> dict[str, Any]:
        return {
            "botToken": self.token,
            "date": int(time.time()),
            "from": {"id": chat, "first_name": "Somebody", "is_bot": False, "language_code": "en"},
            "chat": {"id": chat, "first_name": "Somebody", "type": "private"},
        }

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()["result"]

    def _bot_messages(self, chat: int) -> list[dict[str, Any]]:
        history: list[dict[str, Any]] = self._post("/getUpdatesHistory", {"token": self.token})
        return [h for h in history if str(h.get("message", {}).get("chat_id")) == str(chat)]

    # -- the shim --------------------------------------------------------------------------------

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        form = parse_qsl((await request.body()).decode())
        parameters = {name: _decoded(value) for name, value in form}
        match method:
            case "getUpdates":
                return await self._get_updates(parameters)
            case "setMyCommands" | "leaveChat":
                return _accept(True)
            case "getFile":
                return JSONResponse(
                    {"ok": False, "error_code": 400, "description": "Bad Request: no files here"},
                    400,
                )
            case "deleteMessages":
                for number in parameters["message_ids"]:
                    one = {"chat_id": parameters["chat_id"], "message_id": number}
                    await self._forward("deleteMessage", one)
                return _accept(True)
        return await self._forward(method, parameters)

    async def _forward(self, method: str, parameters: dict[str, Any]) -> Response:
        url = f"http://127.0.0.1:{self._port}/bot{self.token}/{method}"
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = (await http.post(url, json=parameters)).json()
        if not answer.get("ok"):
            return JSONResponse(answer, int(answer.get("error_code", 500)))
        result = answer.get("result")
        if result is None:
            result = self._edited(parameters) if method == "editMessageText" else True
        if isinstance(result, dict) and "username" in result:
            result["is_bot"] = True
        if isinstance(result, dict) and "message_id" in result:
            result["date"] = int(time.time())
            result.pop("reply_markup", None)
        return _accept(result)

    def _edited(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat = {"id": int(parameters["chat_id"]), "type": "private", "first_name": "Somebody"}
        return {"message_id": int(parameters["message_id"]), "chat": chat, "date": 1}

    async def _get_updates(self, parameters: dict[str, Any]) -> Response:
        offset = int(parameters.get("offset", 0))
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        end = time.monotonic() + float(parameters.get("timeout", 0))
        url = f"http://127.0.0.1:{self._port}/bot{self.token}/getUpdates"
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                found = (await http.post(url)).json()["result"]
                self._updates += [_mended(update) for update in found]
                if self._updates or time.monotonic() > end:
                    return _accept(self._updates)
                await anyio.sleep(0.02)


def _mended(update: dict[str, Any]) -> dict[str, Any]:
    query = update.get("callback_query")
    if query is not None:
        query.setdefault("chat_instance", "1")
        query["message"].setdefault("message_id", 1)
    return update


def _decoded(value: str) -> Any:
    try:
        return msgspec.json.decode(value) if value[:1] in "[{" else value
    except msgspec.MsgspecError:
        return value


def _accept(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})
