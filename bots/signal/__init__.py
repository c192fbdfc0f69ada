"""Signal, by a signal-cli daemon of our own."""

from bots.signal.adapter import SignalAdapter

__all__ = ["SignalAdapter"]
