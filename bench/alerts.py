"""How long from "yes, ask for help" to the alert in the bot's hands."""

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from bench.results import Row
from tests.e2e.console_client import enrol_demo_member
from tests.e2e.processes import free_port, run_process
from tests.e2e.talking import Person

ROUNDS = 30
TO_CONSENT = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "3")


def measure() -> Row:
    """p95 of ``ROUNDS`` cases, with the responder's bot long-polling as bots do."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = run_process(Path(folder), port)
        process.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=40) as client:
                enrol_demo_member(client, process.log.read_text())
                latencies = [_one(client, number) for number in range(ROUNDS)]
        finally:
            process.stop()
    return Row("alert_p95_ms", sorted(latencies)[int(ROUNDS * 0.95)] * 1000, "ms")


def _one(client: httpx.Client, number: int) -> float:
    person = Person(client, f"person-{number}")
    for text in TO_CONSENT:
        person.says(text)
    found: dict[str, Any] = {}
    waiting = threading.Thread(target=_wait_for_alert, args=(client, found))
    waiting.start()
    started = time.perf_counter()
    person.says("1")
    waiting.join(30)
    return float(found["at"]) - started


def _wait_for_alert(client: httpx.Client, found: dict[str, Any]) -> None:
    listener = Person(client, "responder")
    while "at" not in found:
        answer = client.get(
            listener.path("deliveries"), params={"wait": 25}, headers=listener.headers()
        )
        for delivery in answer.json()["deliveries"]:
            if delivery["address"] == "responder":
                found["at"] = time.perf_counter()
            listener.settles(delivery)
