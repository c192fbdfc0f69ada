"""How fast this machine is just now, so that figures of two runs can be compared."""

import time

from bench.results import Row
from sealing import KeyPair, open_envelope, seal_envelope

ROUNDS = 3_000
DESIGN = 13_409
"""Opens of 1 KiB a second on the machine that the design's targets were set on."""


def measure() -> Row:
    """xwing_opens_per_s: one core, 1 KiB, nothing else."""
    keys = KeyPair(bytes(range(32)))
    sealed = seal_envelope(b"x" * 1000, key_id="k", to=keys.public, channel="c", event_id="e")
    started = time.perf_counter()
    for _ in range(ROUNDS):
        open_envelope(sealed, keys, channel="c", event_id="e")
    rate = ROUNDS / (time.perf_counter() - started)
    return Row("xwing_opens_per_s", rate, "opens/s", "the design's machine", DESIGN)
