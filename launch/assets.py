"""`relais locale audio` and `relais locale pictograms`: what is spoken, drawn, or lacking."""

import datetime
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from PIL import Image

from i18n import Catalogues, Finding, TextsError, drawings, languages, pictures, spoken
from i18n import audio as recordings
from i18n import catalogues as shipped

AUDIO: Final = recordings.PACKAGED
PICTOGRAMS: Final = drawings.PACKAGED

_COLUMNS: Final = 12
_CELL: Final = 88

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Names = Annotated[list[str] | None, typer.Argument(help="Locales; none: every one on offer.")]


def register(app: typer.Typer, chat: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Add both commands to `relais locale`. ``chat`` gives (message id, English) of every text."""

    @app.command("audio")
    def audio(
        names: Names = None,
        as_json: AsJson = False,
        script: Annotated[bool, typer.Option("--script", help="What to say, to be read.")] = False,
        check: Annotated[bool, typer.Option("--check", help="Exit with 1 on an error.")] = False,
        accept: Annotated[str, typer.Option(help="Accept new files; the speaker's alias.")] = "",
        date: Annotated[str, typer.Option(help="Of the recording: 2026-11-25; else today.")] = "",
    ) -> None:
        """Recordings: what is missing, stale, left over or faulty."""
        with _spoken():
            catalogues = Catalogues.load(chat(), root=shipped.PACKAGED)
            library = recordings.Audio.load(AUDIO)
        chosen = _chosen(names, library)
        if script:
            _print_script(catalogues, library, chosen, as_json)
        elif accept:
            _accept(catalogues, library, chosen, accept, date)
        else:
            _print_state(catalogues, library, chosen, as_json, check)

    @app.command("pictograms")
    def pictograms(
        as_json: AsJson = False,
        sheet: Annotated[Path | None, typer.Option(help="Draw all of them: .png or .webp.")] = None,
    ) -> None:
        """Pictures: options without one, unused or unsafe ones; exit with 1 on an error."""
        with _spoken():
            known = drawings.Drawings.load(PICTOGRAMS)
            catalogues = Catalogues.load(chat(), root=shipped.PACKAGED)
        # Phrases that only bots and responders say are never a list for a survivor.
        texts = [one for one in catalogues.sources if shipped.domain_of(one) == "interviews"]
        found = list(known.findings(texts))
        _report(found, as_json, f"{len(known.svg)} pictures")
        if sheet is not None:
            _write_sheet(known, sheet, names=not as_json)
        if any(one.level == "error" for one in found):
            raise typer.Exit(1)


class _spoken:  # noqa: N801
    """Faults of files as lines and exit code 1, not as a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TextsError):
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None


def _chosen(names: Sequence[str] | None, library: recordings.Audio) -> list[str]:
    """The locales asked for; else those on offer and those that have files."""
    known = languages()
    for name in names or ():
        if name not in known:
            typer.echo(f"{name}: not a language of i18n/languages.toml; add its row")
            raise typer.Exit(2)
    return list(names or dict.fromkeys((*known.offered, *library.voices)))


def _print_state(
    catalogues: Catalogues,
    library: recordings.Audio,
    locales: Sequence[str],
    as_json: bool,
    check: bool,
) -> None:
    found = [one for name in locales for one in library.findings(catalogues, name)]
    ready = sum(
        library.state(one) == "ready" for n in locales for one in spoken.expected(catalogues, n)
    )
    silent = len(spoken.unspeakable(catalogues))
    _report(found, as_json, f"{ready} recordings ready; {silent} texts hold names, never recorded")
    offered = tuple(f"i18n/audio/{name}/" for name in languages().offered)
    if check and any(f.level == "error" and f.file.startswith(offered) for f in found):
        raise typer.Exit(1)


def _report(found: Sequence[Finding], as_json: bool, summary: str) -> None:
    if as_json:
        rows = [
            {"file": f.file, "code": f.code, "level": f.level, "advice": f.advice} for f in found
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for finding in found:
        typer.echo(f"{finding.level}: {finding}")
    errors = sum(finding.level == "error" for finding in found)
    print(f"{summary}; {errors} errors, {len(found) - errors} warnings.")


def _print_script(
    catalogues: Catalogues, library: recordings.Audio, locales: Sequence[str], as_json: bool
) -> None:
    """What a speaker reads aloud: only what is not recorded, or says older words."""
    wanted = [
        one
        for name in locales
        for one in spoken.expected(catalogues, name)
        if library.state(one) != "ready"
    ]
    if as_json:
        rows = [
            {"file": f"{one.locale}/{one.file}", "say": one.text, "sha256": one.sha256}
            for one in wanted
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in wanted:
        typer.echo(f"{one.locale}/{one.file}\n{one.text}\n")


def _accept(
    catalogues: Catalogues,
    library: recordings.Audio,
    locales: Sequence[str],
    speaker: str,
    date: str,
) -> None:
    try:
        day = (
            datetime.date.fromisoformat(date)
            if date
            else datetime.datetime.now(datetime.UTC).date()
        )
    except ValueError:
        typer.echo(f"{date}: write the date as 2026-11-25")
        raise typer.Exit(2) from None
    for locale in locales:
        text, taken = library.accept(catalogues, locale, speaker, day)
        if taken or library.index.get(locale):
            (AUDIO / locale / recordings.INDEX).write_text(text, encoding="utf-8")
        for file in taken:
            typer.echo(f"accepted: {locale}/{file}")
        if not taken:
            typer.echo(f"{locale}: nothing new to accept")


def _write_sheet(known: drawings.Drawings, path: Path, *, names: bool) -> None:
    """Every drawing in rows, by name, on white."""
    if path.suffix not in {".png", ".webp"}:
        typer.echo(f"{path.name}: a sheet is .png or .webp")
        raise typer.Exit(2)
    order = sorted(known.svg)
    rows = -(-len(order) // _COLUMNS)
    width, height = _COLUMNS * _CELL, rows * _CELL
    scale = (_CELL - 20) / drawings.SIZE
    cells = "".join(
        f'<g transform="translate({n % _COLUMNS * _CELL + 10} {n // _COLUMNS * _CELL + 10}) '
        f'scale({scale:.3f})" stroke-width="3.5">{known.body(name)}</g>'
        for n, name in enumerate(order)
    )
    image = pictures.raster(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {pictures.PEN}>'
        f"{cells}</svg>",
        width,
    )
    data = io.BytesIO()
    # Black lines, one accent and what lies between them.
    small = image.quantize(16, method=Image.Quantize.FASTOCTREE)
    small.save(data, "PNG", optimize=True) if path.suffix == ".png" else image.save(
        data, "WEBP", lossless=True
    )
    path.write_bytes(data.getvalue())
    for row in range(rows if names else 0):
        typer.echo(f"{row + 1}: {' '.join(order[row * _COLUMNS : (row + 1) * _COLUMNS])}")
