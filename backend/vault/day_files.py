"""Key files named by a period, made once (O_EXCL) on a volume that all backends share."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from backend.errors import ConfigurationError


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's bytes; made by ``make`` when it does not exist. Two processes agree on one."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = make()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{make()[:6].hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key is the key
            os.link(temporary, path)
        sync_directory(path.parent)
    finally:
        temporary.unlink()
    return path.read_bytes()


def destroy(path: Path) -> None:
    """Overwrite and remove a key file; the directory entry is gone for good when this returns."""
    try:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(b"\0" * size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_directory(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(f"the key file {path.name} cannot be destroyed") from error


def sync_directory(directory: Path) -> None:
    """A name that was made, moved or removed in it stays so when the power fails now."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
