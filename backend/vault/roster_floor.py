"""The highest roster ever used here, kept outside the database.

A database put back to an earlier day would otherwise bring back keys of people who have left, or
leave the installation without any list.
"""

import base64
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from backend.errors import ConfigurationError
from backend.vault.day_files import sync_directory
from backend.vault.roster import SignedRoster

_NAME: Final = "roster-floor.json"


@dataclass(frozen=True, slots=True)
class Floor:
    """Version and document hash (hex) of the newest roster seen; version 0: none yet.

    ``root``: hex of the key that it was believed under; ``document`` and ``signature``: base64 of
    the roster itself. Empty where an earlier version wrote the file.
    """

    version: int = 0
    digest: str = ""
    root: str = ""
    document: str = ""
    signature: str = ""

    @property
    def signed(self) -> SignedRoster | None:
        """The roster as it was signed, if it was kept."""
        if not self.document:
            return None
        return SignedRoster(base64.b64decode(self.document), base64.b64decode(self.signature))


def floor_of(version: int, signed: SignedRoster, root: bytes) -> Floor:
    """Of a roster that is in use."""
    document, signature = (
        base64.b64encode(one).decode() for one in (signed.document, signed.signature)
    )
    return Floor(version, signed.digest, root.hex(), document, signature)


def read_floor(directory: Path) -> Floor:
    """What was remembered in this directory (it lies beside the draft keys)."""
    try:
        stored = json.loads((directory / _NAME).read_text("utf-8"))
        kept = {name: str(stored.get(name, "")) for name in ("root", "document", "signature")}
        return Floor(int(stored["version"]), str(stored["digest"]), **kept)
    except FileNotFoundError:
        return Floor()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{_NAME} beside the draft keys cannot be read; restore it from its own copy"
        ) from error


def raise_floor(directory: Path, floor: Floor) -> None:
    """Keep this roster; a lower one of the same root than is kept changes nothing."""
    known = read_floor(directory)
    if known.root in ("", floor.root):
        lower = floor.version < known.version
        same = floor.version == known.version and bool(known.document)
        if lower or same:
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
