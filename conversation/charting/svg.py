"""The page: title, legend, boxes and arrows as SVG with selectable, accessible text."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from conversation.charting.layout import BOX, LINE, PAD, Arrow, Box, Group, Plan, plan
from conversation.charting.plain_words import TextOf

if TYPE_CHECKING:
    from conversation.document import Interview, Step

_TOP: Final = 190
_LANE: Final = 14
_RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "fa", "he", "ur", "rhg"})

_COLOURS: Final = {
    "says": ("#f3f4f6", "#6b7280", "says something"),
    "asks": ("#eff6ff", "#2563eb", "asks something"),
    "consent": ("#fef9c3", "#a16207", "asks for a consent (no by default)"),
    "limits": ("#fee2e2", "#b91c1c", "says the legal limits"),
    "signpost": ("#dcfce7", "#15803d", "shows help near her"),
    "sends": ("#ede9fe", "#6d28d9", "sends, or shows a code or a review"),
}
_STYLE: Final = """\
text{font-family:system-ui,"Noto Sans",sans-serif;font-size:13px;fill:#111827}
.title{font-size:22px;font-weight:600}.heading{font-size:16px;font-weight:600}
.label{font-weight:600;font-size:12px}.when{font-style:italic;fill:#4b5563}
.option{fill:#1f2937}.lead{fill:#b45309;font-weight:600}.note{fill:#374151;font-size:12px}
.small{font-size:12px;fill:#4b5563}.arrow{fill:none;stroke:#b45309;stroke-width:1.5}
.flow{stroke:#9ca3af;stroke-width:1.5}"""


def chart(interview: "Interview", text_of: TextOf, *, language: str, date: str = "") -> str:
    """The whole page. ``text_of`` gives a text by its message id; ``date`` is printed as it is."""
    laid = plan(interview, text_of, _TOP)
    title = f"{interview.title or interview.id}, version {interview.version}"
    about = (
        f"Every step of the interview in its order, from top to bottom: {_counted(laid)}. "
        "Each box holds the step's id, what it does, its condition, its text and its answers."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{laid.width}" height="{laid.height}" '
        f'viewBox="0 0 {laid.width} {laid.height}" role="img" '
        f'aria-labelledby="title desc" lang="{escape(language)}">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(about)}</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#b45309"/></marker></defs>',
        f'<rect width="{laid.width}" height="{laid.height}" fill="#ffffff"/>',
        *_head(interview, title, language, date),
        *_legend(),
    ]
    for group in laid.groups:
        parts += _group(group, language)
    return "\n".join([*parts, "</svg>", ""])


def _counted(laid: Plan) -> str:
    boxes = [box for group in laid.groups for box in group.boxes]
    asked = sum(not box.step.silent for box in boxes)
    return f"{len(boxes)} steps, {asked} of them ask something"


def _head(interview: "Interview", title: str, language: str, date: str) -> Iterator[str]:
    yield f'<text class="title" x="40" y="44">{escape(title)}</text>'
    facts = [f"id {interview.id}", f"texts in {language}", *([date] if date else [])]
    yield f'<text class="small" x="40" y="66">{escape(" · ".join(facts))}</text>'
    rule = (
        "Read from top to bottom. A box with “only if” is passed by everybody else. Every question "
        "can be skipped. 00 or x leaves at once, everywhere."
    )
    yield f'<text class="small" x="40" y="86">{escape(rule)}</text>'


def _legend() -> Iterator[str]:
    yield '<g id="legend">'
    for place, (fill, stroke, words) in enumerate(_COLOURS.values()):
        x, y = 40 + place % 3 * 270, 104 + place // 3 * 26
        yield (
            f'<rect x="{x}" y="{y}" width="18" height="18" rx="3" fill="{fill}" '
            f'stroke="{stroke}"/><text class="small" x="{x + 26}" y="{y + 14}">'
            f"{escape(words)}</text>"
        )
    yield "</g>"


def _group(group: Group, language: str) -> Iterator[str]:
    first = group.boxes[0] if group.boxes else None
    if first is None:
        return
    name = "The interview" if group.name == "main" else f"Block: {group.name}"
    yield f'<g id="route-{escape(group.name)}">'
    yield f'<text class="heading" x="{first.x}" y="{first.y - 12}">{escape(name)}</text>'
    for above, below in zip(group.boxes, group.boxes[1:], strict=False):
        x = above.x + BOX // 2
        yield (
            f'<line class="flow" x1="{x}" y1="{above.y + above.height}" x2="{x}" y2="{below.y}"/>'
        )
    for box in group.boxes:
        yield from _box(box, group.name, language)
    for arrow in group.arrows:
        yield from _arrow(arrow)
    yield "</g>"


def _box(box: Box, route: str, language: str) -> Iterator[str]:
    fill, stroke, _ = _COLOURS[_colour(box.step)]
    rtl = language.split("-", 1)[0] in _RIGHT_TO_LEFT
    yield f'<g id="{escape(route)}-{escape(box.step.id)}">'
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{BOX}" height="{box.height}" rx="6" '
        f'fill="{fill}" stroke="{stroke}"/>'
    )
    for number, line in enumerate(box.lines):
        y = box.y + PAD + (number + 1) * LINE - 4
        translated = line.style in {"text", "option", "note"}
        x, mark = box.x + PAD, ""
        if rtl and translated:
            x, mark = box.x + BOX - PAD, ' direction="rtl"'
        yield (
            f'<text class="{line.style}" x="{x}" y="{y}" xml:space="preserve"{mark}>'
            f"{escape(line.text)}</text>"
        )
    yield "</g>"


def _colour(step: "Step") -> str:
    if step.id == "limits":
        return "limits"
    kinds = {
        "say": "says",
        "consent": "consent",
        "contact": "consent",
        "signpost": "signpost",
        "submit": "sends",
        "review": "sends",
        "code": "sends",
    }
    return kinds.get(step.kind, "asks")


def _arrow(arrow: Arrow) -> Iterator[str]:
    start, end = arrow.start, arrow.end
    right = start.x + BOX
    x = right + 22 + arrow.lane * _LANE
    from_y, to_y = start.y + start.height - 10, end.y + 12
    yield (
        f'<path class="arrow" d="M{right} {from_y}H{x}V{to_y}H{right + 3}" '
        f'marker-end="url(#head)"><title>{escape(start.step.id)} to {escape(end.step.id)}: '
        f"{escape(arrow.label)}</title></path>"
    )
