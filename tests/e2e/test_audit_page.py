"""The auditor's page in Chromium: who lands there, what it shows, how it is searched and kept."""

import csv
import io
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.e2e.browsing import ChatPhone, ConsoleMember, chromium
from tests.e2e.processes import free_port, run_process
from tests.e2e.story import SENTINEL, asks_for_help, tells_everything
from tests.e2e.test_whole_path import Demo, enrolled

TALL: ViewportSize = {"width": 360, "height": 1000}
DESK: ViewportSize = {"width": 1280, "height": 900}
OLD_LINES = 130
REASON = "Ada is ill, I take over"


@dataclass
class Audited:
    """A night that is over: Ada took a case, Sam opened it, and Noor looks at what was done."""

    demo: Demo
    ada: ConsoleMember
    noor: ConsoleMember
    code: str

    def opened(self) -> Page:
        """The auditor's page, as it is when it is opened."""
        page = self.noor.page
        page.get_by_test_id("to-key").click()
        page.get_by_test_id("to-audit").click()
        expect(lines(page).first).to_be_visible(timeout=20_000)
        return page


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """One for all tests here, none of which changes what was done."""
    folder, port = tmp_path_factory.mktemp("audit"), free_port()
    process = run_process(folder, port)
    process.start()
    try:
        with chromium() as browser:
            yield _a_night(Demo(f"http://127.0.0.1:{port}", process, folder, browser))
    finally:
        process.stop()


def _a_night(demo: Demo) -> Audited:
    ada, alarm = enrolled(demo, 0)
    sam = _member(demo, demo.invitations[1])
    expect(sam.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    person = ChatPhone(demo.page(), demo.base)
    asks_for_help(person)
    expect(alarm.bubbles.last).to_contain_text("health care", timeout=20_000)
    alarm.presses("Take", "is yours")
    tells_everything(person)
    case = ada.page.locator("[data-testid=mine] a.code")
    code, where = case.inner_text(), case.get_attribute("href")
    case.click()
    expect(ada.page.get_by_test_id("brief")).to_be_visible()
    sam.page.evaluate("where => { location.hash = where }", where)
    sam.page.get_by_test_id("reason").fill(REASON)
    sam.page.get_by_test_id("reason-open").click()
    expect(sam.page.get_by_test_id("brief")).to_be_visible()
    _long_ago(demo.folder / "var" / "relais.db")
    noor = _member(demo, _invites_an_auditor(sam.page))
    expect(noor.page.get_by_test_id("audit")).to_be_visible(timeout=30_000)
    return Audited(demo, ada, noor, code)


def _member(demo: Demo, link: str) -> ConsoleMember:
    one = ConsoleMember(demo.page(), link)
    one.enrols()
    one.unlocks()
    return one


def _invites_an_auditor(page: Page) -> str:
    page.get_by_test_id("to-people").click()
    page.get_by_test_id("invite-open").click()
    page.get_by_test_id("invite-name").fill("Noor")
    for role in ("responder", "auditor"):
        box = page.get_by_test_id(f"invite-role-{role}")
        box.set_checked(role == "auditor")
    page.get_by_test_id("invite-send").click()
    return page.get_by_test_id("invite-url").inner_text()


def _long_ago(database: Path) -> None:
    """Lines as weeks of work leave them: more than one page."""
    hour, now = 3_600_000, time.time_ns() // 1_000_000
    with sqlite3.connect(database, timeout=20) as connection:
        ((case_id,),) = connection.execute("SELECT id FROM cases")
        connection.executemany(
            "INSERT INTO case_log (id, case_id, kind, at, detail) VALUES (?, ?, 'hourly', ?, ?)",
            [
                (f"{number:032x}", case_id, now - (48 + number) * hour, f"0:{number}")
                for number in range(OLD_LINES)
            ],
        )
    connection.close()


def lines(page: Page) -> Locator:
    """What is shown."""
    return page.get_by_test_id("audit-line")


def kinds(page: Page) -> list[str]:
    """Of the lines that are shown, from the top."""
    found = lines(page).evaluate_all("all => all.map(one => one.dataset.kind)")
    return [str(kind) for kind in found]


def finds(page: Page, *, case: str = "", member: str = "", sort: str = "") -> None:
    """Fill the form and press "Show"."""
    if page.get_by_test_id("audit-find").get_attribute("open") is None:
        page.get_by_test_id("audit-find").locator("summary").click()
    page.get_by_test_id("audit-case").fill(case)
    page.get_by_test_id("audit-member").select_option(member)
    page.get_by_test_id("audit-sort").select_option(sort)
    with page.expect_response(lambda answer: "/v1/audit" in answer.url):
        page.get_by_test_id("audit-show").click()
    expect(page.get_by_test_id("loading")).to_have_count(0)


def test_an_auditor_lands_on_what_was_done_and_has_no_cases(audited: Audited) -> None:
    """Not on tonight; no people, no messengers; sentences, reasons, and what to ask."""
    page = audited.opened()
    for place in ("to-tonight", "to-people", "to-messengers"):
        expect(page.get_by_test_id(place)).to_have_count(0)
    expect(page.get_by_test_id("to-audit")).to_have_attribute("aria-current", "page")
    asked = page.locator("[data-testid=audit-line][data-kind=served].look")
    expect(asked).to_contain_text(
        f"Sam (demo) opened case {audited.code}, which another member had"
    )
    expect(asked.get_by_test_id("audit-reason")).to_contain_text(REASON)
    expect(asked.get_by_test_id("audit-ask")).to_contain_text("Does the reason hold?")
    expect(page.get_by_text("Noor read these lines.")).to_have_count(1)
    expect(page.get_by_text("Sam (demo) invited Noor.")).to_have_count(1)


def test_who_is_no_auditor_has_no_such_place_and_is_told_so(audited: Audited) -> None:
    """The address typed by hand shows a sentence, and asks the server for nothing."""
    page = audited.ada.page
    expect(page.get_by_test_id("to-audit")).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("location.hash = '#/audit'")
    expect(page.get_by_test_id("no-auditor-why")).to_contain_text("Only auditors see this page")
    assert not [url for url in asked if "/audit" in url]


def test_what_was_told_is_nowhere_on_the_page(audited: Audited) -> None:
    """Neither her words, nor her sign, nor what she answered."""
    page = audited.opened()
    text = page.get_by_test_id("audit").inner_text()
    for words in (SENTINEL, "vermillion", "blue kite", "26 to 40", "River Town"):
        assert words not in text


def test_searches_find_what_fits(audited: Audited) -> None:
    """What needs a look; one case, however its code is typed; one member; one sort; nothing."""
    page = audited.opened()
    page.get_by_test_id("audit-look").click()
    expect(lines(page)).to_have_count(1)
    assert kinds(page) == ["served"]
    expect(page.get_by_test_id("audit-count")).to_contain_text("One line")
    page.get_by_test_id("audit-all").click()
    finds(page, case=f" {audited.code[:2].lower()}-{audited.code[2:]} ", sort="work")
    assert kinds(page) == ["taken"]
    expect(page.get_by_test_id("audit-only")).to_contain_text(f"{audited.code} · Work on cases")
    finds(page, member="Sam (demo)")
    assert {"served", "invited", "enrolled"} == set(kinds(page))
    finds(page, case="ZZZZ")
    expect(page.get_by_test_id("audit-count")).to_have_text("No line fits what you asked for.")
    page.get_by_test_id("audit-reset").click()
    expect(lines(page)).to_have_count(100)
    lines(page).get_by_role("button", name=f"All of case {audited.code}").first.click()
    expect(page.get_by_test_id("audit-only")).to_contain_text(audited.code)


def test_earlier_lines_come_at_a_key_and_reading_goes_on_there(audited: Audited) -> None:
    """The focus is on the first new line, the number is said, and at the end nothing is offered."""
    page = audited.opened()
    expect(lines(page)).to_have_count(100)
    status = page.get_by_test_id("audit-count")
    expect(status).to_have_attribute("role", "status")
    expect(status).to_contain_text("There are earlier ones")
    days = page.get_by_test_id("audit-day").count()
    page.get_by_test_id("audit-earlier").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-line='100']")).to_be_focused()
    shown = lines(page).count()
    assert shown > OLD_LINES
    expect(status).to_have_text(f"All {shown} lines there are.")
    assert page.get_by_test_id("audit-day").count() > days
    expect(page.get_by_test_id("audit-earlier")).to_have_count(0)
    moments = lines(page).locator("time").evaluate_all("all => all.map(one => one.dateTime)")
    assert moments == sorted(moments, reverse=True)


def test_what_is_shown_is_kept_as_a_table(audited: Audited) -> None:
    """As many rows as lines, in UTF-8 that a spreadsheet knows, with nothing of hers."""
    page = audited.opened()
    finds(page, case=audited.code, sort="reading")
    with page.expect_download() as saved:
        page.get_by_test_id("audit-csv").click()
    assert saved.value.suggested_filename.startswith("relais-audit-")
    raw = Path(saved.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert (head[2], head[6]) == ("Case", "Reason given")
    assert len(rows) == lines(page).count() >= 2
    assert {row[2] for row in rows} == {audited.code}
    assert [row[6] for row in rows if row[7]] == [REASON]
    assert SENTINEL.encode() not in raw


def test_a_server_that_does_not_answer_is_said_and_tried_again(audited: Audited) -> None:
    """An error in words, a button, and the lines once it answers."""
    page = audited.opened()
    page.route("**/v1/audit*", lambda route: route.abort())
    page.get_by_test_id("audit-look").click()
    expect(page.get_by_test_id("audit-error")).to_contain_text("The server does not answer")
    expect(lines(page)).to_have_count(0)
    page.unroute("**/v1/audit*")
    page.get_by_test_id("audit-again").click()
    expect(lines(page)).to_have_count(1)
    expect(page.get_by_test_id("audit-error")).to_have_count(0)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_it_fits_every_screen_in_both_directions(
    audited: Audited, direction: str, width: int
) -> None:
    """Nothing stands out at a side, with the search open."""
    page = audited.opened()
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": width, "height": 740})
    page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    page.get_by_test_id("audit-find").locator("summary").click()
    try:
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        pictured(page, f"audit-{direction}-{width}")
    finally:
        page.evaluate("document.documentElement.dir = 'ltr'")
        page.set_viewport_size(size)


def test_paper_has_the_lines_and_no_buttons(audited: Audited) -> None:
    """Printed, the search and the places are gone; sentences, reasons and days stay."""
    page = audited.opened()
    page.emulate_media(media="print")
    try:
        for gone in ("audit-find", "audit-csv", "audit-earlier", "to-audit", "lock"):
            expect(page.get_by_test_id(gone)).to_be_hidden()
        expect(lines(page).first).to_be_visible()
        expect(page.get_by_test_id("audit-reason").first).to_be_visible()
        expect(page.get_by_test_id("audit-day").first.locator("h2")).to_be_visible()
    finally:
        page.emulate_media(media="screen")


def pictured(page: Page, name: str) -> None:
    """A picture for the eyes of whoever changes the page, when a folder for it is given."""
    folder = os.environ.get("RELAIS_TEST_PICTURES")
    if folder:
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_it_is_pictured_for_the_documents(audited: Audited) -> None:
    """What needs a look, as docs/auditors.md shows it; here it only has to be drawn."""
    page = audited.opened()
    size = page.viewport_size
    assert size is not None
    try:
        for name, viewport in (("audit", TALL), ("audit-desk", DESK)):
            page.set_viewport_size(viewport)
            expect(lines(page).first).to_be_in_viewport()
            pictured(page, name)
    finally:
        page.set_viewport_size(size)
