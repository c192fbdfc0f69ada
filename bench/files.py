"""How fast a file is sealed and opened, streamed as the backend does it; and its peer.

The peer is npm ``age-encryption`` under node, the other implementation of ``mlkem768x25519``. Both
stream the same amount through one header's file key, and neither writes anywhere.
"""

import json
import os
import shutil
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.results import Row
from sealing import KeyPair
from sealing.age import BodyOpener, BodySealer, header, new_file_key, open_header, recipient_of

MEGABYTES: Final = 512
SMALL_MEGABYTES: Final = 64
"""Whose memory stands beside that of the large one: it is flat when both are the same."""
PEER_MEGABYTES: Final = 32
PIECE: Final = 64 * 1024
"""What a web server hands over at a time."""
_NODE: Final = Path(__file__).parents[1] / "tests" / "node"
_SEED: Final = bytes(range(32))


def measure() -> list[Row]:
    """Sealing, opening, and the memory of both together."""
    public = KeyPair(_SEED).public.raw
    peer = _peer_mb_per_s(recipient_of(public))
    name = "npm age-encryption, node, the same recipient" if peer else None
    return [
        Row("seal_file_mb_per_s", _seal_mb_per_s(public), "MB/s", name, peer),
        Row("open_file_mb_per_s", _open_mb_per_s(public), "MB/s"),
        Row(
            "seal_file_peak_mb",
            _peak_mb(public, MEGABYTES),
            f"MB of memory for {MEGABYTES} MB",
            f"the same for {SMALL_MEGABYTES} MB",
            _peak_mb(public, SMALL_MEGABYTES),
        ),
    ]


def _pieces(megabytes: int) -> Iterator[bytes]:
    piece = os.urandom(PIECE)
    return (piece for _ in range(megabytes * 1_000_000 // PIECE))


def _seal(public: bytes, megabytes: int = MEGABYTES) -> Iterator[bytes]:
    file_key = new_file_key(os.urandom)
    yield header(file_key, [public], os.urandom)
    sealer = BodySealer(file_key, os.urandom)
    for piece in _pieces(megabytes):
        yield sealer.update(piece)
    yield sealer.finish()


def _seal_mb_per_s(public: bytes) -> float:
    started = perf_counter()
    for _ in _seal(public):
        pass
    return MEGABYTES / (perf_counter() - started)


def _open_mb_per_s(public: bytes) -> float:
    sealed = _seal(public)
    opener, seconds = BodyOpener(open_header(next(sealed), _SEED)), 0.0
    for piece in sealed:  # kept whole it would be half a gigabyte
        started = perf_counter()
        opener.update(piece)
        seconds += perf_counter() - started
    opener.finish()
    return MEGABYTES / seconds


def _peak_mb(public: bytes, megabytes: int) -> float:
    tracemalloc.start()
    sealed = _seal(public, megabytes)
    opener = BodyOpener(open_header(next(sealed), _SEED))
    for piece in sealed:
        opener.update(piece)
    opener.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1_000_000


def _peer_mb_per_s(recipient: str) -> float | None:
    """None without node or its packages."""
    node = shutil.which("node")
    if node is None or not (_NODE / "node_modules" / "age-encryption").is_dir():
        return None
    asked = {"ask": "speed", "recipient": recipient, "megabytes": PEER_MEGABYTES, "piece": PIECE}
    done = subprocess.run(
        [node, "age.mjs"],
        cwd=_NODE,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return float(json.loads(done.stdout))
