"""Conditions in plain words: what a lawyer reads means what the file says."""

import pytest

from conversation import load_interview
from conversation.charting import PlainWords

HEAD = """\
id: t
version: 1
source: en
steps:
  - {id: q, ask: choice, text: "Q?", options: {a: "Apples", b: "Pears"}}
  - {id: m, ask: many, text: "M?", options: {a: "Apples", b: "Pears"}}
  - {id: n, ask: number, compartment: brief, text: "N?", range: {min: 1, max: 9}}
  - {id: s, say: "S.", when: %s}
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{q: {is: a}}", "only if [q] is “Apples”"),
        ("{q: {in: [a, b]}}", "only if [q] is “Apples” or “Pears”"),
        ("{m: {includes: b}}", "only if [m] includes “Pears”"),
        ("{n: {ge: 3}}", "only if [n] is at least 3"),
        ("{q: {skipped: true}}", "only if [q] was skipped"),
        ("{q: {answered: false}}", "only if [q] was skipped"),
        ("{not: {q: {is: a}}}", "only if not ([q] is “Apples”)"),
        ("{path: {is: me}}", "only if it happened to her"),
        ("{helpers: {is: none}}", "only if there is nobody to ask"),
        ("{child: {is: '12_17'}}", "only if age 12–17"),
        (
            "{all: [{q: {in: [a, b]}}, {any: [{n: {lt: 3}}, {m: {answered: true}}]}]}",
            "only if ([q] is “Apples” or “Pears”) and ([n] is below 3 or [m] was answered)",
        ),
    ],
)
def test_a_condition_is_said_in_words(written: str, read: str) -> None:
    """Options are quoted as she sees them, and what belongs together stands in brackets."""
    interview = load_interview((HEAD % written).encode(), "t.yaml")
    words = {text.id: text.source for text in interview.translatable}
    said = PlainWords(interview, words.__getitem__).condition(interview.steps["s"].when_source)
    assert said == read
