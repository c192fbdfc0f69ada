"""A request referred to another organisation, in Chromium: closed until it is accepted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, ChatPhone, ConsoleMember
from tests.e2e.founding import (
    House,
    compares,
    makes_recovery,
    running_house,
    to_people,
    trusts,
)
from tests.e2e.story import asks_for_help


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """`relais serve` as an organisation runs it, with keys beside the data."""
    with running_house(tmp_path) as running:
        yield running


def _three(house: House) -> tuple[ConsoleMember, ConsoleMember]:
    """Ana coordinates with Dia; Ben answers at the clinic. The list is signed; Ana and Ben."""
    links = [
        house.command("members", "found", name, "--organisation", "Lantern House").strip()
        for name in ("Ana", "Dia")
    ]
    house.process.start()
    ana, dia = (house.member(link) for link in links)
    page = to_people(ana)
    page.get_by_test_id("invite-open").click()
    page.get_by_test_id("invite-name").fill("Ben")
    page.get_by_test_id("invite-organisation").fill("Harbour Clinic")
    page.get_by_test_id("invite-send").click()
    ben = house.member(page.get_by_test_id("invite-url").inner_text())
    words = {one: who.page.get_by_test_id("my-words") for one, who in (("Ben", ben), ("Dia", dia))}
    page = to_people(ana)
    page.get_by_test_id("list-sign").click()
    for name, shown in words.items():
        compares(page, name, shown.inner_text())
    makes_recovery(page)
    page.get_by_test_id("ceremony-confirm").click()
    expect(page.get_by_test_id("list-until")).to_contain_text("number 1", timeout=30_000)
    ben.page.reload()
    ben.unlocks()
    trusts(ben)
    return ana, ben


def _takes(house: House, ana: ConsoleMember) -> str:
    """Somebody asks for help, Ana takes it; its code."""
    base = house.process.environment["RELAIS_PUBLIC_URL"]
    ana.links(ChatPhone(house.page(), base, "?phone=ana"))
    ana.goes_on_call()
    asks_for_help(ChatPhone(house.page(), base), "Skip")
    case = ana.page.get_by_test_id("open-alerts").locator("a.code").first
    expect(case).to_be_visible(timeout=30_000)
    code = case.inner_text()
    ana.page.get_by_test_id(f"take-{code}").click()
    expect(ana.page.get_by_test_id("brief")).to_contain_text("26 to 40", timeout=30_000)
    return code


def _fits(page: Page) -> None:
    """Nothing sticks out of a narrow phone, from left to right and from right to left."""
    for way in ("rtl", "ltr"):
        page.evaluate(f"document.documentElement.dir = '{way}'")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.timeout(300)
def test_who_is_asked_reads_between_their_yes_and_the_senders_no(house: House) -> None:
    """Ben sees who asks; after his yes the brief alone; once it is taken back nothing."""
    ana, ben = _three(house)
    code = _takes(house, ana)
    case_address = ana.page.evaluate("location.hash")

    # Ana refers the brief; without her consent in words nothing leaves the browser
    fold = ana.page.get_by_test_id("refer")
    fold.locator("summary").click()
    expect(fold).to_contain_text("It was referred to nobody yet.")
    fold.get_by_test_id("refer-to").select_option(label="Ben · Harbour Clinic")
    fold.get_by_test_id("refer-part-brief").check()
    fold.get_by_test_id("refer-send").click()
    expect(fold.get_by_test_id("refer-wrong")).to_contain_text("Say when and how")
    fold.get_by_test_id("refer-consent").fill("She said yes on the phone at noon")
    fold.get_by_test_id("refer-note").fill("A doctor is needed tonight")
    _fits(ana.page)
    fold.get_by_test_id("refer-send").click()
    expect(fold.get_by_test_id("refer-done")).to_contain_text("Ben is asked")
    expect(fold.get_by_test_id("referral-state")).to_have_text("Asked")

    # Ben: who asks and what for, nothing of the case
    line = ben.page.get_by_test_id(f"referred-{code}")
    expect(line).to_contain_text("From Ana, Lantern House", timeout=30_000)
    expect(line).to_contain_text("A doctor is needed tonight")
    expect(line).not_to_contain_text("Health care")
    _fits(ben.page)
    ben.page.evaluate(f"location.hash = '{case_address}'")
    expect(ben.page.get_by_test_id("case-not-yours")).to_be_visible(timeout=30_000)
    ben.page.get_by_test_id("case-back").click()

    # he says no by mistake, goes back, and accepts with the keyboard
    ben.page.get_by_test_id(f"reject-{code}").click()
    ben.page.get_by_test_id("reject-send").click()
    expect(ben.page.get_by_test_id("answer-error")).to_contain_text("Please give a reason.")
    ben.page.get_by_test_id("reject-no").click()
    ben.page.get_by_test_id(f"accept-{code}").press("Enter")
    expect(ben.page.get_by_test_id("brief")).to_contain_text("26 to 40", timeout=30_000)
    referred = ben.page.get_by_test_id("referred")
    expect(referred).to_contain_text("Referred to you by Ana, Lantern House")
    expect(referred.get_by_test_id("referred-consent")).to_contain_text("on the phone at noon")
    for absent in ("holders", "refer", "note-form", "timeline", "case-take"):
        expect(ben.page.get_by_test_id(absent)).to_have_count(0)
    _fits(ben.page)

    # Ana takes it back: what Ben has on his screen goes, and does not come again
    ana.page.get_by_test_id("case-refresh").click()
    fold.get_by_test_id("revoke").click()
    fold.get_by_test_id("revoke-yes").click()
    expect(fold.get_by_test_id("referral-state")).to_have_text("Ended")
    expect(ben.page.get_by_test_id("case-not-yours")).to_be_visible(timeout=30_000)
    expect(ben.page.get_by_test_id("brief")).to_have_count(0)
    ben.page.get_by_test_id("to-tonight").click()
    expect(
        ben.page.get_by_test_id(f"referred-{code}").get_by_test_id("referred-state")
    ).to_have_text("Ended", timeout=30_000)
    expect(ben.page.get_by_test_id(f"referred-open-{code}")).to_have_count(0)
