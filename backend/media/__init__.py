"""Files that people send: streamed into the sealed store, linked to an answer, gone with it."""

from backend.media.removing import remove_files
from backend.media.store import FileStore, FilesUnavailable, Stored, open_store

__all__ = ["FileStore", "FilesUnavailable", "Stored", "open_store", "remove_files"]
