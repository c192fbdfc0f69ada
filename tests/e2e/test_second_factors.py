"""Second factors and lost devices, in Chromium: passkeys, codes on paper, and a new beginning."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import ChatPhone, ConsoleMember, PasskeyDevice
from tests.e2e.founding import (
    House,
    founded,
    gives_ben_a_key,
    running_house,
    signs,
    to_people,
    trusts,
)
from tests.e2e.processes import ROOT
from tests.e2e.story import asks_for_help

pytestmark = pytest.mark.timeout(300)
"""Several browsers and servers one after the other."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """`relais serve` as an organisation runs it, reached by a host name."""
    with running_house(tmp_path) as running:
        yield running


def picture(page: Page, name: str, *, full: bool = False) -> None:
    """For the documents, where ``RELAIS_TEST_PICTURES`` is set: no two runs are alike."""
    if os.environ.get("RELAIS_TEST_PICTURES"):
        path = ROOT / "docs" / "pictures" / f"{name}.png"
        page.screenshot(path=path, full_page=full)


def ana_link(house: House) -> str:
    """The invitation of a first coordinator, and the server serves."""
    link = house.command("members", "found", "Ana", "--organisation", "Lantern House").strip()
    house.process.start()
    return link


def opened(member: ConsoleMember) -> None:
    """The console is open."""
    expect(member.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)


def folds_out(page: Page, name: str) -> None:
    """One of the folds of "My key"."""
    fold = page.get_by_test_id(name)
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()


def codes_on_paper(member: ConsoleMember) -> list[str]:
    """Made with the words under "My key", and written down."""
    page = member.page
    page.get_by_test_id("to-key").click()
    folds_out(page, "codes")
    page.get_by_test_id("codes-words").fill(member.words)
    page.get_by_test_id("codes-send").click()
    codes = page.get_by_test_id("codes-shown").locator("code")
    expect(codes).to_have_count(8, timeout=30_000)
    return codes.all_inner_texts()


def elsewhere(house: House, member: ConsoleMember, *, device: bool) -> ConsoleMember:
    """The same person at a new browser, with her memory and none of its keys."""
    page = house.page()
    other = ConsoleMember(page, "", PasskeyDevice(page) if device else None)
    other.name, other.words, other.secret = member.name, member.words, member.secret
    page.goto(f"{house.process.environment['RELAIS_PUBLIC_URL']}/console")
    return other


def test_who_enrols_with_a_passkey_unlocks_with_it_and_keeps_it(house: House) -> None:
    """A touch and no app; the only passkey is not removed; an app may be added, then it may go."""
    page = house.page()
    ana = ConsoleMember(page, ana_link(house), PasskeyDevice(page))
    ana.writes_words()
    expect(page.get_by_test_id("factor-passkey")).to_be_visible()
    picture(page, "passkey-enrol")
    page.get_by_test_id("factor-passkey").click()
    expect(page.get_by_test_id("enrol-done")).to_contain_text("codes", timeout=30_000)
    page.get_by_test_id("enrol-unlock").click()
    ana.unlocks()
    opened(ana)
    page.get_by_test_id("to-key").click()
    expect(page.get_by_test_id("authenticator")).to_contain_text("An authenticator app")
    folds_out(page, "passkeys")
    page.get_by_test_id("passkey-remove").click()
    expect(page.get_by_test_id("passkeys-error")).to_contain_text("your only passkey")
    expect(page.get_by_test_id("passkey")).to_have_count(1)
    page.get_by_test_id("lock").click()
    ana.unlocks()
    opened(ana)


def test_who_takes_the_app_unlocks_with_its_codes(house: House) -> None:
    """Also where a passkey could be made: back and forth, then the app, and no passkey is made."""
    page = house.page()
    ana = ConsoleMember(page, ana_link(house))
    device = PasskeyDevice(page)
    ana.writes_words()
    page.get_by_test_id("factor-app").click()
    expect(page.get_by_test_id("totp-secret")).to_be_visible()
    picture(page, "totp-enrol", full=True)
    page.get_by_test_id("enrol-other").click()
    expect(page.get_by_test_id("factor-passkey")).to_be_visible()
    ana.takes_a_factor()
    ana.unlocks()
    opened(ana)
    assert device.kept == 0


def test_a_lost_device_costs_no_key(house: House) -> None:
    """Words and a code on paper open the same key at a new browser, and a new passkey from then on.

    With the lost passkey goes who was signed in with it; the code opens nothing again.
    """
    lost = house.member(ana_link(house), passkey=True)
    opened(lost)
    words = lost.page.get_by_test_id("my-words").inner_text()
    codes = codes_on_paper(lost)

    ana = elsewhere(house, lost, device=True)
    page = ana.page
    ana.unlocks(code=codes[0].lower())
    opened(ana)
    expect(page.get_by_test_id("my-words")).to_have_text(words)
    page.get_by_test_id("to-key").click()
    expect(page.get_by_test_id("codes")).to_contain_text("7 left")
    folds_out(page, "passkeys")
    page.get_by_test_id("passkeys-words").fill(ana.words)
    page.get_by_test_id("passkeys-send").click()
    expect(page.get_by_test_id("passkey")).to_have_count(2, timeout=30_000)
    expect(page.get_by_test_id("passkey").last).to_contain_text("just now and here")
    page.get_by_test_id("passkeys").scroll_into_view_if_needed()
    picture(page, "lost-device")
    page.get_by_test_id("passkey").first.get_by_test_id("passkey-remove").click()
    expect(page.get_by_test_id("passkey")).to_have_count(1)
    expect(page.get_by_test_id("end-others")).to_have_count(0)

    lost.page.reload()
    expect(lost.page.get_by_test_id("unlock-name")).to_be_visible()
    page.get_by_test_id("lock").click()
    ana.unlocks()
    opened(ana)
    page.get_by_test_id("lock").click()
    ana.unlocks(code=codes[0])
    expect(page.get_by_test_id("unlock-error")).to_contain_text("works once", timeout=30_000)


def test_device_and_words_lost_is_a_new_key(house: House) -> None:
    """Ben is reset, invited, signed anew: what was his opens nothing, not even his own case.

    It is back in the queue; once somebody who can open it grants it he reads it on a new device.
    """
    ana, lost, _ = founded(house, passkey=True)
    base = house.process.environment["RELAIS_PUBLIC_URL"]
    lost.page.reload()
    lost.unlocks()
    trusts(lost)
    codes = codes_on_paper(lost)
    lost.page.get_by_test_id("to-tonight").click()
    lost.links(ChatPhone(house.page(), base, "?phone=ben"))
    lost.goes_on_call()
    asks_for_help(ChatPhone(house.page(), base), "Skip")
    lost.page.get_by_test_id("to-messengers").click()
    lost.page.get_by_test_id("to-tonight").click()
    lost.page.get_by_test_id("open-alerts").locator("a.code").first.click()
    expect(lost.page.get_by_test_id("brief")).to_contain_text("26 to 40", timeout=30_000)
    lost.page.get_by_test_id("case-take").click()
    expect(lost.page.get_by_test_id("case-done")).to_be_visible(timeout=30_000)

    page = to_people(ana)
    line = page.get_by_test_id("member-Ben")
    line.get_by_test_id("reset").click()
    line.get_by_test_id("reset-yes").click()
    link = page.get_by_test_id("invite-url").inner_text()
    lost.page.reload()
    expect(lost.page.get_by_test_id("unlock-name")).to_be_visible()
    lost.unlocks(code=codes[0])
    expect(lost.page.get_by_test_id("unlock-error")).to_contain_text("wrong", timeout=30_000)

    ben = house.member(link, passkey=True)
    assert ben.words != lost.words
    words = ben.page.get_by_test_id("my-words").inner_text()
    page = to_people(ana)
    signs(page, 2, "Ben", words)
    ben.page.get_by_test_id("lock").click()
    ben.unlocks()
    opened(ben)
    expect(ben.page.get_by_test_id("open-alerts").locator("a.code")).to_have_count(0)

    gives_ben_a_key(page, ben)
