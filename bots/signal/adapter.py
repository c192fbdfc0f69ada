"""The Signal adapter: the contract of ``bots.core`` on the numbers of one daemon."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Final

import msgspec
import structlog

from bots.core import (
    Backoff,
    BotSettings,
    ConfigurationError,
    Delivery,
    Kit,
    MediaRef,
    Sent,
    SpoolError,
    serve_app,
    silence_libraries,
    together,
)
from bots.signal.accounts import Accounts
from bots.signal.aftercare import Aftercare
from bots.signal.canary import Canary
from bots.signal.challenge import challenge_app
from bots.signal.daemon import FLOOR, Daemon, daemon_of, version_of
from bots.signal.files import Files
from bots.signal.lines import Lost
from bots.signal.receiving import Receiving
from bots.signal.rpc import Rpc, RpcError, numbers_of
from bots.signal.sender import Sender
from bots.signal.signalbots import Parser
from bots.signal.state import open_state

log = structlog.get_logger("relais.signal")

LOOK_EVERY: Final = 60.0
SWEEP_EVERY: Final = 3_600.0
_NOBODY: Final = (
    "The Signal daemon has no number{which}. Run `relais-bot signal register`; the bot goes on by "
    "itself."
)


class SignalAdapter:
    """Listens by one connection to the daemon, and calls by another."""

    name = "signal"

    def __init__(self, settings: BotSettings, kit: Kit) -> None:
        silence_libraries()
        self._settings = settings
        self._kit = kit
        self._state = open_state(settings, kit.world)
        self._rpc = Rpc(settings.signal_daemon, kit.world)
        wanted = settings.signal_numbers
        self._accounts = Accounts(self._state, self._rpc, kit.world, kit.health, wanted)
        self._sender = Sender(
            self._rpc,
            self._accounts,
            self._state,
            kit,
            trust=settings.signal_new_identity == "trust",
        )
        self._files = Files(settings.signal_attachments_dir, kit.health)
        self._aftercare = Aftercare(
            self._rpc,
            self._sender,
            self._accounts,
            self._state,
            kit,
            settings.signal_timer_hours * 3600,
        )
        every = settings.signal_canary_minutes * 60.0
        self._canary = Canary(self._rpc, self._accounts, kit, every)
        self._parser = Parser()
        self._receiving = Receiving(
            address=settings.signal_daemon,
            parser=self._parser,
            files=self._files,
            accounts=self._accounts,
            aftercare=self._aftercare,
            canary=self._canary,
            kit=kit,
        )
        self.daemon: Daemon | None = None
        """Where the bot runs it."""

    async def receive(self) -> None:
        """Until cancelled; :class:`ConfigurationError` when the daemon is none we can work with."""
        await together(
            *self._helpers(),
            self._look_after_numbers(),
            self._canary.run(),
            self._sweep(),
            self._receiving.run(),
        )

    async def send(self, delivery: Delivery) -> Sent:
        """See :class:`bots.core.Adapter`."""
        return await self._sender.carry_out(delivery)

    async def say(self, address: str, text: str) -> None:
        """See :class:`bots.core.Announces`."""
        await self._sender.say(address, text)

    async def reachable(self, address: str) -> None:
        """See :class:`bots.core.Wakes`: a number that had to wait may send again."""
        await self._sender.reachable(address)

    def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """See :class:`bots.core.Fetches`."""
        return self._files.fetch(media)

    def discard(self, media: MediaRef) -> None:
        """See :class:`bots.core.Discards`."""
        self._files.remove(media.reference)

    async def close(self) -> None:
        """See :class:`bots.core.adapter.Closes`."""
        await self._aftercare.close()
        await self._rpc.close()
        await self._parser.close()
        self._state.close()

    def _helpers(self) -> list[Coroutine[Any, Any, None]]:
        """The daemon itself, and the page of challenges, where they are wanted."""
        settings = self._settings
        helpers: list[Coroutine[Any, Any, None]] = []
        if settings.signal_cli:
            self.daemon = daemon_of(settings, self._kit.world, self._kit.health)
            helpers.append(self.daemon.run())
        key = settings.signal_challenge_key
        if key is not None:
            app = challenge_app(self._accounts, key.get_secret_value())
            host, port = settings.signal_challenge_host, settings.signal_challenge_port
            helpers.append(serve_app(app, host, port, "Set RELAIS_SIGNAL_CHALLENGE_PORT."))
        return helpers

    async def _look_after_numbers(self) -> None:
        """Which numbers there are, again and again: one may be registered while the bot runs."""
        backoff = Backoff(self._kit.world)
        while True:
            try:
                await self._look()
            except (Lost, RpcError, msgspec.ValidationError) as error:
                # Whoever listens says it to the operator, and says when it is over.
                log.warning("numbers_unknown", error=type(error).__name__)
                await self._kit.world.sleep(backoff.next())
            else:
                backoff.reset()
                await self._kit.world.sleep(LOOK_EVERY if self._accounts.numbers else 2.0)

    async def _sweep(self) -> None:
        while True:
            await asyncio.to_thread(self._files.sweep, self._kit.world.now())
            with contextlib.suppress(SpoolError):  # its disk refuses, which others say
                expired = await self._kit.frames.expire()
                self._kit.health.metrics.events.labels("expired").inc(expired)
            await self._kit.world.sleep(SWEEP_EVERY)

    async def _look(self) -> None:
        version = str((await self._rpc.call("version") or {}).get("version", ""))
        if version_of(version) < FLOOR:
            floor = ".".join(str(one) for one in FLOOR)
            raise ConfigurationError(
                f"The Signal daemon is signal-cli {version or 'of no version'}; "
                f"{floor} or later is needed."
            )
        numbers = await numbers_of(self._rpc)
        self._receiving.heard_of(numbers)
        wanted = self._settings.signal_numbers
        self._accounts.has(numbers)
        if not self._accounts.numbers or len(self._accounts.numbers) < len(wanted):
            which = " of RELAIS_SIGNAL_ACCOUNTS" if wanted else ""
            self._kit.health.problem("signal_account", _NOBODY.format(which=which))
        else:
            self._kit.health.clear("signal_account")
        self._accounts.refresh()
        self._sender.say_who_changed()
        await asyncio.to_thread(self._files.look)
