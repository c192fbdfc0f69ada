"""Rows due at a time: deadlines, reminders, retention. The effect and the next timer in one commit.

``housekeeping`` holds the recurring ones; it is imported by name, so that whoever schedules a job
does not import everything that jobs may touch.
"""

from backend.jobs.failures import code_of
from backend.jobs.job import Aside, Claimed, Handler, Job, Work
from backend.jobs.queue import (
    Counts,
    cancel,
    cancel_subject,
    counts,
    failed,
    hasten,
    revive,
    schedule,
)
from backend.jobs.runner import Runner

__all__ = [
    "Aside",
    "Claimed",
    "Counts",
    "Handler",
    "Job",
    "Runner",
    "Work",
    "cancel",
    "cancel_subject",
    "code_of",
    "counts",
    "failed",
    "hasten",
    "revive",
    "schedule",
]
