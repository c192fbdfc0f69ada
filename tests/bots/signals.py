"""A Signal bot between the stand-in daemon and the stand-in backend."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bots.core import BotSettings, Relay, World
from bots.signal import SignalAdapter
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import make_relay
from tests.bots.slow_world import until
from tests.e2e.fake_signal import FakeSignal


@dataclass
class Signals:
    """What a test holds."""

    signal: FakeSignal
    backend: FakeBackend
    relay: Relay
    adapter: SignalAdapter
    task: "asyncio.Task[None]"

    async def stop(self) -> None:
        """Without any goodbye that matters."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def signal_settings(directory: Path, address: str, **more: object) -> BotSettings:
    """As the environment would give them."""
    return BotSettings.model_validate(
        {
            "data_dir": directory,
            "signal_daemon": address,
            "signal_folder": directory / "signal-cli",
            "bot_token_signal": SecretStr("token-of-a-test"),
            "signal_canary_minutes": 0,
            **more,
        }
    )


def start(
    directory: Path,
    backend: FakeBackend,
    signal: FakeSignal,
    **settings: object,
) -> Signals:
    """The bot in this process."""
    world = World()
    values = signal_settings(directory, signal.address, **settings)
    relay = make_relay(values.spool_path("signal"), backend, world, backend.token, "signal")
    adapter = SignalAdapter(values, relay.kit)
    task = asyncio.create_task(relay.run(adapter, grace=1))
    return Signals(signal, backend, relay, adapter, task)


@asynccontextmanager
async def signals(
    directory: Path, backend: FakeBackend, signal: FakeSignal | None = None, **settings: object
) -> AsyncIterator[Signals]:
    """Running, with somebody listening at the daemon."""
    with signal or FakeSignal(attachments=directory / "signal-cli" / "attachments") as daemon:
        running = start(directory, backend, daemon, **settings)
        try:
            await until(lambda: daemon.listened_to and bool(running.adapter._accounts.numbers))
            yield running
        finally:
            await running.stop()
