"""What an answer leaves behind: the state's value, and the effects that the backend carries out."""

from typing import TYPE_CHECKING

from conversation import effects as fx
from conversation import facts
from conversation.builtin import pending_consent
from conversation.items import drop_items
from conversation.normalise import normalise
from conversation.wording import fitting, phrase

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.state import Value
    from conversation.turn import Turn


def record(turn: "Turn", step: "Step", value: "Value", text: str | None = None) -> None:
    """Store the answer to ``step``; ``text`` are her own words, ``value`` None means skipped."""
    if step.kind in {"text", "media"}:
        _gathered(turn, step, value)
        return
    match step.kind:
        case "consent":
            _decide(turn, step, value)
        case "locale":
            turn.locale = value if isinstance(value, str) else turn.spoken
            turn.answers[step.id] = True
        case "sign":
            turn.answers[step.id] = None if text is None else True
            if text is not None:
                turn.effects.append(fx.Sign(normalise(text)))
        case "contact":
            _contact(turn, step, value)
        case _:
            _keep(turn, step, value, text)
    if step.source == "organisations":
        settle(turn)
    if (
        step.id == "who_group"
        and facts.restricted(turn)
        and facts.FACTS["help"].read(turn) == "yes"
    ):
        turn.effects.append(_ask_help(turn, quiet=True))


def _keep(turn: "Turn", step: "Step", value: "Value", text: str | None) -> None:
    """A question proper: recorded in its compartment, corrected if it was there before."""
    before = turn.answers.get(step.id)
    if text is not None:
        turn.items += 1
        value = {"item": turn.items}
    turn.answers[step.id] = value
    if step.id == "topic" and isinstance(value, list) and "topic" not in turn.parts:
        turn.mark("topic")
        turn.effects.extend(fx.CountTopic(topic) for topic in value)
    if not step.compartment or (value == before and text is None):
        return
    if value is None or (isinstance(before, dict) and before.get("file")):
        if not drop_items(turn, step, before):
            turn.effects.append(fx.Discard(step.id))
        if value is None:
            return
        before = None
    kind = fx.Record if before is None else fx.Correct
    turn.effects.append(
        kind(
            step.id,
            step.compartment,
            step.code,
            None if text is not None else value,
            text,
            turn.items if text is not None else None,
            fitting(turn, step).id,
            _item(before),
        )
    )


def _gathered(turn: "Turn", step: "Step", value: "Value") -> None:
    """Skipped: what she sent to it goes. Done: it is here already, message by message."""
    if value is None:
        drop_items(turn, step, turn.answers.get(step.id))
        turn.answers[step.id] = None


def _item(value: "Value") -> int | None:
    item = value.get("item") if isinstance(value, dict) else None
    return item if isinstance(item, int) else None


def discard(turn: "Turn", step: "Step") -> None:
    """The answer to ``step`` no longer applies."""
    value = turn.answers.pop(step.id)
    if step.kind == "consent" and value not in {None, "no"}:
        turn.effects.append(fx.Consent(step.purpose, step.id, "no", fitting(turn, step).id))
    elif step.compartment and value is not None and not drop_items(turn, step, value):
        turn.effects.append(fx.Discard(step.id))


def _contact(turn: "Turn", step: "Step", value: "Value") -> None:
    hours = value if isinstance(value, str) else "no"
    turn.effects.append(
        fx.Consent("contact", step.id, "no" if hours == "no" else "yes", fitting(turn, step).id)
    )
    turn.effects.append(fx.Contact(hours))
    turn.kept = {**turn.kept, "contact": hours}
    contact = {key: one for key, one in turn.kept.items() if key != "yes:contact"}
    turn.kept = contact if hours == "no" else {**contact, "yes:contact": step.id}
    _keep(turn, step, value, None)


def _decide(turn: "Turn", step: "Step", value: "Value") -> None:
    """A consent. Skip counts as no; "not these" waits until she said which."""
    turn.answers[step.id] = value
    answer = value if isinstance(value, str) else "no"
    if answer == "not_these":
        turn.parts = tuple(p for p in turn.parts if p != f"settled:{step.id}")
    else:
        _decided(turn, step, answer)


def _decided(turn: "Turn", step: "Step", answer: str) -> None:
    named = facts.organisations(turn) if "organisations" in step.placeholders else ()
    remember_yes(turn, step, answer)
    turn.effects.append(fx.Consent(step.purpose, step.id, answer, fitting(turn, step).id, named))
    if step.purpose in {"services", "urgent"} and answer == "yes":
        turn.mark("help" if step.purpose == "services" else "urgent")
        turn.effects.append(_ask_help(turn))
    if step.purpose == "account" and answer in {"keep", "drop"}:
        turn.mark("account")
        turn.mark(answer)
        turn.effects.append(
            fx.OpenAccount(
                organisations=named or facts.organisations(turn),
                keep=answer == "keep",
                excluded=facts.excluded(turn),
                area=facts.area(turn),
                locale=turn.spoken,
            )
        )
    turn.barrier = len(turn.trail)


def remember_yes(turn: "Turn", step: "Step", answer: str) -> None:
    """A consent that stands can be taken back later, also when the answers are gone."""
    kept = {key: value for key, value in turn.kept.items() if key != f"yes:{step.purpose}"}
    turn.kept = kept if answer == "no" else {**kept, f"yes:{step.purpose}": step.id}


def settle(turn: "Turn") -> None:
    """She said which organisations to leave out: the consent that waited is now a yes or a no."""
    step = pending_consent(turn)
    if step is None:
        return
    turn.mark(f"settled:{step.id}")
    named_some = any(
        facts.chosen(turn, s.id)
        for s in turn.interview.steps.values()
        if s.source == "organisations"
    )
    if named_some and not facts.organisations(turn):
        turn.notes.append(phrase("nobody_near"))
    yes = named_some and facts.organisations(turn)
    _decided(turn, step, "yes" if yes else "no")


def _ask_help(turn: "Turn", *, quiet: bool = False) -> fx.AskHelp:
    wish = facts.wish(turn)
    return fx.AskHelp(
        needs=wish.needs,
        urgency=facts.urgency(turn),
        area=wish.area,
        locale=wish.locale,
        sex=wish.sex,
        excluded=wish.excluded,
        child=wish.child,
        restricted=wish.restricted,
        quiet=quiet,
    )
