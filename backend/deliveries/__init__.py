"""The outbox: what is to leave, in order per conversation, leased with a fencing token."""

from backend.deliveries.composing import Wire, compose
from backend.deliveries.leasing import lease_due, lease_next
from backend.deliveries.outgoing import Body, Outgoing, Pressed, dump_body, load_body
from backend.deliveries.queueing import (
    LEASE_MS,
    Prepared,
    enqueue,
    insert,
    prepare,
    silence_queue,
)
from backend.deliveries.settling import settle

__all__ = [
    "LEASE_MS",
    "Body",
    "Outgoing",
    "Prepared",
    "Pressed",
    "Wire",
    "compose",
    "dump_body",
    "enqueue",
    "insert",
    "lease_due",
    "lease_next",
    "load_body",
    "prepare",
    "settle",
    "silence_queue",
]
