"""`relais interview`: the authors' tools. Nothing here writes to a database or to a network."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from backend.content import misnamed
from conversation import Finding, InterviewError
from conversation.linting import lint as lint_interview
from conversation.paths import Paths, explore
from i18n import CAPABILITIES, glossary, phrases
from launch import documents, transcripts
from launch.demo_town import NOBODY, TOWN
from launch.documents import NoSuchDocument, place_of
from launch.rehearsing import Rehearsal
from launch.simulating import HELP, Simulator

app = typer.Typer(no_args_is_help=True)
MAIN: Final = "conflict-sexual-violence"

Names = Annotated[
    list[str] | None, typer.Argument(help="Files, folders or ids; none: every one that ships.")
]
Name = Annotated[str, typer.Argument(help="A file, or the id of an interview that ships.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Locale = Annotated[str, typer.Option(help="Language, e.g. fr.")]


def _found(names: list[str]) -> list[Path]:
    try:
        return documents.paths_of(names)
    except NoSuchDocument as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _path(name: str) -> Path:
    try:
        return documents.path_of(name)
    except NoSuchDocument as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@app.command()
def lint(names: Names = None, as_json: AsJson = False) -> None:
    """Find what would do harm, is never reached, or does not fit; exit with 1 on an error."""
    paths = _found(names or [])
    rows: dict[tuple[str, str, str], Finding] = {}
    for path in paths:
        for finding in findings_of(path):
            rows.setdefault((place_of(finding, path), finding.code, finding.advice), finding)
    errors = sum(finding.severity == "error" for finding in rows.values())
    if as_json:
        print(json.dumps([_row(*key, rows[key]) for key in _sorted(rows)], indent=2))
    else:
        for key in _sorted(rows):
            place, code, advice = key
            level = rows[key].severity
            print(f"{place} {code} {'' if level == 'error' else f'({level}) '}{advice}")
        print(_summary(len(paths), list(rows.values())))
    if errors:
        raise typer.Exit(1)


def findings_of(path: Path) -> tuple[Finding, ...]:
    """What is wrong with one file, whether it loads or not."""
    try:
        interview = documents.load(path)
    except InterviewError as error:
        return error.findings
    said = [(phrase.id, phrase.source) for phrase in phrases.load()]
    found = lint_interview(interview, glossary=glossary.load, phrases=said)
    if (path.parent / "shared").is_dir():  # a folder that is, or will be, served
        found = (*misnamed(path, interview), *found)
    return tuple(replace(f, line=max(f.line, 1)) for f in found)


def _sorted(rows: dict[tuple[str, str, str], Finding]) -> list[tuple[str, str, str]]:
    """What has to be mended first comes first, then by place."""

    def order(key: tuple[str, str, str]) -> tuple[int, str, int, str, str]:
        file, _, line = key[0].rpartition(":")
        level = ("error", "warning", "note").index(rows[key].severity)
        return level, file, int(line), key[1], key[2]

    return sorted(rows, key=order)


def _row(place: str, code: str, advice: str, finding: Finding) -> dict[str, Any]:
    file, _, line = place.rpartition(":")
    level = finding.severity
    return {"file": file, "line": int(line), "code": code, "severity": level, "advice": advice}


def _summary(files: int, found: list[Finding]) -> str:
    counts = {
        level: sum(f.severity == level for f in found) for level in ("error", "warning", "note")
    }
    parts = [_counted(files, "interview"), *(_counted(n, level) for level, n in counts.items())]
    return ", ".join(parts[:3] if not counts["note"] else parts) + "."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@app.command()
def paths(names: Names = None, as_json: AsJson = False) -> None:
    """Count the ways through an interview: how many there are, and how long they are."""
    explored = [explore(_load(path)) for path in _found(names or [])]
    if as_json:
        print(json.dumps([one.as_json() for one in explored], ensure_ascii=False, indent=2))
        return
    for one in explored:
        _print_paths(one)


def _print_paths(one: Paths) -> None:
    interview = one.interview
    print(f"{interview.id}, version {interview.version}")
    print(f"{'':26}{'ways':>12}  {'questions':>18}  {'bubbles':>18}")
    print(f"{'':26}{'':>12}  {'least median most':>18}  {'least median most':>18}")
    groups = one.by_context[next(iter(one.by_context))]
    for name, stat in sorted(groups.items()):
        data = stat.as_json()
        spans = [
            "{least:>5} {median:>6} {most:>4}".format(**data[what])
            for what in ("questions", "bubbles")
        ]
        print(f"  {name:24}{_short(stat.ways):>12}  {spans[0]:>18}  {spans[1]:>18}")
    states = sum(len(graph.nodes) for graph in one.graphs.values())
    print(f"  walked as {', '.join(one.graphs)}: {states} states; the table is the first.")
    print(f"  {one.opening} questions come before a path is chosen; they are counted above.")
    for title, found in (("never reached", one.unreached), ("dead ends", one.dead_ends)):
        if found:
            print(f"  {title}: {', '.join(found)}")
    for reason in one.cut:
        print(f"  NOT COMPLETE: {reason}")
    print()


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**7 else f"{number:.1e}"


def _load(path: Path) -> Any:
    try:
        return documents.load(path)
    except InterviewError as error:
        for finding in error.findings:
            typer.echo(f"{place_of(finding, path)} {finding.code} {finding.advice}", err=True)
        raise typer.Exit(1) from None


@app.command()
def graph(
    name: Name,
    out: Annotated[Path, typer.Option("-o", "--out", help="The SVG file to write.")],
    locale: Locale = "",
    date: Annotated[str, typer.Option(help="Date to print in the title, e.g. 2026-11-24.")] = "",
) -> None:
    """Draw an interview as an SVG page that can be read without the file beside it."""
    from conversation.charting import chart

    path = _path(name)
    _load(path)
    document = documents.load_document(path)
    language = locale or document.interview.source

    def text_of(message_id: str) -> str:
        return document.catalogues.find(language, message_id).text

    out.write_text(chart(document.interview, text_of, language=language, date=date), "utf-8")
    print(f"written: {out}")


@app.command()
def simulate(
    name: Annotated[str, typer.Argument(help="A file, or the id of an interview.")] = MAIN,
    channel: Annotated[str, typer.Option(help="signal, telegram, matrix or page.")] = "signal",
    locale: Locale = "en",
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody is on call.")] = False,
    show_effects: Annotated[
        bool, typer.Option("--show-effects", help="Show what the backend would carry out.")
    ] = False,
) -> None:
    """Chat with an interview in the terminal, in an invented town. Works with a pipe, too."""
    if channel not in CAPABILITIES:
        typer.echo(f"There is no channel {channel!r}; use {', '.join(CAPABILITIES)}.", err=True)
        raise typer.Exit(2)
    path = _path(name)
    _load(path)
    document = documents.load_document(path)

    def make() -> Rehearsal:
        return Rehearsal(document, locale, channel, NOBODY if nobody else TOWN)

    if sys.stdin.isatty():
        print(HELP, "  /?           this list", sep="\n", end="\n\n")
    simulator = Simulator(make, print, effects=show_effects)
    try:
        simulator.run(iter(sys.stdin.readline, ""))
    except KeyboardInterrupt:
        print()


@app.command()
def transcript(
    name: Annotated[str, typer.Argument(help="An interview (with --answers), or files.")] = "",
    answers: Annotated[
        str, typer.Option(help='What is typed, | between messages: "hello|1 1 4|blue kite".')
    ] = "",
    locale: Locale = "en",
    channel: Annotated[str, typer.Option(help="signal, telegram, matrix or page.")] = "signal",
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody is on call.")] = False,
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the files anew, or compare.")
    ] = False,
) -> None:
    """Write a conversation word for word, or compare those that are kept (tests/transcripts)."""
    if answers:
        town = NOBODY if nobody else TOWN
        _path(name or MAIN)
        case = transcripts.Case(name or MAIN, "", locale, answers, town, channel)
        print(transcripts.written(transcripts.run(case)), end="")
        return
    files = [Path(name)] if name else sorted(transcripts.FOLDER.glob("*.yaml"))
    changed = [path for path in files if not _same(path, write=write)]
    for path in changed:
        print(f"{'written' if write else 'differs'}: {path}")
    print(f"{len(files)} transcripts, {len(changed)} {'written' if write else 'different'}.")
    if changed and not write:
        raise typer.Exit(1)


def _same(path: Path, *, write: bool) -> bool:
    if not path.is_file():
        typer.echo(f"There is no file {path}.", err=True)
        raise typer.Exit(2)
    turns = transcripts.read(path)
    now = transcripts.again(path, turns)
    if now != turns and write:
        path.write_text(transcripts.written(now), "utf-8")
    return now == turns
