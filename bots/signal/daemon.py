"""signal-cli's daemon as a child of the bot: started, watched, started again."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from bots.core import Backoff, ConfigurationError, Kit

log = structlog.get_logger("relais.signal")

FLOOR: Final = (0, 13, 19)
"""The version that was tested; older ones are refused, for Signal ends their service."""
STABLE: Final = 60.0
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


def version_of(text: str) -> tuple[int, ...]:
    """``0.13.19`` as numbers; what cannot be read is the oldest of all."""
    numbers = text.split("-", maxsplit=1)[0].split(".")
    return tuple(int(one) for one in numbers) if all(n.isdecimal() for n in numbers) else ()


class Daemon:
    """``run`` until cancelled; then the child ends too."""

    def __init__(self, command: Sequence[str], kit: Kit) -> None:
        if shutil.which(command[0]) is None:
            raise ConfigurationError(
                f"RELAIS_SIGNAL_CLI: {command[0]} cannot be run. Is signal-cli installed there?"
            )
        self._command = command
        self._world = kit.world
        self._health = kit.health
        self.pid: int | None = None
        """Of the child that runs."""

    async def run(self) -> None:
        """Keep it alive."""
        backoff = Backoff(self._world)
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        while True:
            began = self._world.monotonic()
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

    async def _ended(self, child: asyncio.subprocess.Process) -> int:
        """Its code; what was wrong is over once it has run for a while."""
        ending = asyncio.ensure_future(child.wait())
        try:
            return await self._world.within(STABLE, asyncio.shield(ending))
        except TimeoutError:
            self._health.clear("signal_daemon")
            return await ending
        finally:
            ending.cancel()


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
