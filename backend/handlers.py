"""Every kind of job and what carries it out."""

from backend import alerts
from backend.demo.coordinator import RENEW_JOB, renew_daily
from backend.jobs import housekeeping
from backend.jobs.job import Work
from backend.media import removing


def all_handlers() -> dict[str, Work]:
    """Kind -> handler."""
    return {
        **alerts.HANDLERS,
        **housekeeping.HANDLERS,
        **removing.HANDLERS,
        RENEW_JOB: renew_daily,
    }
