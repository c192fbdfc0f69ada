"""The highest roster ever used here, remembered outside the database.

A database put back to an earlier day would otherwise bring back keys of people who have left.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from backend.errors import ConfigurationError
from backend.vault.day_files import sync_directory

_NAME: Final = "roster-floor.json"


@dataclass(frozen=True, slots=True)
class Floor:
    """Version and document hash (hex) of the newest roster seen; version 0: none yet.

    ``root``: hex of the key that it was believed under; empty where an earlier version wrote it.
    """

    version: int = 0
    digest: str = ""
    root: str = ""


def read_floor(directory: Path) -> Floor:
    """What was remembered in this directory (it lies beside the draft keys)."""
    try:
        stored = json.loads((directory / _NAME).read_text("utf-8"))
        root = str(stored.get("root", ""))
        return Floor(int(stored["version"]), str(stored["digest"]), root)
    except FileNotFoundError:
        return Floor()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{_NAME} beside the draft keys cannot be read; restore it from its own copy"
        ) from error


def raise_floor(directory: Path, floor: Floor) -> None:
    """Remember this roster; a lower one than is remembered changes nothing."""
    if floor.version <= read_floor(directory).version:
        return
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Processes in containers share the folder, and often their id.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=directory, prefix=f".{_NAME}.", delete=False
    ) as file:
        json.dump(asdict(floor), file)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(directory / _NAME)
    sync_directory(directory)
