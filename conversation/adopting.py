"""A running conversation whose own edition is gone: what it becomes under another version.

A new version touches no running conversation, since each goes on with the edition it began with.
Only when that edition cannot be had (an archive lost, a restore) is its state fitted to the present
one. The outcomes:

- an answer to a step that is no more, or whose option is no more, is forgotten here; what was
  sealed of it stays sealed where it is;
- a question on the screen that is no more gives way to the last one before it that still is;
- what she writes next is not taken for an answer to a list: numbers may have moved. She sees the
  question again first.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from conversation.state import State, Value

if TYPE_CHECKING:
    from conversation.document import Interview, Step


def adopt(state: State, interview: "Interview", content_hash: str) -> State:
    """The state under another edition. Idempotent; never raises."""
    answers = {
        name: kept
        for name, value in state.answers.items()
        if (kept := _fitting(_step(interview, name), value)) is not None or value is None
        if _step(interview, name) is not None
    }
    trail = tuple(name for name in state.trail if _exists(interview, name))
    before = sum(1 for name in state.trail[: state.barrier] if _exists(interview, name))
    resume = "|".join(place for place in state.resume.split("|") if _place(interview, place))
    route, at, mode = state.route, state.at, state.mode
    if route not in interview.routes or (at and at not in interview.routes[route].index):
        route, at = _last(interview, trail)
        resume = ""
    if at and mode not in {"new", "left", "closed", "paused"}:
        mode = "asking"
    return replace(
        state,
        interview=interview.id,
        content=content_hash,
        answers=answers,
        trail=trail,
        barrier=before,
        resume=resume,
        route=route,
        at=at,
        mode=mode,
        picks=(),
        page=0,
        ask="",
        misses=0,
        stale=bool(at),
    )


def _step(interview: "Interview", name: str) -> "Step | None":
    if name in interview.steps:
        return interview.steps[name]
    for route in interview.routes.values():
        if name in route.index:
            return route.steps[route.index[name]]
    return None


def _fitting(step: "Step | None", value: Value) -> Value:
    """The value as far as the step can still have it."""
    if step is None or not step.options:
        return value
    known = {option.id for option in step.options}
    if isinstance(value, list):
        return [one for one in value if one in known] or None
    return value if not isinstance(value, str) or value in known else None


def _exists(interview: "Interview", name: str) -> bool:
    route, colon, step = name.rpartition(":")
    found = interview.routes.get(route if colon else "main")
    return found is not None and step in found.index


def _place(interview: "Interview", place: str) -> bool:
    form = next((sign for sign in ":>+" if sign in place), "")
    route, _, step = place.partition(form) if form else ("", "", "")
    found = interview.routes.get(route)
    return found is not None and step in found.index


def _last(interview: "Interview", trail: tuple[str, ...]) -> tuple[str, str]:
    for name in reversed(trail):
        if ":" not in name:
            return "main", name
    main = interview.routes["main"]
    return "main", next((step.id for step in main.steps if not step.silent), main.steps[0].id)
