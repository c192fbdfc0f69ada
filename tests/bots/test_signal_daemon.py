"""The real signal-cli daemon, which cannot reach Signal here; and the stand-in, held against it."""

import asyncio
import os
import signal as signals_of_unix
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.core import World
from bots.signal.lines import Lost, connect
from bots.signal.rpc import Rpc, RpcError
from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import start
from tests.bots.slow_world import until
from tests.e2e.fake_signal import FakeSignal
from tests.e2e.processes import free_port
from tests.signal_cli import daemon_command, program

pytestmark = pytest.mark.slow
UNKNOWN = "+15557654321"


def wait_for(address: str) -> None:
    """Until somebody listens there."""

    async def there() -> bool:
        try:
            (await connect(address)).close()
        except Lost:
            return False
        return True

    end = time.monotonic() + 60
    while not asyncio.run(there()):
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; started as the bot starts it."""
    folder = tmp_path_factory.mktemp("signal-cli")
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        daemon_command(folder, address), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait(20)


async def outcome(address: str, method: str, parameters: dict[str, Any]) -> object:
    """The result's kind, or the error's code and words."""
    rpc = Rpc(address, World())
    try:
        result = await rpc.call(method, **parameters)
    except RpcError as error:
        return error.code, error.message
    finally:
        await rpc.close()
    return sorted(result) if isinstance(result, dict) else type(result).__name__


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("version", {}),
    ("listAccounts", {}),
    ("subscribeReceive", {}),
    ("subscribeReceive", {"account": UNKNOWN}),
    ("send", {"recipient": [UNKNOWN], "message": "x"}),
    ("send", {"account": UNKNOWN, "recipient": [UNKNOWN], "message": "x"}),
    ("remoteDelete", {"account": UNKNOWN, "recipient": [UNKNOWN], "targetTimestamp": 1}),
    ("sendReceipt", {"account": UNKNOWN, "recipient": UNKNOWN, "targetTimestamp": [1]}),
    ("sendTyping", {"account": UNKNOWN, "recipient": [UNKNOWN]}),
    ("updateContact", {"account": UNKNOWN, "recipient": UNKNOWN, "expiration": 60}),
    ("removeContact", {"account": UNKNOWN, "recipient": UNKNOWN, "forget": True}),
    ("quitGroup", {"account": UNKNOWN, "groupId": "x", "delete": True}),
    ("trust", {"account": UNKNOWN, "recipient": UNKNOWN, "trustAllKnownKeys": True}),
    ("submitRateLimitChallenge", {"account": UNKNOWN, "challenge": "x", "captcha": "y"}),
    ("getUserStatus", {"account": UNKNOWN, "recipient": [UNKNOWN]}),
    ("setPin", {"account": UNKNOWN, "pin": "12345678"}),
    ("updateProfile", {"account": UNKNOWN, "givenName": "x"}),
    ("updateConfiguration", {"account": UNKNOWN, "readReceipts": True}),
    ("updateAccount", {"account": UNKNOWN, "numberSharing": False}),
    ("listIdentities", {"account": UNKNOWN, "number": UNKNOWN}),
    ("nothing", {}),
]


@pytest.mark.parametrize(("method", "parameters"), CALLS)
async def test_the_stand_in_answers_as_the_real_one(
    daemon: str, method: str, parameters: dict[str, Any]
) -> None:
    """Every call that the bot makes exists, and both answer alike where the real one answers."""
    with FakeSignal(numbers=[]) as stand_in:
        stand = await outcome(stand_in.address, method, parameters)
    assert await outcome(daemon, method, parameters) == stand


async def test_rubbish_breaks_no_connection(daemon: str) -> None:
    """A line that is no JSON gets an error without an id; the next call is answered."""
    lines = await connect(daemon)
    lines.write(b"not json")
    (first,) = await lines.take()
    assert b"-32700" in first
    lines.write(b'{"jsonrpc":"2.0","id":"1","method":"version"}')
    (second,) = await lines.take()
    assert b'"id":"1"' in second
    lines.close()


def environment(address: str) -> dict[str, str]:
    """For the command line."""
    return {"RELAIS_SIGNAL_DAEMON": address, "RELAIS_BOT_TOKEN_SIGNAL": "token-of-a-test"}


def test_what_a_person_does_by_hand_gets_clear_words(daemon: str) -> None:
    """Status of no number; registering and linking without a network say that Signal is away."""
    run = CliRunner(env=environment(daemon))
    assert "signal-cli 0.13.19, 0 number(s)" in run.invoke(app, ["signal", "status"]).output
    refused = run.invoke(app, ["signal", "register", UNKNOWN])
    assert refused.exit_code == 2
    assert "Signal refuses: Failed to register" in refused.output
    assert run.invoke(app, ["signal", "link"]).exit_code == 2
    nobody = CliRunner(env=environment(f"127.0.0.1:{free_port()}"))
    away = nobody.invoke(app, ["signal", "status"])
    assert away.exit_code == 2
    assert "does not answer at RELAIS_SIGNAL_DAEMON" in away.output


@pytest.mark.timeout(120)
async def test_the_bot_starts_its_daemon_and_starts_it_again(tmp_path: Path) -> None:
    """Killed, it comes back and the bot is subscribed again; with the bot it ends."""
    backend = FakeBackend()
    stand_in = FakeSignal()
    stand_in._port = free_port()
    elsewhere = tmp_path / "program"
    elsewhere.mkdir()
    running = start(tmp_path, backend, stand_in, signal_cli=program(elsewhere))
    health = running.relay.health
    no_number = "signal_account"
    await until(lambda: no_number in health.problems and "signal_away" not in health.problems, 60)
    daemon = running.adapter.daemon
    assert daemon is not None
    first = daemon.pid
    assert first is not None
    os.kill(first, signals_of_unix.SIGKILL)
    await until(lambda: daemon.pid not in (None, first), 30)
    await until(lambda: "signal_away" in health.problems, 30)
    await until(lambda: "signal_away" not in health.problems, 60)
    last = daemon.pid
    assert last is not None
    await running.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


@pytest.mark.timeout(120)
def test_the_daemon_alone_is_watched_on_a_socket(tmp_path: Path) -> None:
    """As in a container of its own: killed, it leaves its socket, and is back all the same."""
    socket = tmp_path / "socket"
    settings = {
        "RELAIS_SIGNAL_DAEMON": f"unix:{socket}",
        "RELAIS_SIGNAL_CLI": program(tmp_path),
        "RELAIS_SIGNAL_FOLDER": str(tmp_path / "accounts"),
    }
    command = [sys.executable, "-m", "bots.cli", "signal", "daemon"]
    watcher = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"unix:{socket}")
        (child,) = children_of(watcher.pid)
        os.kill(child, signals_of_unix.SIGKILL)
        assert socket.is_socket(), "what it left"
        wait_for_other(watcher.pid, child)
        wait_for(f"unix:{socket}")
        (second,) = children_of(watcher.pid)
    finally:
        watcher.terminate()
        assert watcher.wait(20) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def children_of(pid: int) -> list[int]:
    """Process ids."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_other(pid: int, child: int) -> None:
    """Until another child runs."""
    end = time.monotonic() + 60
    while children_of(pid) in ([], [child]):
        assert time.monotonic() < end
        time.sleep(0.1)
