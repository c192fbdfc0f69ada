"""The keys' ceremony of a real installation, in Chromium: from nothing to a signed list, and on."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import ChatPhone, ConsoleMember, PasskeyDevice
from tests.e2e.founding import (
    House,
    founded,
    gives_ben_a_key,
    running_house,
    signs,
    standing,
    to_people,
    trusts,
)
from tests.e2e.story import asks_for_help


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """`relais serve` as an organisation runs it, with keys beside the data."""
    with running_house(tmp_path) as running:
        yield running


def test_from_nothing_to_a_signed_list_and_on(house: House) -> None:
    """Two coordinators, papers, a signature; the second one signs next; somebody leaves."""
    ana, ben, papers = founded(house)
    page = ana.page
    assert len(set(papers)) == 3
    assert standing(page, "Ben") == "signed"
    assert "signed already" in house.command("members", "found", "Eve", "--organisation", "X")

    # the other coordinator's browser never saw the root: it is compared, then remembered
    page.get_by_text("Your organisation's root").click()
    root = page.get_by_test_id("root").inner_text()
    ben.page.reload()
    ben.unlocks()
    expect(ben.page.get_by_test_id("unlock-fingerprint")).to_have_text(root)
    trusts(ben)
    expect(ben.page.get_by_test_id("not-admitted")).to_have_count(0)

    # she invites a responder and signs, though she is not the root
    people = to_people(ben)
    people.get_by_test_id("invite-open").click()
    people.get_by_test_id("invite-name").fill("Cam")
    people.get_by_test_id("invite-send").click()
    cam = house.member(people.get_by_test_id("invite-url").inner_text())
    cam_words = cam.page.get_by_test_id("my-words").inner_text()
    people = to_people(ben)
    assert standing(people, "Cam") == "waits to be signed"
    signs(people, 2, "Cam", cam_words)
    cam.page.reload()
    cam.unlocks()
    expect(cam.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    expect(cam.page.get_by_test_id("not-admitted")).to_have_count(0)
    expect(cam.page.get_by_test_id("to-people")).to_have_count(0)

    # and she leaves: signed out at once, out of the next list
    page = to_people(ana)
    line = page.get_by_test_id("member-Cam")
    line.get_by_test_id("remove").click()
    line.get_by_test_id("remove-yes").click()
    expect(page.get_by_test_id("member-Cam")).to_have_count(0)
    cam.page.reload()
    expect(cam.page.get_by_test_id("unlock")).to_be_visible()
    page.get_by_test_id("list-sign").click()
    expect(page.get_by_test_id("ceremony-sign")).to_contain_text("To be taken out: Cam")
    page.get_by_test_id("ceremony-confirm").click()
    expect(page.get_by_test_id("list-until")).to_contain_text("number 3", timeout=30_000)
    # herself she cannot remove
    expect(page.get_by_test_id("member-Ana").get_by_test_id("remove")).to_have_count(0)


def test_a_lost_key_a_later_grant_and_the_recovery_papers(house: House, tmp_path: Path) -> None:
    """Ben loses his key: Ana grants it anew; and two papers open the case without a network."""
    ana, ben, papers = founded(house)
    base = house.process.environment["RELAIS_PUBLIC_URL"]
    ana.links(ChatPhone(house.page(), base, "?phone=ana"))
    ana.goes_on_call()
    asks_for_help(ChatPhone(house.page(), base), "Skip")
    ana.page.get_by_test_id("to-messengers").click()
    ana.page.get_by_test_id("to-tonight").click()
    case = ana.page.get_by_test_id("open-alerts").locator("a.code").first
    expect(case).to_be_visible(timeout=30_000)
    code = case.inner_text()

    # Ben begins anew; what was sealed to his old key is closed to him
    page = to_people(ana)
    line = page.get_by_test_id("member-Ben")
    line.get_by_test_id("reset").click()
    line.get_by_test_id("reset-yes").click()
    ben = house.member(page.get_by_test_id("invite-url").inner_text())
    words = ben.page.get_by_test_id("my-words").inner_text()
    page = to_people(ana)
    signs(page, 2, "Ben", words)
    ben.page.reload()
    ben.unlocks()
    expect(ben.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    expect(ben.page.get_by_test_id("open-alerts").locator("a.code")).to_have_count(0)

    # Ana gives him a key again, in her browser
    gives_ben_a_key(page, ben)
    ben.page.get_by_test_id("holders").locator("summary").click()
    expect(ben.page.get_by_test_id("holders-brief")).to_contain_text("Ana")
    expect(ben.page.get_by_test_id("holders-brief")).to_contain_text("Ben")

    # the papers: a package, a page of one file, a file back
    page = to_people(ana)
    page.get_by_test_id("recovery").locator("summary").click()
    page.get_by_test_id("recovery-codes").fill(code)
    page.get_by_test_id("recovery-to").select_option(label="Ben")
    page.get_by_test_id("recovery-reason").fill("Ben lost his key")
    with page.expect_download() as package:
        page.get_by_test_id("recovery-ask").click()
    package.value.save_as(tmp_path / "package.json")
    with page.expect_download() as saved:
        page.get_by_test_id("recovery-page").click()
    saved.value.save_as(tmp_path / "recovery.html")
    context = house.browser.new_context(offline=True)
    alone = context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto((tmp_path / "recovery.html").as_uri())
    bundle = json.loads((tmp_path / "package.json").read_text())
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(bundle | {"to": "0" * 32}))
    alone.get_by_test_id("package").set_input_files(forged)
    expect(alone.get_by_test_id("error")).to_contain_text("seal nothing")
    alone.get_by_test_id("package").set_input_files(tmp_path / "package.json")
    expect(alone.get_by_test_id("addressee")).to_contain_text("Ben of Lantern House")
    expect(alone.get_by_test_id("words")).to_have_text(words)
    page.get_by_text("Your organisation's root").click()
    expect(alone.get_by_test_id("root")).to_have_text(page.get_by_test_id("root").inner_text())
    alone.get_by_test_id("paper-1").fill(papers[2])
    alone.get_by_test_id("open").click()
    expect(alone.get_by_test_id("error")).to_contain_text("Compare the words")
    alone.get_by_test_id("compared-words").check()
    alone.get_by_test_id("open").click()
    expect(alone.get_by_test_id("error")).to_contain_text("Compare the words")
    alone.get_by_test_id("compared-root").check()
    alone.get_by_test_id("open").click()
    expect(alone.get_by_test_id("error")).to_contain_text("More papers are needed")
    alone.get_by_test_id("paper-2").fill(papers[0].lower())
    with alone.expect_download() as made:
        alone.get_by_test_id("open").click()
        expect(alone.get_by_test_id("outcome")).to_contain_text("3 keys were sealed anew")
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []
    made.value.save_as(tmp_path / "recovered.json")
    page.get_by_test_id("recovery-file").set_input_files(tmp_path / "recovered.json")
    expect(page.get_by_test_id("recovery-said")).to_contain_text("put away")


def test_a_server_that_hides_or_takes_back_the_list_is_refused(house: House) -> None:
    """A browser that has seen a list opens nothing, and offers nothing to sign, without it."""
    ana, _, _ = founded(house)
    page = ana.page
    base = house.process.environment["RELAIS_PUBLIC_URL"]
    first = page.context.request.get(f"{base}/v1/roster").body()
    signs(page, 2)

    def answers(status: int, body: bytes) -> None:
        page.unroute_all()
        page.route(
            re.compile(r"/v1/roster(/last)?$"),
            lambda route: route.fulfill(
                status=status, body=body, headers={"Content-Type": "application/json"}
            ),
        )

    answers(404, b'{"code": "no_roster"}')
    page.get_by_test_id("to-tonight").click()
    page.get_by_test_id("to-people").click()
    expect(page.get_by_test_id("people-error")).to_contain_text("the server shows none")
    expect(page.get_by_test_id("list-sign")).to_have_count(0)
    page.reload()
    ana.unlocks()
    expect(page.get_by_test_id("unlock-error")).to_contain_text(
        "the server shows none", timeout=30_000
    )
    answers(200, first)
    ana.unlocks()
    expect(page.get_by_test_id("unlock-error")).to_contain_text(
        "an older or a different list", timeout=30_000
    )
    page.unroute_all()
    ana.unlocks()
    expect(page.get_by_test_id("list-until")).to_contain_text("number 2", timeout=30_000)


def test_a_passkey_stands_in_for_the_authenticator(house: House) -> None:
    """Made with the words proved, used with the words typed; another phone's opens nothing."""
    link = house.command("members", "found", "Ana", "--organisation", "Lantern House").strip()
    house.process.start()
    ana = ConsoleMember(house.page(), link)
    device = PasskeyDevice(ana.page)
    ana.enrols()
    ana.unlocks()
    page = ana.page
    expect(page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    page.get_by_test_id("to-key").click()
    page.get_by_test_id("passkeys").locator("summary").click()
    page.get_by_test_id("passkeys-words").fill(ana.words)
    page.get_by_test_id("passkeys-send").click()
    expect(page.get_by_test_id("passkey")).to_have_count(1, timeout=30_000)

    def unlocks_with_it() -> None:
        page.get_by_test_id("lock").click()
        page.get_by_test_id("unlock-name").fill(ana.name)
        page.get_by_test_id("unlock-words").fill(ana.words)
        page.get_by_test_id("unlock-passkey").click()

    unlocks_with_it()
    expect(page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    device.forgets()
    unlocks_with_it()
    expect(page.get_by_test_id("unlock-error")).to_contain_text("No passkey", timeout=90_000)
