"""`relais channels`: links to the bots, QR codes, and sheets to print, one a language."""

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, NoReturn
from urllib.parse import quote

import segno
import typer

from backend import startlinks
from backend.content import packaged_interviews
from i18n import Catalogues, languages

app = typer.Typer(no_args_is_help=True)

Telegram = Annotated[
    str, typer.Option(envvar="RELAIS_TELEGRAM_NAME", help="The bot's name, with or without @.")
]
Matrix = Annotated[
    str, typer.Option(envvar="RELAIS_MATRIX_USER", help="The account, as @name:server.")
]
Signal = Annotated[
    str, typer.Option(envvar="RELAIS_SIGNAL_LINK", help="The link that Signal shows, or +number.")
]
Interview = Annotated[str, typer.Option(help="Id of an interview other than the usual one.")]
Locale = Annotated[list[str] | None, typer.Option(help="Only these languages; else all offered.")]
Sheets = Annotated[Path | None, typer.Option(help="Folder for one page a language, to print.")]
Key = Annotated[
    str, typer.Option(help="The Matrix bot's key, as its log says at the start; for the sheet.")
]

_KEY_SHOWN: Final = 12
_PAGE: Final = """<!doctype html>
<html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A5; margin: 12mm }}
body {{ font: 14pt/1.4 sans-serif; color: #000; background: #fff; max-width: 120mm; margin: auto }}
h1 {{ font-size: 22pt; margin: 0 0 4mm }}
figure {{ margin: 5mm 0; display: flex; gap: 6mm; align-items: center; break-inside: avoid }}
svg {{ width: 36mm; height: 36mm; flex: none }}
bdi {{ font-weight: bold; font-size: 15pt; overflow-wrap: anywhere }}
p {{ margin: 2mm 0 }}
</style></head><body><h1>{title}</h1><p>{scan}</p>{figures}<p>{same}</p><p>{leave}</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Link:
    """One way to a bot. ``name`` is what one writes into the app."""

    channel: str
    name: str
    url: str


class Unusable(ValueError):
    """A name that leads nowhere; the message says what to give instead."""


@app.callback()
def _channels() -> None:
    """The messengers."""


@app.command()
def links(
    *,
    telegram: Telegram = "",
    matrix: Matrix = "",
    signal: Signal = "",
    interview: Interview = "",
    locale: Locale = None,
    sheets: Sheets = None,
    key: Key = "",
) -> None:
    """Print the links for every language; with --sheets also pages to print, with QR codes."""
    table = languages()
    offered = [row.id for row in table.rows() if row.offered]
    chosen = locale or offered
    unknown = [one for one in chosen if one not in offered]
    known = sorted(path.stem for path in packaged_interviews().glob("*.yaml"))
    if unknown:
        _stop(f"No language {unknown[0]!r} is offered; there are {', '.join(offered)}.")
    if interview and interview not in known:
        _stop(f"There is no interview {interview!r}; there are {', '.join(known)}.")
    catalogues = Catalogues.load()
    for one in chosen:
        found = _links_or_stop(one, telegram, matrix, signal, interview)
        if not found:
            _stop("Name at least one bot: --telegram, --matrix or --signal.")
        print(f"{one}  {table[one].name}")
        for link in found:
            print(f"    {link.channel:9} {link.name:28} {link.url}")
        if sheets is not None:
            sheets.mkdir(parents=True, exist_ok=True)
            path = sheets / f"sheet.{one}.html"
            path.write_text(sheet(catalogues, one, found, key), encoding="utf-8")
            print(f"    written: {path}")


def links_of(
    locale: str, telegram: str, matrix: str, signal: str, interview: str = ""
) -> list[Link]:
    """The links of one language. Raises :class:`Unusable`."""
    found: list[Link] = []
    if telegram:
        found.append(_telegram(telegram, startlinks.write(locale, interview)))
    if matrix:
        found.append(_matrix(matrix))
    if signal:
        found.append(_signal(signal))
    return found


def _telegram(name: str, payload: str) -> Link:
    name = name.removeprefix("@")
    if not (name.isascii() and name.replace("_", "").isalnum() and 5 <= len(name) <= 32):
        raise Unusable(f"{name!r} is no name of a Telegram bot; give it as @BotFather does.")
    return Link("telegram", f"@{name}", f"https://t.me/{name}?start={payload}")


def _matrix(user: str) -> Link:
    if not user.startswith("@") or ":" not in user or len(user) > 255 or " " in user:
        raise Unusable(f"{user!r} is no Matrix account; give it as @name:server.")
    return Link("matrix", user, f"https://matrix.to/#/{quote(user, safe='@:')}")


def _signal(given: str) -> Link:
    if given.startswith("https://signal.me/#"):
        return Link("signal", given.rpartition("/")[2][:16] + "…", given)
    digits = given.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        raise Unusable(
            f"{given!r} is no Signal link; give +number, or the link that Signal shows for a "
            "username (https://signal.me/#eu/…)."
        )
    return Link("signal", f"+{digits}", f"https://signal.me/#p/+{digits}")


def sheet(catalogues: Catalogues, locale: str, found: list[Link], key: str = "") -> str:
    """A page for one language: no script, nothing from elsewhere, nothing about the topic."""

    def text(name: str) -> str:
        return html.escape(catalogues.text(locale, f"sheet/{name}/text"))

    row = catalogues.languages[locale]
    figures = "".join(_figure(link, text("key"), key) for link in found)
    return _PAGE.format(
        lang=row.id,
        dir=row.direction,
        title=text("title"),
        scan=text("scan"),
        same=text("same"),
        leave=text("leave"),
        figures=figures,
    )


def _figure(link: Link, about_key: str, key: str) -> str:
    code = segno.make(link.url, error="m", micro=False)
    square = code.svg_inline(border=4, omitsize=True)
    lines = f"<p>{link.channel.title()}</p><bdi dir='ltr'>{html.escape(link.name)}</bdi>"
    if link.channel == "matrix" and key:
        shown = html.escape(key[:_KEY_SHOWN])
        lines += f"<p>{about_key} <bdi dir='ltr'>{shown}</bdi></p>"
    return f"<figure>{square}<figcaption>{lines}</figcaption></figure>"


def _links_or_stop(*names: str) -> list[Link]:
    try:
        return links_of(*names)
    except Unusable as error:
        _stop(str(error))


def _stop(advice: str) -> NoReturn:
    typer.echo(advice, err=True)
    raise typer.Exit(2)
