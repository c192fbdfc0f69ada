"""Rows of bench/results.json."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Row:
    """One figure. ``ratio`` is value over the peer's value in the same run, where there is one."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None

    def as_json(self) -> dict[str, object]:
        """With the ratio."""
        ratio = round(self.value / self.peer_value, 3) if self.peer_value else None
        return {**asdict(self), "value": round(self.value, 3), "ratio": ratio}


def write(rows: list[Row]) -> None:
    """Write all rows, in the order measured."""
    RESULTS.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")
