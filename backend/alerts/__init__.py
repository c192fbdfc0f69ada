"""Alerts: tiers, deadlines, who takes a case, and what a responder can write to the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.alerts import notices, referral_notices, timers
from backend.alerts.audience import lock_chats
from backend.alerts.contact import end_contact
from backend.alerts.escalation import (
    added,
    asked_again,
    begin,
    escalate,
    facts_changed,
    next_try,
)
from backend.alerts.facts import barred_from, in_conflict
from backend.alerts.notices import owe_erasure, tell_coordinators
from backend.alerts.on_call import end_shift, set_on_call
from backend.alerts.outcome import Outcome, TakeOutcome
from backend.alerts.repeating import repeat
from backend.alerts.responder import handle_member
from backend.alerts.sweeping import sweep
from backend.alerts.taking import give_up, pass_on, reopen, take
from backend.alerts.timers import end_contact as forget_contact
from backend.alerts.unreachable import act_on_held, act_on_unreachable
from backend.alerts.working import conflict, done, note_step, open_alerts, taken_by, withdraw
from backend.cases.referrals import LATE, TELL
from backend.deliveries.settling import HELD, UNREACHABLE

if TYPE_CHECKING:
    from backend.jobs import Handler

HANDLERS: Final[dict[str, Handler]] = {
    timers.ESCALATE: escalate,
    timers.REPEAT: repeat,
    timers.TAKEN: notices.tell_taken,
    timers.YOURS: notices.tell_yours,
    timers.IDLE: notices.remind,
    timers.RETURN: notices.take_back,
    timers.WITHDRAWN: notices.tell_withdrawn,
    timers.REROUTED: notices.tell_rerouted,
    timers.AGAIN: notices.tell_asked_again,
    timers.ADDED: notices.tell_added,
    timers.TEST: notices.tell_test,
    timers.OWED: notices.tell_owed,
    timers.OFF_CALL: end_shift,
    timers.END_CONTACT: end_contact,
    LATE: referral_notices.tell_late,
    TELL: referral_notices.tell_referral,
    UNREACHABLE: act_on_unreachable,
    HELD: act_on_held,
}
"""Job handlers, by kind. The recurring :func:`sweep` is set up by ``backend.jobs.housekeeping``."""

__all__ = [
    "HANDLERS",
    "Outcome",
    "TakeOutcome",
    "added",
    "asked_again",
    "barred_from",
    "begin",
    "conflict",
    "done",
    "facts_changed",
    "forget_contact",
    "give_up",
    "handle_member",
    "in_conflict",
    "lock_chats",
    "next_try",
    "note_step",
    "open_alerts",
    "owe_erasure",
    "pass_on",
    "reopen",
    "set_on_call",
    "sweep",
    "take",
    "taken_by",
    "tell_coordinators",
    "withdraw",
]
