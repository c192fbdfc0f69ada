"""Exploring an interview: what it says is what the engine does when somebody really answers so."""

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.content import packaged_interviews, read_interview
from conversation import Chose, Interview, Said, Started, State, advance, begin
from conversation.facts import FACTS
from conversation.formula import ABSENT, Given, holds
from conversation.paths import Paths, contexts_for, explore, median
from conversation.paths.answers import Answers, uses_of
from conversation.paths.counting import always_before
from conversation.paths.outlook import given_of
from conversation.turn import Turn
from tests.conversation.talking import HERE, rich

SHIPPED = sorted(packaged_interviews().glob("*.yaml"))
MAIN = packaged_interviews() / "conflict-sexual-violence.yaml"
SMALL = HERE / "small.yaml"


@cache
def interview(path: Path) -> Interview:
    """A document, read once."""
    return read_interview(path)


@cache
def paths(path: Path) -> Paths:
    """A document, explored once."""
    return explore(interview(path))


def play(found: Paths, context: str, names: tuple[str, ...]) -> tuple[State, set[str]]:
    """Give these answers in the real engine; the state, and the ids of every text that was said."""
    graph = found.graphs[context]
    answers = Answers(found.interview, uses_of(found.interview), set())
    step = advance(found.interview, begin(found.interview, ""), Started(), graph.context)
    said = {part.id for reply in step.replies for part in reply.parts}
    for name in names:
        tried = {one.name: one for one in answers.at(step.state, graph.context)}
        for kind, what in tried[name].moves:
            event = Said(what) if kind == "say" else Chose(f"{step.state.ask}:{what}")
            step = advance(found.interview, step.state, event, graph.context)
            said |= {part.id for reply in step.replies for part in reply.parts}
    return step.state, said


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_path_is_under_forty_messages(path: Path) -> None:
    """Of the bot; on `me` without detours, on the other three also with them."""
    groups = next(iter(paths(path).by_context.values()))
    longest = {group: max(stat.bubbles) for group, stat in groups.items()}
    for group in ("me, straight", "helping", "saw", "info", "danger"):
        assert longest[group] < 40, (group, longest[group])
    assert longest["me"] <= 50


@pytest.mark.parametrize("step", ["go_now", "keep_account", "review", "urgent_ask", "helper_info"])
def test_a_witness_leads_there(step: str) -> None:
    """Giving the answers of a witness puts the step before her, and one answer fewer does not."""
    found = paths(MAIN)
    wanted = found.interview.steps[step]
    names = found.witness(step)
    assert names
    assert wanted.prompt in play(found, "helpers", names)[1]
    assert wanted.prompt not in play(found, "helpers", names[:-1])[1]


def test_what_is_not_there_has_no_witness() -> None:
    """A step nobody sees has none, and is named as unreached."""
    found = paths(HERE / "broken" / "PATH001-never-seen.yaml")
    assert found.witness("hidden") is None
    assert found.unreached == ("hidden",)


def test_the_ways_of_a_small_interview_are_counted_by_hand() -> None:
    """Three answers to `color`, two paths and skipping: as many ways as there are."""
    found = paths(HERE / "broken" / "WHEN007-not-over-a-skip.yaml")
    groups = found.by_context["helpers"]
    # me; and info as itself or by skipping. Then a, b or skip.
    assert {g: s.ways for g, s in groups.items() if g in {"me", "info"}} == {"me": 3, "info": 6}
    assert groups["before a path"].ways == 2  # not now, and skip
    assert set(groups["me"].questions) == {4}


def test_the_middle_of_two_is_the_lower() -> None:
    """The median is a length that occurs."""
    from collections import Counter

    assert median(Counter({3: 1, 9: 1})) == 3
    assert median(Counter({3: 1, 9: 2})) == 9
    assert median(Counter()) == 0


def test_limits_come_before_every_account_step() -> None:
    """`before` names what is said on every way; a step on only some ways is not in it."""
    found = paths(MAIN)
    before = found.before("account", ("me",))
    assert before is not None
    assert {"limits", "who_reads", "keep_account"} <= before
    assert "go_now" not in before
    assert found.before("nowhere") is None


@given(st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_random_ways_are_ways_of_the_graph(chance: random.Random) -> None:
    """Whoever walks at random meets only questions that exploring reached, in as many steps."""
    found = paths(MAIN)
    graph = found.graphs["helpers"]
    always = always_before(graph)
    place, seen = 0, set(graph.opening[0])
    for _ in range(80):
        node = graph.nodes[place]
        assert always[place] <= seen | {node.state.at}
        assert node.state.at in found.reached
        edge = chance.choice(node.edges)
        seen |= edge.said
        if edge.to is None:
            return
        place = edge.to
    raise AssertionError("it does not end")


@given(st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_a_state_and_its_projection_have_the_same_next_questions(chance: random.Random) -> None:
    """Merging states loses no question: a real walk asks exactly what the graph says."""
    found = paths(MAIN)
    graph = found.graphs["helpers"]
    answers = Answers(found.interview, uses_of(found.interview), set())
    state = advance(found.interview, begin(found.interview, ""), Started(), graph.context).state
    place = 0
    for _ in range(60):
        node = graph.nodes[place]
        assert (state.route, state.at, state.path) == (
            node.state.route,
            node.state.at,
            node.state.path,
        )
        edge = chance.choice(node.edges)
        tried = {one.name: one for one in answers.at(state, graph.context)}
        for kind, what in tried[edge.answer.name].moves:
            event = Said(what) if kind == "say" else Chose(f"{state.ask}:{what}")
            state = advance(found.interview, state, event, graph.context).state
        if edge.to is None:
            assert state.mode in {"closed", "left", "new"}
            return
        place = edge.to


def _values(step: Any) -> st.SearchStrategy[Any]:
    ids = [option.id for option in step.options] or ["some"]
    if step.kind == "many":
        return st.one_of(st.none(), st.lists(st.sampled_from(ids), min_size=1, unique=True))
    if step.kind == "number":
        return st.one_of(st.none(), st.integers(0, 99))
    return st.one_of(st.none(), st.sampled_from(ids))


@pytest.mark.parametrize("document", [rich(), *map(interview, SHIPPED)], ids=lambda d: d.id)
@given(data=st.data())
@settings(max_examples=25)
def test_a_condition_as_written_means_what_the_engine_runs(document: Interview, data: Any) -> None:
    """The formula of every step holds exactly when its compiled condition does."""
    steps = [s for s in document.steps.values() if not s.silent]
    chosen = data.draw(st.lists(st.sampled_from(steps), unique_by=lambda s: s.id, max_size=12))
    answers = {step.id: data.draw(_values(step)) for step in chosen}
    context = data.draw(st.sampled_from(list(contexts_for(document, {}).values())))
    path = data.draw(st.sampled_from(["me", "helping", "saw", "info"]))
    state = State(document.id, "", mode="asking", answers=answers, path=path)
    turn = Turn(document, state, context)
    given_: dict[str, Given] = {name: given_of(value) for name, value in answers.items()}
    given_ |= {name: fact.read(turn) for name, fact in FACTS.items() if name not in answers}
    routes = [r for name, r in document.routes.items() if name in {"main", "urgent"}]
    for step in (step for route in routes for step in route.steps):
        if step.when_source is not None and step.when is not None:
            assert holds(step.when_source, given_) is step.when(turn), step.id
    assert ABSENT not in given_.values()


def test_exploring_as_json_is_complete() -> None:
    """Programs get groups, contexts, histograms and whether every way was walked."""
    data = paths(SMALL).as_json()
    assert data["complete"] is True
    group = data["groups"]["me"]
    assert group["ways"] == sum(group["questions"]["histogram"].values())
    assert set(data["contexts"]) == set(paths(SMALL).graphs)
