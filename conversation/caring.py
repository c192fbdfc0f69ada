"""Words that tell of distress: a warm answer and an offer, which tells nobody without her yes."""

from typing import TYPE_CHECKING, Final

from conversation import ending
from conversation.asking import draw, renew
from conversation.gathering import acknowledge, held
from conversation.lexicon import find
from conversation.moving import follow
from conversation.normalise import normalise
from conversation.person import ask_person
from conversation.signposts import near_lines
from conversation.wording import filled, phrase

if TYPE_CHECKING:
    from conversation.turn import Turn

_OPEN: Final = frozenset({"date", "place"})


def distressed(turn: "Turn", text: str) -> bool:
    """Offer a person when her words tell of distress; True when the offer was drawn."""
    found = find(turn.interview.lexicon.distress, normalise(text))
    if not found or f"quiet:{found}" in turn.parts:
        return False
    turn.mark(f"quiet:{found}")
    offer(turn)
    return True


def waits_for_a_person(turn: "Turn", text: str) -> None:
    """Her words tell of distress, but safety is asked first: the offer follows after that."""
    found = find(turn.interview.lexicon.distress, normalise(text))
    if found and f"quiet:{found}" not in turn.parts:
        turn.mark(f"quiet:{found}")
        turn.mark("offer")


def offer(turn: "Turn") -> None:
    """The offer lies over the question."""
    turn.mode, turn.misses = "distress", 0
    renew(turn)
    draw(turn)


def chosen(turn: "Turn", option: str) -> None:
    """A person now, help near her, or go on."""
    turn.mode = "asking"
    renew(turn)
    if option == "human":
        ask_person(turn)
        return
    if option == "near":
        turn.notes += near_lines(turn)
    if "closing" in turn.parts:
        ending.finish(turn)
        return
    step = turn.step
    if step.kind in _OPEN and turn.answers.get(step.id) is not None:
        follow(turn, step)
    elif step.kind in {"text", "media"} and held(turn, step):
        turn.ask = turn.context.nonce[:8].hex()
        acknowledge(turn, step)
    else:
        draw(turn)


def remarked(turn: "Turn", word: str) -> bool:
    """What is no answer and has one of its own: an insult, a journalist, a wish for money."""
    found = find(turn.interview.lexicon.remarks, word)
    if not found:
        return False
    turn.notes.append(filled(turn, phrase(f"remark_{found}"), ("operator",)))
    if found == "did_it":
        turn.notes += near_lines(turn, ("health_medical_service",))
    draw(turn)
    return True
