"""One inbound message is one turn: one transaction, committed before the answer leaves."""

from backend.turns.service import silence, take_turn

__all__ = ["silence", "take_turn"]
