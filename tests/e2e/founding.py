"""A production server from nothing, and the ceremony of its first signed list, in Chromium."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import PHONE, ConsoleMember, PasskeyDevice, chromium
from tests.e2e.processes import ROOT, Process, bot_token, free_port


@dataclass
class House:
    """A production server without anybody, and the browsers of its people."""

    process: Process
    browser: Browser

    def page(self) -> Page:
        """A browser profile of its own."""
        context = self.browser.new_context(viewport=PHONE, locale="en-GB")
        context.set_default_timeout(20_000)
        return context.new_page()

    def command(self, *words: str) -> str:
        """`relais …` with the server's settings."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RELAIS_")}
        done = subprocess.run(
            [sys.executable, "-m", "launch.cli", *words],
            env=clean | self.process.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def member(self, link: str, *, passkey: bool = False) -> ConsoleMember:
        """Somebody who enrolled by this link and unlocked; with an app, or a ``passkey``."""
        page = self.page()
        one = ConsoleMember(page, link, PasskeyDevice(page) if passkey else None)
        one.enrols()
        one.unlocks()
        return one


@contextmanager
def running_house(tmp_path: Path) -> Iterator[House]:
    """`relais serve` as an organisation runs it, with keys beside the data."""
    port = free_port()
    process = Process(
        arguments=["-m", "launch.cli", "serve"],
        environment={
            "RELAIS_MODE": "production",
            "RELAIS_DATA_DIR": str(tmp_path / "var"),
            "RELAIS_KEYRING_FILE": str(tmp_path / "ring" / "keyring.json"),
            "RELAIS_DRAFT_KEY_DIR": str(tmp_path / "days"),
            "RELAIS_OPERATOR": "Lantern House",
            "RELAIS_COUNTRY": "CF",
            "RELAIS_BOT_TOKEN_PAGE": bot_token("page"),
            "RELAIS_PORT": str(port),
            "RELAIS_PUBLIC_URL": f"http://localhost:{port}",
        },
        log=tmp_path / "backend.log",
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )
    with chromium() as browser:
        home = House(process, browser)
        home.command("keys", "init")
        try:
            yield home
        finally:
            process.stop()


def to_people(member: ConsoleMember) -> Page:
    """The page of people, loaded anew."""
    page = member.page
    page.get_by_test_id("to-tonight").click()
    page.get_by_test_id("to-people").click()
    expect(page.get_by_test_id("members")).to_be_visible()
    return page


def standing(page: Page, name: str) -> str:
    """What the list says of somebody."""
    return page.get_by_test_id(f"member-{name}").get_by_test_id("standing").inner_text()


def compares(page: Page, name: str, words: str) -> None:
    """The six words are those that the other console shows."""
    expect(page.get_by_test_id(f"compare-{name}").get_by_test_id("compare-words")).to_have_text(
        words
    )
    page.get_by_test_id(f"compare-{name}").get_by_test_id("compare-same").click()


def makes_recovery(page: Page) -> list[str]:
    """Three papers, of which two open; one is typed back."""
    page.get_by_test_id("split-make").click()
    papers = [
        page.get_by_test_id(f"paper-{number}").locator("code").inner_text() for number in (1, 2, 3)
    ]
    page.get_by_test_id("papers-printed").click()
    page.get_by_test_id("paper-typed").fill("0000 1111")
    page.get_by_test_id("paper-check").click()
    expect(page.get_by_text("This is no recovery paper.")).to_be_visible()
    page.get_by_test_id("paper-typed").fill(papers[1].lower())
    page.get_by_test_id("paper-check").click()
    return papers


def signs(page: Page, number: int, name: str = "", words: str = "") -> None:
    """From "Sign it again" to the new number; somebody's keys are compared first."""
    page.get_by_test_id("list-sign").click()
    if name:
        compares(page, name, words)
    page.get_by_test_id("ceremony-confirm").click()
    expect(page.get_by_test_id("list-until")).to_contain_text(f"number {number}", timeout=30_000)


def founded(
    house: House, *, passkey: bool = False
) -> tuple[ConsoleMember, ConsoleMember, list[str]]:
    """Ana and Ben enrolled, and Ana signed the first list; with the recovery papers.

    ``passkey``: Ben has one, and no app.
    """
    ana_link = house.command("members", "found", "Ana", "--organisation", "Lantern House").strip()
    ben_link = house.command("members", "found", "Ben", "--organisation", "Lantern House").strip()
    house.process.start()
    ana = house.member(ana_link)
    page = to_people(ana)
    expect(page.get_by_test_id("list-too-few")).to_be_visible()
    ben = house.member(ben_link, passkey=passkey)
    words = ben.page.get_by_test_id("my-words").inner_text()
    page = to_people(ana)
    page.get_by_test_id("list-sign").click()
    compares(page, "Ben", words)
    papers = makes_recovery(page)
    page.get_by_test_id("ceremony-confirm").click()
    expect(page.get_by_test_id("list-until")).to_contain_text("number 1", timeout=30_000)
    return ana, ben, papers


def trusts(member: ConsoleMember) -> None:
    """A browser that never saw the root: it was compared."""
    member.page.get_by_test_id("unlock-root-trust").click()
    expect(member.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)


def gives_ben_a_key(page: Page, ben: ConsoleMember) -> None:
    """Of the only open case, in the coordinator's browser; he then reads what she told."""
    page.get_by_test_id("to-tonight").click()
    page.get_by_test_id("open-alerts").locator("a.code").first.click()
    page.get_by_test_id("holders").locator("summary").click()
    page.get_by_test_id("give-to").select_option(label="Ben · Lantern House")
    page.get_by_test_id("give-send").click()
    expect(page.get_by_test_id("holders-done")).to_contain_text("Ben has a key now.")
    ben.page.get_by_test_id("to-messengers").click()
    ben.page.get_by_test_id("to-tonight").click()
    ben.page.get_by_test_id("open-alerts").locator("a.code").first.click()
    expect(ben.page.get_by_test_id("brief")).to_contain_text("26 to 40", timeout=30_000)
