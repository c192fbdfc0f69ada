"""Real processes of ours for end-to-end tests: started, waited for, killed, started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-the-{channel}-bot-in-tests"


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bot_token(channel: str) -> str:
    """The bearer token that test processes use."""
    return TOKEN.format(channel=channel)


@dataclass
class Process:
    """One of our commands, with its output in a file."""

    arguments: list[str]
    environment: dict[str, str]
    log: Path
    ready_url: str
    before: list[str] = field(default_factory=list)
    """A command that runs ours (in a namespace of its own, say)."""
    running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, timeout: float = 30) -> None:
        """Start, and return once ``ready_url`` answers 200."""
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                [*self.before, sys.executable, *self.arguments],
                env=_clean_environment() | self.environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )
        until = time.monotonic() + timeout
        while True:
            if self.running.poll() is not None:
                raise RuntimeError(f"it ended at once:\n{self.log.read_text()[-3000:]}")
            try:
                if httpx.get(self.ready_url, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"it was not ready in time:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill -9: nothing gets a chance to tidy up."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None

    def stop(self, timeout: float = 15) -> int:
        """As Ctrl-C does; the exit code."""
        if self.running is None:
            return 0
        self.running.send_signal(signal.SIGINT)
        try:
            return self.running.wait(timeout)
        finally:
            self.kill()


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}


def backend_process(
    directory: Path, *, port: int | None = None, database_url: str = "", page: bool = False
) -> Process:
    """`relais serve` in demo mode on its own directory."""
    port = port or free_port()
    environment = {
        "RELAIS_DATA_DIR": str(directory / "var"),
        "RELAIS_PORT": str(port),
        "RELAIS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RELAIS_DATABASE_URL": database_url,
        "RELAIS_JOB_SECONDS": "0.1",
    }
    for channel in ("telegram", "matrix", "signal", *(("page",) if page else ())):
        environment[f"RELAIS_BOT_TOKEN_{channel.upper()}"] = bot_token(channel)
    return Process(
        arguments=["-m", "launch.cli", "serve"],
        environment=environment,
        log=directory / "backend.log",
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )


def run_process(directory: Path, port: int) -> Process:
    """`relais run`, as `make run` starts it."""
    return Process(
        arguments=["-m", "launch.cli", "run"],
        environment={
            "RELAIS_DATA_DIR": str(directory / "var"),
            "RELAIS_PORT": str(port),
            "RELAIS_BOT_TOKEN_TELEGRAM": bot_token("telegram"),
            "RELAIS_BOT_TOKEN_MATRIX": bot_token("matrix"),
            "RELAIS_BOT_TOKEN_SIGNAL": bot_token("signal"),
            "RELAIS_JOB_SECONDS": "0.2",
        },
        log=directory / "run.log",
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )
