"""The pictograms: ``pictograms/<name>.svg``, and ``index.toml``: what each stands for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from i18n.errors import Finding, PicturesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGED: Final = Path(__file__).with_name("pictograms")

NONE: Final = "none"
"""In ``index.toml``: no picture, on purpose."""

SIZE: Final = 64
"""Width and height of a drawing, in its own units."""

MAX_BYTES: Final = 3_000
"""Most bytes of one SVG; a larger one is no pictogram."""

ROOT: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" fill="none" stroke="#000" '
    'stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round">'
)
"""How every drawing begins: one size, one pen."""

_SHAPES: Final = frozenset({"g", "path", "circle", "ellipse", "rect", "line", "polyline"})
_TAG: Final = re.compile(r'<(/?)([A-Za-z]+)((?:\s+[A-Za-z-]+="[^"<>&]*")*)\s*(/?)>')
_ATTRIBUTE: Final = re.compile(r'([A-Za-z-]+)="([^"]*)"')
_GEOMETRY: Final = frozenset(
    {"d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height"}
    | {"points", "transform", "fill", "stroke", "stroke-width", "stroke-dasharray"}
)
_VALUE: Final = re.compile(r"[A-Za-z0-9#.,()\s-]*")


@dataclass(frozen=True)
class Drawings:
    """Every drawing by its name, and the table of options. ``svg`` holds whole files."""

    svg: Mapping[str, str]
    options: Mapping[str, str]
    phrases: Mapping[str, str]

    @classmethod
    def load(cls, root: Path = PACKAGED) -> Drawings:
        """Read a folder; raises :class:`i18n.errors.PicturesError`."""
        try:
            table = tomllib.loads((root / "index.toml").read_text("utf-8"))
            svg = {path.stem: path.read_text("utf-8") for path in sorted(root.glob("*.svg"))}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            reason = f"cannot be read: {type(error).__name__}"
            raise PicturesError((_finding("index.toml", "PIC005", reason),)) from None
        if unknown := set(table) - {"options", "phrases"}:
            advice = f"knows no section {', '.join(sorted(unknown))}; use [options], [phrases]"
            raise PicturesError((_finding("index.toml", "PIC005", advice),))
        return cls(svg, table.get("options", {}), table.get("phrases", {}))

    def entry(self, message_id: str) -> str | None:
        """What the table says of an option's text: a name, ``none``, or None for nothing at all."""
        match message_id.split("/"):
            case [*_, step, "options", option]:
                wide = self.options.get(f"{step}/*", self.options.get(option))
                return self.options.get(f"{step}/{option}", wide)
            case ["engine", key, "text"]:
                return self.phrases.get(key)
        return None

    def of(self, message_id: str) -> str | None:
        """The name of an option's picture, None where there is none to show."""
        name = self.entry(message_id)
        return name if name in self.svg else None

    def body(self, name: str) -> str:
        """The shapes of a drawing without their outermost tag, to be put into a picture."""
        return self._bodies[name]

    @cached_property
    def _bodies(self) -> dict[str, str]:
        return {
            name: svg.partition(">")[2].rpartition("</svg>")[0] for name, svg in self.svg.items()
        }

    def findings(self, message_ids: Iterable[str]) -> Iterator[Finding]:
        """What is missing, left over or unsafe. ``message_ids``: every text of the conversation."""
        for name, svg in self.svg.items():
            for fault in svg_faults(svg):
                yield _finding(f"{name}.svg", "PIC003", fault)
        named = {*self.options.values(), *self.phrases.values()}
        for name in sorted(named - {*self.svg, NONE}):
            yield _finding("index.toml", "PIC001", f"names `{name}`: draw {name}.svg, or mend it")
        for name in sorted({*self.svg} - named):
            advice = "stands for no option: name it in index.toml or remove it"
            yield _finding(f"{name}.svg", "PIC002", advice, "warning")
        steps: dict[str, set[str]] = {}
        for message_id in message_ids:
            match message_id.split("/"):
                case [_, step, "options", option]:
                    steps.setdefault(step, set()).add(option)
                    if self.entry(message_id) is None:
                        advice = f"has no line for `{message_id}`: name a picture, or none and why"
                        yield _finding("index.toml", "PIC001", advice)
        yield from self._left_over(steps)

    def _left_over(self, steps: Mapping[str, set[str]]) -> Iterator[Finding]:
        for key in self.options:
            step, slash, option = key.partition("/")
            if slash and option != "*" and step in steps and option not in steps[step]:
                advice = f"`{key}` names no option of `{step}`: mend or remove the line"
                yield _finding("index.toml", "PIC004", advice, "warning")


def svg_faults(svg: str) -> Iterator[str]:
    """What a drawing may not hold; only plain shapes of the one style pass, nothing else does."""
    if len(svg.encode()) > MAX_BYTES:
        yield f"is larger than {MAX_BYTES} bytes: draw it with fewer points"
    text = svg.strip()
    if not (text.startswith(ROOT) and text.endswith("</svg>")):
        yield f"must begin with {ROOT} and end with </svg>"
        return
    inner = text.removeprefix(ROOT).removesuffix("</svg>")
    if _TAG.sub("", inner).strip():
        yield "holds text, comments or entities: use shapes only"
    depth = 0
    for close, tag, attributes, single in _TAG.findall(inner):
        if tag not in _SHAPES:
            yield f"holds <{tag}>: use only {', '.join(sorted(_SHAPES))}"
        for name, value in _ATTRIBUTE.findall(attributes):
            if name not in _GEOMETRY or not _VALUE.fullmatch(value) or "url" in value:
                yield f"has {name} in <{tag}>, which is not shape, fill or stroke: remove it"
        depth += -1 if close else 0 if single else 1
    if depth:
        yield "has a tag that is not closed"


def _finding(file: str, code: str, advice: str, level: str = "error") -> Finding:
    return Finding(
        f"i18n/pictograms/{file}", 0, code, advice, "error" if level == "error" else "warning"
    )


@cache
def packaged() -> Drawings:
    """The drawings that ship."""
    return Drawings.load()
