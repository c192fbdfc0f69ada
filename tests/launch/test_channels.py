"""`relais channels links`: links, payloads and printed sheets."""

import io
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from resvg_py import svg_to_bytes
from typer.testing import CliRunner

from backend import startlinks
from conversation.linting.topic import telling
from i18n import Catalogues
from launch.channels import links_of, sheet
from launch.cli import app

INTERVIEWS = ["conflict-sexual-violence", "domestic-violence", "other-grave-crimes"]
LOCALES = ["en", "fr", "sg"]
ALL = {"telegram": "@quiet_bot", "matrix": "@chat:example.org", "signal": "+23670000000"}


def links(*words: str) -> tuple[int, str]:
    """Run the command."""
    result = CliRunner().invoke(app, ["channels", "links", *words])
    return result.exit_code, result.output


@given(st.sampled_from(["", *LOCALES]), st.sampled_from(["", *INTERVIEWS]))
def test_a_payload_says_what_was_put_in(locale: str, interview: str) -> None:
    """Language and interview, within what Telegram passes on; and its letters tell no topic."""
    payload = startlinks.write(locale, interview)
    assert len(payload) <= startlinks.MOST
    assert startlinks.read(payload, INTERVIEWS, LOCALES) == (locale, interview)
    assert not telling(payload.replace("_", " "), "en")
    assert "violence" not in payload


@given(st.text(max_size=200))
def test_any_payload_can_be_read(payload: str) -> None:
    """Anybody writes links: what means nothing asks for nothing."""
    found = startlinks.read(payload, INTERVIEWS, LOCALES)
    assert found.interview in {"", *INTERVIEWS}
    assert found.locale in {"", *LOCALES}


def test_the_links_of_every_language_are_printed() -> None:
    """One line a messenger, with the language in Telegram's link."""
    code, printed = links("--telegram", "quiet_bot", "--matrix", ALL["matrix"])
    assert code == 0
    assert "https://t.me/quiet_bot?start=en" in printed
    assert "https://t.me/quiet_bot?start=fr" in printed
    assert "https://matrix.to/#/@chat:example.org" in printed


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ((), "Name at least one bot"),
        (("--telegram", "a b"), "as @BotFather does"),
        (("--matrix", "chat"), "@name:server"),
        (("--signal", "http://evil"), "is no Signal link"),
        (("--telegram", "quiet_bot", "--locale", "xx"), "No language 'xx' is offered"),
        (("--telegram", "quiet_bot", "--interview", "xx"), "There is no interview 'xx'"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(words: tuple[str, ...], advice: str) -> None:
    """With one line that says what to give."""
    code, printed = links(*words)
    assert code == 2
    assert advice in printed


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_a_sheet_can_be_scanned_and_tells_nothing(locale: str) -> None:
    """Each square leads where its name says; no topic, no script, nothing from elsewhere."""
    found = links_of(locale, **ALL)
    page = sheet(Catalogues.load(), locale, found, "abcdEFGH12345678")
    squares = page.split("<svg")[1:]
    assert len(squares) == 3
    for square, link in zip(squares, found, strict=True):
        svg = "<svg" + square.partition("</svg>")[0] + "</svg>"
        svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        drawn = Image.open(io.BytesIO(bytes(svg_to_bytes(svg, width=400, background="white"))))
        (read,) = zxingcpp.read_barcodes(drawn.convert("L"))
        assert read.text == link.url
    assert not telling(page, "en")
    assert not telling(page, "fr")
    assert "<script" not in page
    assert "src=" not in page
    assert "abcdEFGH1234" in page
    assert "abcdEFGH12345" not in page


def test_sheets_are_written_for_every_language(tmp_path: Path) -> None:
    """One file each, in a folder that may not exist yet."""
    folder = tmp_path / "new" / "sheets"
    code, _ = links("--signal", "+23670000000", "--sheets", str(folder))
    assert code == 0
    assert {path.name for path in folder.iterdir()} == {"sheet.en.html", "sheet.fr.html"}
