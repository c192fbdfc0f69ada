"""One whole path in Chromium: a person writes, her words are sealed, a responder reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import PHONE, ChatPhone, ConsoleMember, chromium, invitations_in
from tests.e2e.processes import Process, free_port, run_process
from tests.e2e.story import SENTINEL, asks_for_help, tells_everything


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the module."""
    with chromium() as running:
        yield running


@dataclass
class Demo:
    """A running demo, and the pages opened on it."""

    base: str
    process: Process
    folder: Path
    browser: Browser

    def page(self) -> Page:
        """A page in a profile of its own, at a phone's width."""
        context = self.browser.new_context(viewport=PHONE, locale="en-GB")
        context.set_default_timeout(20_000)
        return context.new_page()

    @property
    def invitations(self) -> list[str]:
        """As printed."""
        return invitations_in(self.process.log.read_text())


@pytest.fixture
def demo(tmp_path: Path, browser: Browser) -> Iterator[Demo]:
    """`relais run` on an empty directory."""
    port = free_port()
    process = run_process(tmp_path, port)
    process.start()
    yield Demo(f"http://127.0.0.1:{port}", process, tmp_path, browser)
    process.stop()


def enrolled(demo: Demo, number: int) -> tuple[ConsoleMember, ChatPhone]:
    """A member who enrolled, unlocked, linked the second phone and is on call."""
    phone = ChatPhone(demo.page(), demo.base, f"?phone=responder-{number}")
    member = ConsoleMember(demo.page(), demo.invitations[number])
    member.enrols()
    member.unlocks()
    expect(member.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    member.links(phone)
    member.goes_on_call()
    return member, phone


def test_a_person_is_heard_and_helped(demo: Demo) -> None:
    """Interview, alert, take, unlock, read, first step, done; and her words only in the console."""
    member, alarm = enrolled(demo, 0)
    person = ChatPhone(demo.page(), demo.base)
    asks_for_help(person)
    expect(alarm.bubbles.last).to_contain_text("health care", timeout=20_000)
    alarm.presses("Take", "is yours")
    tells_everything(person)
    page = member.page
    page.locator("[data-testid=mine] a.code").click()
    expect(page.get_by_test_id("brief")).to_contain_text("26 to 40")
    expect(page.get_by_test_id("brief")).to_contain_text("River Town (demo)")
    page.get_by_test_id("note-text").fill("I write to her tonight.")
    page.get_by_test_id("note-save").click()
    expect(page.get_by_test_id("notes")).to_contain_text("I write to her tonight.")
    page.get_by_test_id("case-actions").get_by_role("button", name="Mark as done").click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("case-facts")).to_contain_text("Done")
    demo.process.stop()
    _nowhere_on_disk(demo.folder)


def _nowhere_on_disk(folder: Path) -> None:
    """Database, write-ahead log, spools, logs: none holds her words, or the note."""
    looked = 0
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            looked += 1
            for words in (SENTINEL, "vermillion", "blue kite", "I write to her"):
                for encoding in ("utf-8", "utf-16-le"):
                    assert words.encode(encoding) not in content, path.name
    assert looked > 5


def test_the_account_opens_only_for_whom_she_named(demo: Demo) -> None:
    """A member of the named organisation reads her own words; before the send nothing is served."""
    member, alarm = enrolled(demo, 0)
    person = ChatPhone(demo.page(), demo.base)
    asks_for_help(person)
    expect(alarm.bubbles.last).to_contain_text("health care", timeout=20_000)
    alarm.presses("Take", "is yours")
    page = member.page
    page.locator("[data-testid=mine] a.code").click()
    expect(page.get_by_test_id("brief")).to_be_visible()
    expect(page.get_by_test_id("fold-account")).to_have_count(0)
    tells_everything(person)
    page.reload()
    member.unlocks(ahead=0)  # the session lives: only the words are asked, and the case opens again
    page.get_by_test_id("fold-account").locator("summary").first.click()
    expect(page.get_by_test_id("fold-account")).to_contain_text(SENTINEL)


def test_nobody_enrolled_is_said_plainly(demo: Demo) -> None:
    """Without a helper near, she is told so and nothing is asked in anyone's name."""
    phone = ChatPhone(demo.page(), demo.base)
    phone.says("hello", "Choose your language")
    phone.presses("English", "Are you safe")
    phone.presses("Yes", "Which fits")
    phone.presses("Something happened to me", "How old")
    phone.presses("26 to 40", "Is any of this true")
    phone.ticks("None of these")
    phone.presses("Done", "Where are you")
    phone.presses("River Town (demo)", "When was the last")
    phone.presses("Skip", "What would help")
    phone.ticks("Health care")
    phone.presses("Done", "Who should answer")
    phone.presses("Either", "No helper")
    assert "May I tell" not in phone.page.get_by_test_id("log").inner_text()


def test_quick_exit_leaves_a_neutral_page(demo: Demo) -> None:
    """✕ wipes the history, shows an empty page, and Back does not bring the chat again."""
    page = demo.page()
    page.goto(demo.base + "/blank.html")
    phone = ChatPhone(page, demo.base)
    phone.says("hello", "Choose your language")
    page.get_by_test_id("leave").click()
    page.wait_for_url("**/blank.html")
    assert page.inner_text("body").strip() == ""
    assert page.evaluate("sessionStorage.length") == 0
    page.go_back()
    assert "/chat" not in page.url


def test_escape_twice_leaves_too(demo: Demo) -> None:
    """The keyboard has a way out that needs no aim."""
    phone = ChatPhone(demo.page(), demo.base)
    phone.says("hello", "Choose your language")
    phone.page.keyboard.press("Escape")
    phone.page.keyboard.press("Escape")
    phone.page.wait_for_url("**/blank.html")


def test_a_second_run_finds_its_data_again(demo: Demo) -> None:
    """Stopped by Ctrl-C and started again: the conversation goes on, exit code 0."""
    phone = ChatPhone(demo.page(), demo.base)
    phone.says("hello", "Choose your language")
    phone.presses("English", "Are you safe")
    assert demo.process.stop() == 0
    demo.process.start()
    phone.presses("Yes", "Which fits")


def test_wrong_words_are_named_and_open_nothing(demo: Demo) -> None:
    """A wrong passphrase says what to check; the console stays locked."""
    member = ConsoleMember(demo.page(), demo.invitations[0])
    member.enrols()
    member.unlocks(words="wrong wrong wrong wrong wrong wrong")
    expect(member.page.get_by_test_id("unlock-error")).to_be_visible(timeout=30_000)
    expect(member.page.get_by_test_id("tonight")).to_have_count(0)


def test_a_used_invitation_is_refused(demo: Demo) -> None:
    """The link works once, and says so the second time."""
    member = ConsoleMember(demo.page(), demo.invitations[0])
    member.enrols()
    other = demo.page()
    other.goto(member.invitation)
    expect(other.get_by_test_id("enrol-refused")).to_be_visible()


def test_pages_ask_nobody_else(demo: Demo) -> None:
    """Landing, chat, console and docs load nothing from another host, and break no policy."""
    page = demo.page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if re.search("policy|CSP", message.text, re.IGNORECASE)
            else None
        ),
    )
    for path in ("/", "/chat", "/console", "/docs"):
        page.goto(demo.base + path)
        page.wait_for_timeout(300)
    assert all(url.startswith((demo.base, "data:", "blob:")) for url in asked)
    assert complaints == []


def test_a_member_looks_after_her_own_key(demo: Demo) -> None:
    """Codes for a lost phone, one of which unlocks; other sessions ended; new words that open."""
    member = ConsoleMember(demo.page(), demo.invitations[0])
    member.enrols()
    member.unlocks()
    page = member.page
    expect(page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    page.get_by_test_id("to-key").click()
    page.get_by_test_id("codes").locator("summary").click()
    page.get_by_test_id("codes-words").fill("not my own six words here")
    page.get_by_test_id("codes-send").click()
    expect(page.get_by_text("These are not your words")).to_be_visible(timeout=30_000)
    page.get_by_test_id("codes-words").fill(member.words)
    page.get_by_test_id("codes-send").click()
    code = page.get_by_test_id("codes-shown").locator("code").first.inner_text()

    other = demo.page()
    other.goto(f"{demo.base}/console")
    other.get_by_test_id("unlock-name").fill(member.name)
    other.get_by_test_id("unlock-words").fill(member.words)
    other.get_by_test_id("unlock-code").fill(code)
    other.get_by_test_id("unlock-submit").click()
    expect(other.get_by_test_id("unlock-root")).to_be_visible(timeout=30_000)

    page.get_by_test_id("codes-done").click()
    page.get_by_test_id("new-words").locator("summary").click()
    page.get_by_test_id("new-words-words").fill(member.words)
    page.get_by_test_id("new-words-send").click()
    expect(page.get_by_test_id("word-6")).to_be_visible(timeout=30_000)
    words = " ".join(page.get_by_test_id(f"word-{n}").inner_text() for n in range(1, 7))
    page.get_by_test_id("words-written").click()
    page.get_by_test_id("words-typed").fill(words)
    page.get_by_test_id("words-check").click()
    expect(page.get_by_test_id("new-words-done")).to_be_visible(timeout=30_000)
    other.reload()
    expect(other.get_by_test_id("unlock-name")).to_be_visible()
    page.reload()
    member.unlocks(member.words)
    expect(page.get_by_test_id("unlock-error")).to_be_visible(timeout=30_000)
    page.get_by_test_id("unlock-words").fill(words)
    page.get_by_test_id("unlock-submit").click()
    expect(page.get_by_test_id("key")).to_be_visible(timeout=30_000)
