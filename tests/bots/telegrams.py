"""A Telegram bot between the fake Bot API and the stand-in backend."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bots.core import BotSettings, Relay, World
from bots.telegram import TelegramAdapter
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import make_relay
from tests.bots.slow_world import SlowWorld
from tests.e2e.fake_bot_api import TOKEN, FakeBotApi
from tests.e2e.unkind import TELEGRAM_FLOOD, Unkind


@dataclass
class Telegrams:
    """What a test holds."""

    telegram: FakeBotApi
    backend: FakeBackend
    relay: Relay
    adapter: TelegramAdapter
    clock: SlowWorld
    task: "asyncio.Task[None]"
    unkind: Unkind | None = None


def telegram_settings(url: str, **more: object) -> BotSettings:
    """As the environment would give them."""
    return BotSettings.model_validate(
        {"telegram_token": SecretStr(TOKEN), "telegram_api_url": url, **more}
    )


@asynccontextmanager
async def telegrams(
    directory: Path,
    backend: FakeBackend,
    *,
    slow: bool = False,
    unkind: bool = False,
    **settings: object,
) -> AsyncIterator[Telegrams]:
    """Running, on the real clock or (``slow``) on one that the test moves.

    ``unkind``: over a network with moods.
    """
    clock = SlowWorld()
    world = clock.world if slow else World()
    with FakeBotApi() as telegram, ExitStack() as stack:
        between = None
        if unkind:
            moody = Unkind(telegram.url, random.Random(1), TELEGRAM_FLOOD)
            between = stack.enter_context(moody)
        url = between.url if between is not None else telegram.url
        relay = make_relay(directory / "spool" / "telegram.db", backend, world, backend.token)
        adapter = TelegramAdapter(telegram_settings(url, **settings), relay.kit)
        task = asyncio.create_task(relay.run(adapter, grace=1))
        try:
            yield Telegrams(telegram, backend, relay, adapter, clock, task, between)
        finally:
            task.cancel()
            if slow:  # what the bot waits for at its end, it waits for on this clock
                await clock.advance_until(task.done)
            await asyncio.gather(task, return_exceptions=True)
