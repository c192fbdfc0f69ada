"""signal-cli's daemon as a child of the bot: started, watched, started again."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from bots.core import Backoff, BotSettings, ConfigurationError, Health, World
from bots.signal.lines import Lost, connect
from bots.signal.rpc import PULSE, Rpc, RpcError

log = structlog.get_logger("relais.signal")

FLOOR: Final = (0, 13, 19)
"""The version that was tested; older ones are refused, for Signal ends their service."""
STABLE: Final = 60.0
LOOK_EVERY: Final = 60.0
MISSES: Final = 5
"""Minutes, nearly, without an answer: it may be slow, and starting it anew costs seconds."""
_HUNG: Final = "signal-cli ran and did not answer for five minutes; it was started anew."
_ENDS: Final = "signal-cli ends again and again (exit code {code}); started anew each time."


def command_of(signal_cli: str, folder: Path, address: str) -> list[str]:
    """Receives only while somebody is subscribed, writes to no log, sends no receipts by itself."""
    where = (
        ["--socket", address.removeprefix("unix:")]
        if address.startswith("unix:")
        else ["--tcp", address]
    )
    return [
        *(signal_cli, "--config", str(folder)),
        *("daemon", *where),
        *("--receive-mode", "manual"),
        *("--no-receive-stdout", "--ignore-stories"),
    ]


def daemon_of(settings: BotSettings, world: World, health: Health) -> "Daemon":
    """As the settings have it. Raises :class:`ConfigurationError`."""
    address, folder = settings.signal_daemon, settings.signal_folder
    command = command_of(settings.required("signal_cli"), folder, address)
    return Daemon(command, address, world, health, folder / "avatars")


def version_of(text: str) -> tuple[int, ...]:
    """``0.13.19`` as numbers; what cannot be read is the oldest of all."""
    numbers = text.split("-", maxsplit=1)[0].split(".")
    return tuple(int(one) for one in numbers) if all(n.isdecimal() for n in numbers) else ()


class Daemon:
    """``run`` until cancelled; then the child ends too."""

    def __init__(
        self,
        command: Sequence[str],
        address: str,
        world: World,
        health: Health,
        avatars: Path | None = None,
    ) -> None:
        self._avatars = avatars
        if shutil.which(command[0]) is None:
            raise ConfigurationError(
                f"RELAIS_SIGNAL_CLI: {command[0]} cannot be run. Is signal-cli installed there?"
            )
        self._command = command
        self._address = address
        self._world = world
        self._health = health
        self._rpc = Rpc(address, world)
        self.pid: int | None = None
        """Of the child that runs."""

    async def run(self) -> None:
        """Keep it alive."""
        try:
            await self._again_and_again()
        finally:
            await self._rpc.close()

    async def _again_and_again(self) -> None:
        backoff = Backoff(self._world)
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        while True:
            began = self._world.monotonic()
            await self._clear_away()
            # Its words are nobody's to keep: they may name people.
            child = await asyncio.create_subprocess_exec(
                *guard,
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            self.pid = child.pid
            log.info("daemon_started")
            try:
                code = await self._ended(child)
            finally:
                if child.returncode is None:
                    await _end(child)
            log.warning("daemon_ended", code=code)
            self._health.metrics.errors.labels("signal_daemon_ended").inc()
            if self._world.monotonic() - began > STABLE:
                backoff.reset()
            else:
                self._health.problem("signal_daemon", _ENDS.format(code=code))
            await self._world.sleep(backoff.next())

    async def _clear_away(self) -> None:
        """A daemon that was killed leaves its socket, on which no other one can listen.

        One that is answered on is somebody else's, or of an earlier run that is about to end.
        """
        if not self._address.startswith("unix:"):
            return
        try:
            (await connect(self._address)).close()
        except Lost:
            await asyncio.to_thread(_make_room, Path(self._address.removeprefix("unix:")))

    async def _ended(self, child: asyncio.subprocess.Process) -> int:
        """Its code, by itself or because it did not answer any more."""
        watching = [
            asyncio.create_task(self._is_stable()),
            asyncio.create_task(self._end_when_it_hangs(child)),
        ]
        try:
            return await child.wait()
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def _is_stable(self) -> None:
        """What was wrong is over once it has run for a while."""
        await self._world.sleep(STABLE)
        self._health.clear("signal_daemon")

    async def _end_when_it_hangs(self, child: asyncio.subprocess.Process) -> None:
        missed = 0
        while missed < MISSES:
            await self._world.sleep(LOOK_EVERY)
            await asyncio.to_thread(self._sweep)
            missed = 0 if await self._answers() else missed + 1
        log.warning("daemon_hangs")
        self._health.metrics.errors.labels("signal_daemon_hangs").inc()
        self._health.note("signal_daemon_hung", _HUNG)
        await _end(child)

    def _sweep(self) -> None:
        """Whoever writes leaves the picture of their profile, and an erasure leaves it there."""
        for path in self._avatars.glob("*") if self._avatars is not None else ():
            try:
                path.unlink()
            except OSError as error:
                log.warning("avatar_not_removed", error=type(error).__name__)

    async def _answers(self) -> bool:
        try:
            await self._rpc.call("version", PULSE)
        except Lost:
            return False
        except RpcError:
            pass
        return True


def _make_room(socket: Path) -> None:
    with contextlib.suppress(OSError):
        socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if socket.is_socket():
            socket.unlink()


async def _end(child: asyncio.subprocess.Process) -> None:
    """It closes its own database first."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), 10)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
