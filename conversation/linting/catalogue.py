"""Every rule of the linter: its code, how serious it is, and what it is about in one line.

What a file cannot even be loaded with has codes of its own, raised where the file is read.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from conversation.findings import Severity


class Rule(NamedTuple):
    """``severity`` where a finding does not say another."""

    severity: Severity
    about: str


RULES: Final = MappingProxyType(
    {
        "PATH001": Rule("error", "a step that nobody ever sees"),
        "PATH002": Rule("error", "a question that no answer leaves, or an end without words"),
        "PATH003": Rule("error", "a condition that can never be true, or an option never shown"),
        "PATH004": Rule("warning", "a way that is too long"),
        "PATH005": Rule("warning", "a question whose answer changes nothing and is kept nowhere"),
        "PATH006": Rule("warning", "there are more ways than can be walked; some were left out"),
        "WHEN007": Rule("warning", "a `not` that is also true when the question was skipped"),
        "CODE002": Rule("error", "a code, or a value of a code, that does not exist"),
        "CODE003": Rule("warning", "an answer without a code although there is one for it"),
        "LEN001": Rule("error", "a question over 300 characters"),
        "LEN002": Rule("error", "a message over 600 characters"),
        "LEN003": Rule("warning", "an option's label over 40 characters"),
        "LEN004": Rule("warning", "a sentence over 12 words"),
        "LEN005": Rule("note", "more than 7 options: the list has pages"),
        "LEN006": Rule("warning", "a bubble that Signal has to send in two pieces"),
        "TEXT001": Rule("error", "a placeholder that is not filled in here"),
        "SAFE001": Rule("error", "only the language before `safe_now`; unsafe stops"),
        "PREV001": Rule("error", "a word that tells the topic in a bubble's first 40 characters"),
        "EXIT001": Rule("error", "an answer that stands in the way of leaving"),
        "MED001": Rule("error", "care before the account; never a word of a closed window"),
        "CONS001": Rule("error", "a consent without more text, recipients, or with two purposes"),
        "CONS002": Rule("warning", "a consent in whose words an element seems to be missing"),
        "LIM001": Rule("error", "the limits are said before anything is told"),
        "WORD001": Rule("error", "a word that blames, promises or frightens"),
        "SKIP001": Rule("error", "skipping everything still shows who helps"),
        "KNOCK001": Rule("error", "a knock says a code name and a fixed text, nothing else"),
        "ALERT001": Rule("error", "an alert holds the routing facts and nothing else"),
        "EXCL001": Rule("error", "whom she leaves out is never asked, told or shown"),
        "SHEL001": Rule("error", "no number, address or link in a text"),
        "CHILD001": Rule("error", "nobody under 18 is asked for an account, files or justice"),
        "ECHO001": Rule("error", "nothing sent repeats what she wrote"),
        "DIST001": Rule("error", "distress ends no path and alerts nobody without a yes"),
    }
)
