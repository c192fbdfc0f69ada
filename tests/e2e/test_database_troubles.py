"""The database is locked, full or gone under a running server: said, lost nothing.

Every time the same is asked of it: the event is refused with a code and advice, ``/readyz`` says
so, and once the trouble is over the very same event is taken and answered once.
"""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.processes import Process, backend_process
from tests.e2e.talking import Person
from tests.postgresql import running_postgres

SENTINEL = "Qzx7 vermillion heron"


def _wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


class Trouble:
    """One person in the middle of an interview, while something happens to the database."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._client = httpx.Client(
            base_url=process.environment["RELAIS_PUBLIC_URL"], timeout=30, trust_env=False
        )
        self.person = Person(self._client, "person")

    def __enter__(self) -> "Trouble":
        self._process.start()
        for text in ("hello", "1", "1"):
            self.person.says(text)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.kill()

    def post(self, text: str, event: str) -> httpx.Response:
        """One event, with nothing settled."""
        body = self.person.turn({"kind": "text", "text": text}, event)
        headers = self.person.headers()
        return self._client.post(self.person.path("turns"), content=body, headers=headers)

    def ready(self) -> httpx.Response:
        """``/readyz``."""
        return self._client.get("/readyz")

    def is_refused(self, code: str) -> None:
        """503 with the code, here and in ``/readyz``; ``/healthz`` still answers."""
        answer = self.post("2", "troubled")
        assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert "Nothing was lost" in answer.json()["advice"]
        assert answer.headers["retry-after"]
        ready = self.ready()
        assert ready.status_code == 503
        assert [one["code"] for one in ready.json()["problems"]] == [code]
        assert self._client.get("/healthz").json()["status"] == "degraded"

    def is_over(self) -> None:
        """The same event is taken, answered once, and the interview goes on."""
        _wait(lambda: self.ready().status_code == 200)
        answer = self.post("2", "troubled")
        assert answer.status_code == 200, answer.text
        first: dict[str, Any] = answer.json()["delivery"]
        again = self.post("2", "troubled").json()["delivery"]
        assert (again["id"], again["seq"]) == (first["id"], first["seq"])
        assert self.person.settles(again)
        assert self.post("2", "troubled").json()["delivery"] is None
        assert self.person.says("s")
        assert SENTINEL not in self._process.log.read_text()


def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    """Another program holds the lock for longer than we are patient: locked, then all is well."""
    with Trouble(backend_process(tmp_path)) as trouble:
        other = sqlite3.connect(tmp_path / "var" / "relais.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        trouble.is_refused("database_locked")
        other.execute("ROLLBACK")
        other.close()
        trouble.is_over()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Process]:
    """A backend whose data stand on a disk of 4 MB, which only it can see."""
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "true"], check=False).returncode
    ):
        pytest.skip("this machine lets nobody mount a small disk")
    process = backend_process(tmp_path)
    disk = tmp_path / "var"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=4m tmpfs "{disk}" && exec "$@"'
    process.before = [*namespace, "sh", "-c", script, "sh"]
    yield process
    process.kill()


def test_a_full_disk_is_said_and_lost_nothing(small_disk: Process) -> None:
    """No block is left for the database: full; when there is room again it goes on by itself."""
    with Trouble(small_disk) as trouble:
        assert small_disk.running is not None
        # The root that this process sees: our own /proc shows what it has mounted.
        inside = Path(f"/proc/{small_disk.running.pid}/root")
        filler = inside / small_disk.environment["RELAIS_DATA_DIR"].lstrip("/") / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass
        _wait(lambda: _fill_up(trouble))
        trouble.is_refused("database_full")
        filler.unlink()
        trouble.is_over()


def _fill_up(trouble: Trouble) -> bool:
    """Somebody else's messages use up what is left in pages that are already there."""
    other = Person(trouble.person.client, f"other-{time.monotonic_ns()}")
    body = other.turn({"kind": "text", "text": "hello"}, other.address)
    answer = other.client.post(other.path("turns"), content=body, headers=other.headers())
    return answer.status_code == 503


def test_a_file_that_was_taken_away_is_missed(tmp_path: Path) -> None:
    """SQLite would go on writing into a deleted file; here it is gone, and comes back."""
    with Trouble(backend_process(tmp_path)) as trouble:
        path = tmp_path / "var" / "relais.db"
        path.rename(tmp_path / "elsewhere")
        trouble.is_refused("database_gone")
        (tmp_path / "elsewhere").rename(path)
        trouble.is_over()


def test_postgresql_may_crash_and_come_back(tmp_path: Path) -> None:
    """Its connections break, nobody answers: gone; started again, the server needs no help."""
    with running_postgres(durable=True) as server:
        url = server.url(server.create_database())
        with Trouble(backend_process(tmp_path, database_url=url)) as trouble:
            server.kill()
            trouble.is_refused("database_gone")
            server.start()
            trouble.is_over()
