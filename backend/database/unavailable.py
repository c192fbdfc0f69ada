"""What goes wrong with a database, in three words that an operator can act on."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseUnavailable(Exception):
    """The database is locked, full or gone. Nothing was stored; the caller may try again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def reason(error: BaseException) -> str:
    """``locked``, ``full`` or ``gone``."""
    words = str(getattr(error, "orig", error)).lower()
    for needle, code in (("locked", "locked"), ("full", "full"), ("space", "full")):
        if needle in words:
            return code
    return "gone"


def _by_sqlstate(state: str) -> str | None:
    """PostgreSQL's own code, which asyncpg does not turn into an operational error.

    Deadlock, serialisation, lock timeout; disk full; then whatever says that the server is not
    there for us now (starting, stopping, too many connections, a standby after a failover).
    """
    if state in {"40001", "40P01", "55P03"}:
        return "locked"
    if state == "53100":
        return "full"
    return "gone" if state[:2] in {"08", "53", "57"} or state == "25006" else None


class translated:  # noqa: N801  (reads as a phrase at its uses)
    """Turns the driver's operational errors into :class:`DatabaseUnavailable`, without content."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (OperationalError, sqlite3.OperationalError, PoolTimeout, OSError)):
            raise DatabaseUnavailable(reason(error)) from None
        if isinstance(error, DBAPIError):
            code = _by_sqlstate(getattr(error.orig, "sqlstate", None) or "")
            if code is not None or error.connection_invalidated:
                raise DatabaseUnavailable(code or "gone") from None
