"""Phones and consoles in a real Chromium."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.e2e.codes import totp

PHONE: ViewportSize = {"width": 360, "height": 740}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--use-fake-device-for-media-stream",
            ],
        )
        yield browser
        browser.close()


class ChatPhone:
    """The chat page as its user sees it."""

    def __init__(self, page: Page, base: str, query: str = "") -> None:
        self.page = page
        page.goto(f"{base}/chat{query}")

    def says(self, text: str, expects: str) -> None:
        """Type, send, and wait for a new bubble that holds ``expects``."""
        before = self.bubbles.count()
        self.page.get_by_test_id("write").fill(text)
        self.page.get_by_test_id("write").press("Enter")
        self.waits(before, expects)

    def presses(self, label: str, expects: str) -> None:
        """Press the newest button with this label, and wait for a bubble with ``expects``."""
        before = self.bubbles.count()
        self.page.locator(".keys").last.get_by_role("button", name=label, exact=True).click()
        self.waits(before, expects)

    def ticks(self, label: str) -> None:
        """Tick an option of a list; its bubble is drawn again in place."""
        self.page.locator(".keys").last.get_by_role("button", name=f"☐ {label}").click()
        expect(
            self.page.locator(".keys").last.get_by_role("button", name=f"☑ {label}")
        ).to_be_visible()

    def waits(self, before: int, expects: str) -> None:
        """Until a bubble after the first ``before`` holds the text."""
        expect(self.bubbles.nth(before)).to_be_visible(timeout=15_000)
        expect(self.bubbles.last).to_contain_text(expects, timeout=15_000)

    @property
    def bubbles(self) -> Locator:
        """What the bot said."""
        return self.page.get_by_test_id("heard")


class PasskeyDevice:
    """What makes and keeps passkeys for one page: Chromium's own, moved by no finger."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def forgets(self) -> None:
        """Every passkey is gone."""
        self._devtools.send("WebAuthn.clearCredentials", self._id)

    @property
    def kept(self) -> int:
        """How many passkeys there are."""
        return len(self._devtools.send("WebAuthn.getCredentials", self._id)["credentials"])


class ConsoleMember:
    """A responder with a key of their own; with a ``device`` there is no app for codes."""

    def __init__(self, page: Page, invitation: str, device: PasskeyDevice | None = None) -> None:
        self.page = page
        self.invitation = invitation
        self.device = device
        self.words = ""
        self.secret = ""
        self.name = ""

    def enrols(self) -> None:
        """Make a key, write down the words, choose and confirm the second factor."""
        self.writes_words()
        self.takes_a_factor()

    def takes_a_factor(self) -> None:
        """The device's passkey, or the app's first code."""
        page = self.page
        page.get_by_test_id("enrol-factor").or_(page.get_by_test_id("enrol-code")).wait_for()
        if self.device is not None:
            page.get_by_test_id("factor-passkey").click()
        else:
            if page.get_by_test_id("factor-app").count():
                page.get_by_test_id("factor-app").click()
            self.secret = page.get_by_test_id("totp-secret").inner_text()
            page.get_by_test_id("enrol-totp").fill(totp(self.secret))
            page.get_by_test_id("enrol-confirm").click()
        expect(page.get_by_test_id("enrol-done")).to_be_visible(timeout=30_000)
        page.get_by_test_id("enrol-unlock").click()

    def writes_words(self) -> None:
        """From the invitation to the words typed back."""
        page = self.page
        page.goto(self.invitation)
        self.name = page.get_by_test_id("enrol-member").inner_text()
        page.get_by_test_id("enrol-start").click()
        expect(page.get_by_test_id("word-6")).to_be_visible()
        self.words = " ".join(
            page.get_by_test_id(f"word-{number}").inner_text() for number in range(1, 7)
        )
        page.get_by_test_id("words-written").click()
        page.get_by_test_id("words-typed").fill(self.words)
        page.get_by_test_id("words-check").click()

    def unlocks(self, words: str | None = None, ahead: int = 1, code: str = "") -> None:
        """Type name, words and code (or touch the device).

        A used code does not serve twice, hence ``ahead``. ``code``: one from paper.
        """
        page = self.page
        page.get_by_test_id("unlock-words").wait_for()  # what else is asked is seen only then
        signed_in = page.get_by_test_id("unlock-name").count() == 0
        if not signed_in:
            page.get_by_test_id("unlock-name").fill(self.name)
        page.get_by_test_id("unlock-words").fill(words or self.words)
        if self.device is not None and not signed_in and code == "":
            page.get_by_test_id("unlock-passkey").click()
            return
        if not signed_in:
            page.get_by_test_id("unlock-code").fill(code or totp(self.secret, ahead))
        page.get_by_test_id("unlock-submit").click()

    def links(self, phone: ChatPhone) -> None:
        """Get a one-time code and send it from the phone."""
        page = self.page
        page.get_by_test_id("to-messengers").click()
        page.get_by_test_id("link-new").click()
        code = page.get_by_test_id("link-code").inner_text()
        phone.says(code, "Linked")
        page.get_by_test_id("to-tonight").click()

    def goes_on_call(self) -> None:
        """The switch of Tonight."""
        switch = self.page.get_by_test_id("on-call")
        if switch.get_attribute("aria-checked") != "true":
            switch.click()
        expect(switch).to_have_attribute("aria-checked", "true")


def invitations_in(printed: str) -> list[str]:
    """The invitation links that `relais run` printed."""
    return re.findall(r"http://\S+/console#/invite/\S+", printed)
