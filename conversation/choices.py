"""What can be chosen at a question now, in its order."""

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from conversation import facts
from conversation.matching import match
from conversation.replies import Name, Ref
from conversation.review import reviewed
from conversation.wording import area_name, organisation_name

if TYPE_CHECKING:
    from conversation.document import Step
    from conversation.turn import Turn

PAGE: Final = 7
"""Most options shown at once."""

Label = Ref | Name
_UNSURE: Final = (("unsure", Ref("engine/unsure/text")),)
_CODE: Final = (
    ("kept", Ref("engine/code_kept/text")),
    ("declined", Ref("engine/code_declined/text")),
)


def choices(turn: "Turn", step: "Step") -> list[tuple[str, Label]]:
    """(id, label) of every option, all pages."""
    if step.options:
        return [
            (option.id, option.label)
            for option in step.options
            if option.when is None or option.when(turn)
        ]
    if step.source == "areas":
        areas = turn.context.directory.areas
        found: list[tuple[str, Label]] = [(area.id, area_name(turn, area)) for area in areas]
        if turn.picks:
            found = [pair for pair in found if pair[0] in turn.picks]
        if "elsewhere" in step.then:
            found.append(("elsewhere", Ref("engine/elsewhere/text")))
        return found
    if step.source == "organisations":
        return [(one, organisation_name(turn, one)) for one in to_leave_out(turn, step)]
    if step.kind == "locale":
        return [(locale, Name(locale)) for locale in turn.context.locales]
    if step.kind == "change":
        return [(one.id, Ref(one.prompt)) for one in reviewed(turn)]
    if step.kind == "consents":
        return [(one, Ref(f"engine/purpose/options/{one}")) for one in facts.given(turn)]
    if step.kind == "date":
        return list(_UNSURE)
    return list(_CODE) if step.kind == "code" else []


def to_leave_out(turn: "Turn", step: "Step") -> tuple[str, ...]:
    """Organisations that would be asked or could read, but for those left out elsewhere."""
    wanted = facts.wish(turn)
    own = facts.chosen(turn, step.id)
    others = tuple(one for one in wanted.excluded if one not in own)
    # Whoever is restricted now was asked or named before: she chooses among those.
    wished = replace(wanted, excluded=others, restricted=False)
    return match(turn.context.directory, wished).organisations
