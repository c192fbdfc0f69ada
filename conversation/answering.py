"""Understanding an answer: a button, a number, a few numbers, a word, or her own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conversation.choices import choices
from conversation.dates import read_date
from conversation.normalise import normalise
from conversation.places import search

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.state import Value
    from conversation.turn import Turn

_OPEN: Final = frozenset({"proof", "text", "media", "sign", "number"})
_NUMBERS: Final = re.compile(r"[\W_]*\d{1,6}(?:[\W_]+\d{1,6})*[\W_]*")
_ONE_NUMBER: Final = re.compile(r"[\W_]*(\d{1,9})[\W_]*")
_SIGNED: Final = re.compile(r"\+?(\d{1,9})\.?")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer. ``text``: her own words, as they came."""

    value: "Value"
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """No answer yet: a tick, or a narrower list; the question is drawn again."""

    picks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """One message of her own words at a question that gathers until she is done."""

    text: str


Found = Sequence[tuple[str, object]]
Understood = Answered | Added | Shown | None
"""None: unclear."""


def pressed(turn: "Turn", step: "Step", option: str) -> Understood:
    """A button of this very question."""
    if option not in (one for one, _ in choices(turn, step)):
        return None
    if step.kind == "many":
        return Shown(_toggled(step, turn.picks, option))
    return Answered(_value(step, option))


def done(turn: "Turn", step: "Step") -> Answered:
    """Done, at a list of ticks; nothing ticked is a skip."""
    ordered = [one for one, _ in choices(turn, step) if one in turn.picks]
    return Answered(ordered or None)


def said(turn: "Turn", step: "Step", raw: str, word: str) -> Understood:
    """A typed answer; ``word`` is ``raw`` normalised."""
    if not word:
        return None
    if step.kind in _OPEN:
        return _open(turn, step, raw, word)
    found = choices(turn, step)
    if step.kind == "code":
        return Answered(_value(step, _by_number(found, word) or "kept"))
    if step.kind == "many":
        return _many(step, found, word)
    option = _by_number(found, word) or _by_word(step, found, word)
    if option is not None:
        return Answered(_value(step, option))
    if step.kind == "date":
        return _date(turn, step, raw, word)
    if _NUMBERS.fullmatch(word):
        return None
    return _place(turn, step, raw, word) if step.kind == "place" else None


def _open(turn: "Turn", step: "Step", raw: str, word: str) -> Understood:
    """Questions without a list of answers."""
    if step.kind == "proof":
        # None: there is no sign (any more), so nothing to be wrong about.
        return Answered(turn.context.sign_matches is not False)
    if step.kind == "number":
        return _number(step, word)
    return Answered(True, raw) if step.kind == "sign" else Added(raw)


def _value(step: "Step", option: str) -> "Value":
    if step.kind == "date":
        return {"precision": "unsure"}
    return option == "kept" or None if step.kind == "code" else option


def _toggled(step: "Step", picks: tuple[str, ...], option: str) -> tuple[str, ...]:
    if option in picks:
        return tuple(one for one in picks if one != option)
    if option in step.exclusive:
        return (option,)
    return (*(one for one in picks if one not in step.exclusive), option)


def _number(step: "Step", word: str) -> Understood:
    found = _SIGNED.fullmatch(word)
    if found is None:
        return None
    number = int(found[1])
    low, high = step.low, step.high
    if (low is not None and number < low) or (high is not None and number > high):
        return None
    return Answered(number)


def _many(step: "Step", found: Found, word: str) -> Understood:
    if not _NUMBERS.fullmatch(word):
        option = _by_word(step, found, word)
        return Answered([option]) if option is not None else None
    numbers = {int(n) for n in re.findall(r"\d+", word)}
    if not numbers or min(numbers) < 1 or max(numbers) > len(found):
        return None
    ids = [one for place, (one, _) in enumerate(found, 1) if place in numbers]
    if len(ids) > 1:
        ids = [one for one in ids if one not in step.exclusive] or ids[:1]
    return Answered(ids)


def _by_number(found: Found, word: str) -> str | None:
    match = _ONE_NUMBER.fullmatch(word)
    if match is None:
        return None
    number = int(match[1])
    return found[number - 1][0] if 1 <= number <= len(found) else None


def _by_word(step: "Step", found: Found, word: str) -> str | None:
    wanted = step.words.get(word, word)
    return wanted if any(one == wanted for one, _ in found) else None


def _date(turn: "Turn", step: "Step", raw: str, word: str) -> Understood:
    known = read_date(word, turn.context.now.date(), turn.interview.lexicon.dates, turn.spoken)
    if known is not None:
        return Answered(known)
    words = step.own_words and not _NUMBERS.fullmatch(word)
    return Answered(True, raw) if words else None


def _place(turn: "Turn", step: "Step", raw: str, word: str) -> Understood:
    """A name of the list, else her own words where they are taken, else what is like it."""
    areas = turn.context.directory.areas if step.source == "areas" else ()
    whole = [area.id for area in areas if word in (normalise(name) for name in area.names.values())]
    if len(whole) == 1:
        return Answered(whole[0])
    if step.own_words:
        return Answered(True, raw)
    begun = whole or search(word, areas, turn.spoken)
    if len(begun) == 1:
        return Answered(begun[0])
    return Shown(tuple(begun)) if begun else None
