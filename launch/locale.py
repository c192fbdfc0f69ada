"""`relais locale`: translations brought up to date with their sources, checked, and counted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from babel.messages.catalog import Catalog

from backend.content import read_interview
from conversation import InterviewError, texts
from i18n import SOURCE, Finding, TextsError, checking, extract, heard, languages, phrases, po
from i18n import catalogues as shipped
from i18n.datewords import date_words
from launch import assets

REPOSITORY: Final = Path(__file__).resolve().parent.parent
LOCALES: Final = shipped.PACKAGED

app = typer.Typer(no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Locales, e.g. fr; none: every one.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]

Domains = dict[str, list[extract.Source]]


@app.command()
def update(names: Names = None) -> None:
    """Bring the templates and catalogues up to date with the English sources."""
    with _Spoken():
        domains = _domains()
        changed = [path for path, data in _expected(_chosen(names), domains) if _write(path, data)]
    for path in changed:
        print(f"written: {path.relative_to(REPOSITORY)}")
    if not changed:
        print("Everything is up to date.")


@app.command()
def check(names: Names = None) -> None:
    """Find what is missing or wrong in texts; exit with 1 when there are errors."""
    with _Spoken():
        findings = list(dict.fromkeys(_findings(_chosen(names))))
    for finding in findings:
        typer.echo(f"{finding.level}: {finding}")
    errors = sum(finding.level == "error" for finding in findings)
    print(f"{errors} errors, {len(findings) - errors} warnings.")
    if errors:
        raise typer.Exit(1)


@app.command()
def status(as_json: AsJson = False) -> None:
    """How far each language is."""
    with _Spoken():
        rows = list(_status())
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    print(f"{'locale':8}{'state':10}{'offered':9}{'translated':>12}  name")
    for row in rows:
        done = f"{row['translated']}/{row['texts']}"
        offered = "yes" if row["offered"] else "no"
        print(f"{row['locale']:8}{row['state']:10}{offered:9}{done:>12}  {row['name']}")


class _Spoken:
    """Faults of text files as lines and exit code 1, not as a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TextsError | InterviewError):
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None


def _domains() -> Domains:
    """The sources of each PO file; the console's only where its TypeScript is (a checkout)."""
    chat = [*_interview_texts(), *(extract.Source(*phrase) for phrase in phrases.load())]
    src = REPOSITORY / "console" / "src"
    domains = extract.by_domain(chat, extract.console_sources(src))
    if not src.is_dir():
        del domains[extract.CONSOLE]
    return domains


def _interview_texts() -> Iterator[extract.Source]:
    """Each text once: a shared block's texts come with every interview that includes it."""
    seen: set[str] = set()
    folder = REPOSITORY / "conversation" / "interviews"
    for path in sorted(folder.glob("*.yaml")):
        interview = read_interview(path)
        for text in texts(interview):
            if text.id not in seen:
                seen.add(text.id)
                file = f"conversation/interviews/{text.file}"
                yield extract.Source(text.id, text.source, text.note, file, text.line)


def _chosen(names: list[str] | None) -> list[str]:
    """The locales asked for; else every translated one that is offered or begun."""
    known = languages()
    for name in names or ():
        if name not in known or name == SOURCE:
            print(f"{name}: not a language of i18n/languages.toml with a catalogue; add its row")
            raise typer.Exit(2)
    begun = (n for n in known if n != SOURCE and (known[n].offered or (LOCALES / n).is_dir()))
    return list(names or begun)


def _po_path(locale: str, domain: str) -> Path:
    return LOCALES / locale / "LC_MESSAGES" / f"{domain}.po"


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def _read(locale: str) -> dict[str, Catalog]:
    paths = {domain: _po_path(locale, domain) for domain in extract.ALL_DOMAINS}
    return {
        domain: po.read(path, _name(path), languages()[locale])
        for domain, path in paths.items()
        if path.exists()
    }


def _expected(locales: list[str], domains: Domains) -> Iterator[tuple[Path, bytes]]:
    """Each file as it should be."""
    for domain, sources in domains.items():
        yield LOCALES / f"{domain}.pot", po.dump(extract.template(sources), None)
    for locale in locales:
        for domain, data in extract.updated(domains, _read(locale), languages()[locale]).items():
            yield _po_path(locale, domain), data


def _write(path: Path, data: bytes) -> bool:
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


def _findings(locales: list[str]) -> Iterator[Finding]:
    domains = _domains()
    date_words()
    heard.distress()
    heard.remarks()
    yield from checking.check_keywords(languages())
    for sources in domains.values():
        yield from checking.check_sources(sources, languages()[SOURCE])
    for locale in locales:
        language = languages()[locale]
        for domain, catalog in _read(locale).items():
            name = _name(_po_path(locale, domain))
            if domain in domains:
                yield from checking.check_catalogue(catalog, name, domains[domain], language)
    for path, data in _expected(locales, domains):
        if not path.exists() or path.read_bytes() != data:
            yield Finding(_name(path), 0, "PO004", "is out of date: run `relais locale update`")


def _status() -> Iterator[dict[str, object]]:
    domains = _domains()
    chat = [(s.id, s.source) for domain in shipped.DOMAINS for s in domains[domain]]
    catalogues = shipped.Catalogues.load(chat, root=LOCALES)
    console = {source.source for source in domains.get(extract.CONSOLE, ())}
    total = len(catalogues.sources) + len(console)
    for row in languages().rows():
        missing = 0
        if row.id != SOURCE:
            own = catalogues.console(row.id, own=True)
            missing = len(catalogues.missing(row.id)) + len(console - {*own})
        yield {
            "locale": row.id,
            "name": row.name,
            "state": catalogues.state(row.id),
            "offered": row.offered,
            "texts": total,
            "translated": total - missing,
        }


def _chat() -> Iterator[tuple[str, str]]:
    """(Message id, English) of everything that is said in chat."""
    domains = _domains()
    return ((s.id, s.source) for domain in shipped.DOMAINS for s in domains[domain])


assets.register(app, _chat)
