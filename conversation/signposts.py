"""Where help is: only what the directory has verified, never a window that has closed."""

from typing import TYPE_CHECKING, Final

from conversation import facts
from conversation.replies import Name, Part
from conversation.wording import organisation_name, phrase, worded

if TYPE_CHECKING:
    from conversation.directory import Service
    from conversation.document import Step
    from conversation.turn import Turn

MOST: Final = 3
_HIDDEN: Final = frozenset({"safehouse_service"})
"""Never named in a chat, whatever the directory says."""
_UNSPECIFIC: Final = frozenset({"unsure", "just_tell"})

_D3, _D5, _D14, _M1, _LATER = "0_3_days", "4_5_days", "6_14_days", "2_weeks_1_month", "over_1_month"
_WINDOWS: Final = {
    "hiv_pep": (_D3,),
    "emergency_contraception": (_D3, _D5),
    "sti": (_D3, _D5, _D14, _M1, _LATER),
    "hepatitis_b": (_D3, _D5, _D14, _M1, _LATER),
    "tetanus": (_D3, _D5, _D14, _M1, _LATER),
    "pregnancy_test": (_D14, _M1, _LATER),
    "forensic": (_D3, _D5),
}
"""Care -> the answers to `when_last` for which it is still open (domain.md section 3)."""


def signpost(turn: "Turn", step: "Step") -> list[Part]:
    """The paragraphs of a signpost."""
    said = [worded(turn, step)]
    if step.signpost == "care_windows":
        return said + _care(turn, step)
    wanted = facts.needs(turn)
    if step.signpost == "urgent" and _needs_health(turn):
        wanted = ("health_medical_service", *wanted)
    found = nearest(turn, wanted)
    if not found:
        return [*said, step.lines.get("none") or phrase("nobody_near")]
    return said + [_line(turn, service) for service in found]


def near_lines(turn: "Turn", needs: tuple[str, ...] = ()) -> list[Part]:
    """Help near her, as far as the directory knows it; else that there is none."""
    found = nearest(turn, needs or facts.needs(turn)) or nearest(turn, ())
    return [_line(turn, service) for service in found] or [phrase("nobody_near")]


def nearest(turn: "Turn", needs: tuple[str, ...]) -> list["Service"]:
    """Up to three services for these needs in her area, the first need first."""
    specific = [need for need in dict.fromkeys(needs) if need not in _UNSPECIFIC]
    near = _near(turn)
    if not specific:
        return near[:MOST]
    ordered = [service for need in specific for service in near if service.kind == need]
    one_each = {service.kind: service for service in reversed(ordered)}
    first = [one_each[need] for need in specific if need in one_each]
    return [*first, *(s for s in ordered if s not in first)][:MOST]


def _near(turn: "Turn") -> list["Service"]:
    area, young, left_out = facts.area(turn), facts.child(turn) != "no", facts.excluded(turn)
    return [
        service
        for service in turn.context.directory.services
        if service.kind not in _HIDDEN
        and service.organisation not in left_out
        and (not area or not service.areas or area in service.areas)
        and (service.children or not young)
    ]


def _needs_health(turn: "Turn") -> bool:
    signs = [sign for sign in facts.chosen(turn, "danger_signs") if sign != "none"]
    now = facts.chosen(turn, "urgent_now")
    return bool(signs) or "hurt" in now or "child_hurt" in now


def _line(turn: "Turn", service: "Service") -> Part:
    return phrase(
        "service_line",
        service=Name(service.name),
        organisation=organisation_name(turn, service.organisation),
        contact=Name(service.contact),
    )


def _care(turn: "Turn", step: "Step") -> list[Part]:
    """Open windows that a verified service near her really offers; else: ask a health worker."""
    when = turn.answers.get("when_last")
    offered = {care for service in _near(turn) for care in service.offers}
    found = [
        step.lines[care]
        for care, open_for in _WINDOWS.items()
        if care in step.lines and care in offered and (when in open_for or not _dated(when))
    ]
    if not found and "ask" in step.lines:
        found.append(step.lines["ask"])
    if when == _LATER and "later" in step.lines:
        found.append(step.lines["later"])
    return found


def _dated(when: object) -> bool:
    """It is known how long ago: not going on, not unsure, not skipped."""
    return when in {_D3, _D5, _D14, _M1, _LATER}
