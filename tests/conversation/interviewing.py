"""Walking an interview that ships with one answer a question, in a small made-up town."""

from functools import cache

import conversation
from backend.content import packaged_interviews, read_interview
from conversation import Directory, Interview
from conversation import effects as fx
from conversation.directory import Area, Member, Organisation, Service, Team
from i18n import phrases
from tests.conversation.talking import Person
from tests.conversation.test_main_interview import needed

MAIN, HOME, WAY, CRIMES = (
    "conflict-sexual-violence",
    "domestic-violence",
    "migration-route",
    "other-grave-crimes",
)
NAMES = (MAIN, HOME, WAY, CRIMES)
SHIPPED = {path.stem for path in packaged_interviews().glob("*.yaml")}

_KINDS = (
    "health_medical_service", "psychosocial_service", "safehouse_service",
    "child_protection_service", "legal_assistance_service", "other_service",
)  # fmt: skip
TOWN = Directory(
    areas=(Area("a1", {"en": "North"}), Area("a2", {"en": "River"})),
    organisations=(Organisation("o1", "Lantern"), Organisation("o2", "Hands")),
    services=(
        Service("s1", "o2", _KINDS[0], (), "Clinic", "Open", children=True, offers=("hiv_pep",)),
        Service("s2", "o1", _KINDS[3], (), "House of play", "Daily", children=True),
    ),
    teams=tuple(
        Team(f"t{n}", f"o{n}", _KINDS, (), (), n, (Member(f"m{n}", "female"),), children=True)
        for n in (1, 2)
    ),
)
"""Somebody for every need, of any age; plainly made up."""

ASKED = {
    "safe_now": "yes", "device": "only_me", "phone_holder": "me", "for_whom": "me",
    "age_band": "26_40", "urgent_now": "none", "risk": "none", "area": "a1", "moving": "today",
    "when_last": "0_3_days", "needs": "psychosocial_service", "who_answers": "any",
    "ask_help": "yes", "ask_help_child": "yes", "reply_here": "morning", "sign": "rose",
    "return_code": "kept", "more": "stop", "alone": "separated_child", "safe_adult": "yes",
}  # fmt: skip
"""Part 1, and then she stops."""
TOLD = {
    **ASKED, "more": "now", "keep_account": "keep", "told_before": "no", "sex": "female",
    "acts": "beaten", "acts_of_other": "beaten", "event": "attack", "relation": "me",
    "held": "none", "times": "once", "incident_date": "12/3/2026", "incident_place": "a2",
    "incident_country": "Elsewhere", "displacement_stage": "during_flight",
    "who_did": "intimate_partner_former_partner", "who_count": "equal_to_1",
    "who_group": "stranger", "goods": "none", "account": "in my words", "evidence_ok": "yes",
    "files": "in a file", "stats_ok": "yes", "wants_legal_action": "undecided", "review": "send",
    "return_code_2": "kept",
}  # fmt: skip
HELPING = {"for_whom": "helping", "agreed": "yes", "can_write": "no", "their_age": "18_25"}
WITNESS = {
    "for_whom": "saw", "happening_now": "no", "how_known": "saw", "affected": "women",
    "how_many": "a_few", "own_needs": "yes",
}  # fmt: skip
INFO = {"for_whom": "info", "topic": "care", "info_next": "done"}
UNCOUNTED = {"exclude", "danger_signs", "sign", "return_code", "more"}
"""What interview-content.md does not count as an answer of the short version."""
OF_PART_2 = {
    "keep_account", "told_before", "tell_again", "account", "evidence_ok", "files", "stats_ok",
    "wants_legal_action", "justice_ok", "review", "acts", "acts_of_other", "event", "who_group",
    "who_did", "goods",
}  # fmt: skip


@cache
def shipped(name: str) -> Interview:
    """One interview as it ships."""
    return read_interview(packaged_interviews() / f"{name}.yaml")


@cache
def known(name: str) -> frozenset[str]:
    """Every message id that has a source text."""
    told = {text.id for text in conversation.texts(shipped(name))}
    return frozenset(told | {phrase.id for phrase in phrases.load()})


def answer(person: Person, given: str | None) -> None:
    """Answer the open question: options by their ids (`a b` ticks two), own words, or skip."""
    step = person.interview.steps.get(person.state.at)
    if given is None:
        person.says("skip")
    elif step is not None and step.kind == "many":
        tick(person, set(given.split()))
    elif given in person.options():
        person.presses(given)
    else:
        person.says(given)
    if "remove" in person.footer():
        person.says("done")


def tick(person: Person, wanted: set[str]) -> None:
    """Tick these on every page, then Done."""
    while wanted:
        here = [one for one in person.options() if one in wanted]
        person.presses(*here)
        wanted -= {*here}
        if wanted:
            person.presses("!next_page")
    person.presses("!done")


def run(
    name: str, answers: dict[str, str], *, directory: Directory = TOWN
) -> tuple[Person, list[str], int]:
    """Answer until it ends; returns the person, the questions in order, the bubbles they saw."""
    person = Person(shipped(name), directory=directory)
    person.says("hello")
    asked: list[str] = []
    bubbles = 0
    for _ in range(70):
        bubbles += sum(not reply.redraw for reply in person.replies)
        assert needed(person) <= known(name), needed(person) - known(name)
        if person.state.mode in {"closed", "left", "new"}:
            return person, asked, bubbles
        asked.append(person.state.at)
        answer(person, answers.get(person.state.at))
    raise AssertionError(asked)


def recorded(person: Person, compartments: frozenset[str] | None = None) -> set[str]:
    """Steps of which something was kept, in these compartments or in any."""
    kept = [e for e in person.everything if isinstance(e, fx.Record | fx.Attach)]
    return {e.step for e in kept if compartments is None or e.compartment in compartments}


def codes(person: Person) -> dict[str, dict[str, str | int | list[str]]]:
    """The coded record as it was handed over last, by compartment."""
    return {e.compartment: e.values for e in person.everything if isinstance(e, fx.Code)}
