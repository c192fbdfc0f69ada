"""A Matrix server of one's own: the real Synapse, on a loopback port, gone when the block ends."""

import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

START_SECONDS: Final = 30.0
SERVER: Final = "relais.test"
_SECRET: Final = "registration"
_FREE: Final = {"per_second": 100_000, "burst_count": 100_000}


@dataclass
class Synapse:
    """A running server. ``kill`` and ``start`` keep its data."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        """What a client takes for its homeserver."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        command = [*guard, sys.executable, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
        with (self.home / "out").open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=self.home,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/_matrix/client/versions", timeout=2).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError(f"Synapse did not start:\n{(self.home / 'out').read_text()[-4000:]}")

    def kill(self) -> None:
        """Kill at once: whatever was not on its disk is gone."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def register(self, name: str, password: str = "password of a test") -> str:
        """A new account; returns its user id."""
        path = f"{self.url}/_synapse/admin/v1/register"
        nonce = httpx.get(path, timeout=10).json()["nonce"]
        mac = hmac.new(
            _SECRET.encode(), f"{nonce}\0{name}\0{password}\0notadmin".encode(), hashlib.sha1
        ).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": mac}
        answer = httpx.post(path, json=body, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["user_id"])


@contextmanager
def running_synapse(port: int) -> Iterator[Synapse]:
    """A new server without federation, presence, limits or anybody's data."""
    with tempfile.TemporaryDirectory(prefix="relais-synapse-") as folder:
        home = Path(folder)
        _configure(home, port)
        server = Synapse(home, port)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _configure(home: Path, port: int) -> None:
    log = {
        "version": 1,
        "handlers": {"out": {"class": "logging.StreamHandler"}},
        "root": {"level": "ERROR", "handlers": ["out"]},
    }
    settings: dict[str, Any] = {
        "server_name": SERVER,
        "pid_file": str(home / "pid"),
        "signing_key_path": str(home / "signing.key"),
        "listeners": [
            {
                "port": port,
                "type": "http",
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(home / "synapse.db")}},
        "log_config": str(home / "log.yaml"),
        "media_store_path": str(home / "media"),
        "registration_shared_secret": _SECRET,
        "macaroon_secret_key": "macaroons of a test",
        "form_secret": "forms of a test",
        "report_stats": False,
        # The least there is: a hundred people sign in for a measurement.
        "bcrypt_rounds": 4,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        "presence": {"enabled": False},
        # A cached answer to a full sync is a stale one.
        "caches": {"sync_response_cache_duration": "0s"},
        "rc_login": {"address": _FREE, "account": _FREE, "failed_attempts": _FREE},
        "rc_joins": {"local": _FREE, "remote": _FREE},
        "rc_invites": {"per_room": _FREE, "per_user": _FREE, "per_issuer": _FREE},
        **{
            f"rc_{name}": _FREE
            for name in (
                *("message", "registration", "admin_redaction", "joins_per_room"),
                *("key_requests", "media_create", "room_creation"),
            )
        },
    }
    (home / "log.yaml").write_text(json.dumps(log))
    (home / "homeserver.yaml").write_text(json.dumps(settings))  # JSON is YAML
    subprocess.run(
        [
            *(sys.executable, "-m", "synapse.app.homeserver"),
            *("-c", "homeserver.yaml", "--generate-keys"),
        ],
        cwd=home,
        env=_environment(),
        check=True,
        capture_output=True,
    )
