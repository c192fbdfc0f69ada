"""The pure engine: interview documents in, what to say and what to carry out, out."""

from conversation.adopting import adopt
from conversation.commands import command_in
from conversation.context import CaseStatus, Context
from conversation.directory import (
    Area,
    Directory,
    Match,
    Member,
    Organisation,
    Reason,
    Service,
    Team,
    Tier,
    Wish,
)
from conversation.document import Interview, Step, Text, texts
from conversation.ending import ERASE_DAYS
from conversation.engine import advance, begin, over_first_question
from conversation.events import Chose, Deleted, Edited, Event, Said, Sent, Silence, Started
from conversation.findings import Finding, InterviewError
from conversation.lexicon import Lexicon
from conversation.loading import load_interview
from conversation.matching import match
from conversation.normalise import normalise
from conversation.replies import (
    Count,
    Date,
    Name,
    Option,
    Param,
    Part,
    Ref,
    Reply,
    Several,
    Time,
)
from conversation.state import State, StateError, dump_state, load_state
from conversation.turn import Stepped

__all__ = [
    "ERASE_DAYS",
    "Area",
    "CaseStatus",
    "Chose",
    "Context",
    "Count",
    "Date",
    "Deleted",
    "Directory",
    "Edited",
    "Event",
    "Finding",
    "Interview",
    "InterviewError",
    "Lexicon",
    "Match",
    "Member",
    "Name",
    "Option",
    "Organisation",
    "Param",
    "Part",
    "Reason",
    "Ref",
    "Reply",
    "Said",
    "Sent",
    "Service",
    "Several",
    "Silence",
    "Started",
    "State",
    "StateError",
    "Step",
    "Stepped",
    "Team",
    "Text",
    "Tier",
    "Time",
    "Wish",
    "adopt",
    "advance",
    "begin",
    "command_in",
    "dump_state",
    "load_interview",
    "load_state",
    "match",
    "normalise",
    "over_first_question",
    "texts",
]
