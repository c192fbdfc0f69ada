"""How long a member waits for a case: from the click until everything stands there, decrypted.

A real Chromium, the built console, `relais run` in its own process. Decryption is what lies between
the answer with the sealed case and the request that follows it, by the browser's own clock.
"""

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, Page, expect

from bench.results import Row
from sealing import Context, KeyPair, open_text, seal_text
from tests.backend.nights import ACCOUNT, TO_MORE
from tests.e2e.browsing import PHONE, ChatPhone, ConsoleMember, chromium, invitations_in
from tests.e2e.processes import free_port, run_process
from tests.e2e.talking import Person

ANSWERS: Final = 60
OWN_WORDS: Final = 45
"""Messages of her own words; the rest are answers to questions."""
RUNS: Final = 9
WORDS: Final = "They came before it was light, and asked for my brother by his name. " * 4
_SHOWN: Final = "[data-testid^=answers-] > [data-testid^=answer-]"
_CLICK: Final = """
async ([link, shown, many]) => {
  performance.clearResourceTimings();
  const frame = () => new Promise(requestAnimationFrame);
  const started = performance.now();
  document.querySelector(link).click();
  while (document.querySelectorAll(shown).length < many) await frame();
  for (const fold of document.querySelectorAll("details.fold")) fold.open = true;
  await frame();
  await frame();
  const ended = performance.now();
  const asked = performance.getEntriesByType("resource");
  const file = asked.find((one) => /\\/v1\\/cases\\/[0-9a-f]{32}$/.test(one.name));
  const labels = asked.find((one) => one.startTime >= file.responseEnd);
  return {
    total: ended - started,
    decrypting: labels.startTime - file.responseEnd,
    answers: document.querySelectorAll(shown).length,
    consents: document.querySelectorAll("[data-testid=consents] > li").length,
  };
}
"""


def measure() -> list[Row]:
    """Medians of several openings of one case, each with nothing remembered of the one before."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = run_process(folder, free_port())
        process.start(120)
        stack.callback(process.stop)
        base = process.ready_url.removesuffix("/readyz")
        browser = stack.enter_context(chromium())
        page = _with_case(browser, base, invitations_in(process.log.read_text())[0])
        runs = [_opened(page) for _ in range(RUNS + 1)][1:]  # the first also loads the code
    opens = runs[0]["answers"] + runs[0]["consents"]
    peer = f"{opens} opens of the same size in Python"
    yardstick = _python_ms(opens)
    return [
        Row("case_open_ms", _median(runs, "total"), "ms", peer, yardstick),
        Row("case_decrypt_ms", _median(runs, "decrypting"), "ms", peer, yardstick),
    ]


def _median(runs: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


def _page(browser: Browser) -> Page:
    context = browser.new_context(viewport=PHONE, locale="en-GB")
    context.set_default_timeout(20_000)
    return context.new_page()


def _with_case(browser: Browser, base: str, invitation: str) -> Page:
    """Tonight of a member who took a case in which everything was told and sent."""
    alarm = ChatPhone(_page(browser), base, "?phone=responder-0")
    member = ConsoleMember(_page(browser), invitation)
    member.enrols()
    member.unlocks()
    expect(member.page.get_by_test_id("tonight")).to_be_visible(timeout=30_000)
    member.links(alarm)
    member.goes_on_call()
    with httpx.Client(base_url=base, timeout=40) as client:
        person = Person(client, "person")
        for text in TO_MORE:
            person.says(text)
        expect(alarm.bubbles.last).to_contain_text("health care", timeout=20_000)
        alarm.presses("Take", "is yours")
        _tells(person)
    link = member.page.locator(_LINK)
    expect(link).to_be_visible(timeout=60_000)
    return member.page


def _tells(person: Person) -> None:
    """The account, with own words in many messages, and the send."""
    for text in ("1", "1", *ACCOUNT):
        person.says(text)
    for number in range(OWN_WORDS):
        person.says(f"{number}. {WORDS}")
    for label in ("Done", "No", "No", "No", "Send it"):
        person.presses(label)


_LINK: Final = "[data-testid=mine] a.code"


def _opened(page: Page) -> dict[str, Any]:
    """One opening; then back to Tonight."""
    found: dict[str, Any] = page.evaluate(_CLICK, [_LINK, _SHOWN, ANSWERS])
    page.get_by_test_id("case-back").click()
    expect(page.locator(_LINK)).to_be_visible()
    return found


def _python_ms(opens: int) -> float:
    keys = KeyPair(bytes(range(32)))
    context = Context("a" * 32, "account", 1, "b" * 32, "answer")
    sealed = seal_text(WORDS.encode(), keys.public, context)
    started = time.perf_counter()
    for _ in range(opens):
        open_text(sealed, keys, context)
    return (time.perf_counter() - started) * 1000
