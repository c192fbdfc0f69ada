"""Files in the chat page, in Chromium, through a running demo: sent, acknowledged, taken back."""

import io
import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from tests.e2e.browsing import PHONE, ChatPhone, chromium
from tests.e2e.processes import free_port, run_process
from tests.e2e.test_whole_path import Demo, enrolled

SENTINEL = b"SENTINEL of a photo 7d1"
PHOTO: FilePayload = {
    "name": "her-name.jpg",
    "mimeType": "image/jpeg",
    "buffer": b"\xff\xd8\xff" + SENTINEL * 4000,
}
BIG: FilePayload = {"name": "big.mp4", "mimeType": "video/mp4", "buffer": bytes(20_000_001)}
NOT_HERE = "I cannot take that here"
_PREFERRED = (
    "English",
    "Something happened to me",
    "26 to 40",
    "River Town (demo)",
    "Tell more now",
    "Keep it",
    "I know it now",
    "Yes",
)
"""What leads to the question for her own words, wherever it stands."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the module."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Demo]:
    """`relais run` on an empty directory."""
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    process = run_process(folder, port)
    process.start(timeout=90)
    yield Demo(f"http://127.0.0.1:{port}", process, folder, browser)
    process.stop()


@pytest.fixture
def phone(demo: Demo) -> Iterator[ChatPhone]:
    """A new phone that was asked for its language."""
    context = demo.browser.new_context(viewport=PHONE, locale="en-GB", permissions=["microphone"])
    context.set_default_timeout(20_000)
    phone = ChatPhone(context.new_page(), demo.base)
    phone.says("hello", "Choose your language")
    yield phone
    context.close()


def gives(page: Page, *files: FilePayload, name: str = "media") -> None:
    """Through the paper clip."""
    page.get_by_test_id("attach").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id(f"attach-{name}").click()
    chooser.value.set_files(list(files))


def goes_to_her_own_words(phone: ChatPhone) -> None:
    """Answer whatever comes until the question for her own words."""
    for _ in range(60):
        bubbles = phone.bubbles
        if "in your own words" in bubbles.last.inner_text():
            return
        before = bubbles.count()
        keys = phone.page.locator(".keys").last
        labels = keys.locator("button").all_inner_texts()
        if any(label.startswith("☐") for label in labels):
            open_ones = [label[2:] for label in labels if label.startswith("☐")]
            phone.ticks("Health care" if "Health care" in open_ones else open_ones[-1])
            choice = "Done"
        elif not labels or "Choose a word" in bubbles.last.inner_text():
            phone.page.get_by_test_id("write").fill("blue kite")
            phone.page.get_by_test_id("write").press("Enter")
            expect(bubbles.nth(before)).to_be_visible()
            continue
        else:
            choice = next((one for one in (*_PREFERRED, "No", "Skip") if one in labels), labels[0])
        keys.get_by_role("button", name=choice, exact=True).click()
        expect(bubbles.nth(before)).to_be_visible()
        phone.page.wait_for_timeout(150)
    raise AssertionError("the question for her own words never came")


def hold(held: list[Route]) -> Callable[[Route], None]:
    """Keeps requests on their way."""

    def keep(route: Route) -> None:
        held.append(route)

    return keep


def test_a_photo_arrives_and_is_acknowledged(demo: Demo, phone: ChatPhone) -> None:
    """Sent where her own words are asked for, it is counted; nowhere on the disk is it clear."""
    enrolled(demo, 0)
    goes_to_her_own_words(phone)
    before = phone.bubbles.count()
    gives(phone.page, PHOTO, {**PHOTO, "buffer": b"\xff\xd8\xff second" + SENTINEL})
    phone.waits(before + 1, "I have it (2)")
    expect(phone.page.get_by_test_id("state-kept").last).to_be_visible()
    said = phone.page.get_by_test_id("said").last
    expect(said).to_contain_text("Photo")
    assert "her-name" not in phone.page.content()
    clear = [
        path.name
        for path in demo.folder.rglob("*")
        if path.is_file() and (SENTINEL in path.read_bytes() or b"her-name" in path.read_bytes())
    ]
    assert clear == []


def _picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (120, 80), (10, 200, 30)).save(target, "JPEG", comment=SENTINEL)
    return target.getvalue()


def test_a_responder_sees_and_hears_what_she_sent(demo: Demo, phone: ChatPhone) -> None:
    """The cleaned copy on the screen, her voice played, the original saved byte for byte."""
    member, _ = enrolled(demo, 1)
    complaints: list[str] = []
    member.page.on("console", lambda message: complaints.append(message.text))
    goes_to_her_own_words(phone)
    before = phone.bubbles.count()
    raw = _picture()
    gives(phone.page, {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": raw})
    phone.waits(before, "I have it (1)")
    before = phone.bubbles.count()
    phone.page.get_by_test_id("record").click()
    expect(phone.page.get_by_test_id("elapsed")).to_have_text("0:01")
    phone.page.get_by_test_id("record-send").click()
    phone.waits(before, "I have it (2)")
    phone.presses("Done", "keep your words and files")
    for _ in range(8):
        if "Shall I send it" in phone.bubbles.last.inner_text():
            break
        before = phone.bubbles.count()
        phone.page.locator(".keys").last.get_by_role("button", name="No", exact=True).click()
        expect(phone.bubbles.nth(before)).to_be_visible()
        phone.page.wait_for_timeout(150)
    phone.presses("Send it", "Help named here is free")

    page = member.page
    page.get_by_test_id("to-messengers").click()
    page.get_by_test_id("to-tonight").click()
    page.get_by_test_id("open-alerts").locator("a.code").last.click()
    page.get_by_test_id("case-take").click()
    fold = page.get_by_test_id("fold-account")
    fold.locator("summary").first.click(timeout=30_000)
    fold.get_by_test_id("file-look").click()
    image = fold.get_by_test_id("file-image")
    expect(image).to_be_visible(timeout=30_000)
    assert image.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [120, 80]
    fold.get_by_test_id("file-listen").click()
    sound = fold.get_by_test_id("file-sound")
    expect(sound).to_be_visible(timeout=30_000)
    sound.evaluate(
        "one => one.readyState > 0 ? 0 :"
        " new Promise((ok, no) => {one.onloadedmetadata = ok; one.onerror = no;})"
    )
    photo = fold.locator(".file").filter(has=page.get_by_test_id("file-image"))
    photo.get_by_test_id("file-save").click()
    with page.expect_download() as saved:
        photo.get_by_test_id("file-save-yes").click()
    assert saved.value.path().read_bytes() == raw
    assert re.fullmatch(r"[A-Z0-9]{4,8}-[0-9a-f]{8}\.jpg", saved.value.suggested_filename)
    assert not [one for one in complaints if "policy" in one.lower()]


def test_a_file_where_none_is_asked_for(phone: ChatPhone) -> None:
    """It is answered kindly, and what was written before and after keeps its place."""
    phone.presses("English", "Are you safe")
    before = phone.bubbles.count()
    gives(phone.page, PHOTO)
    phone.waits(before, NOT_HERE)


def test_too_big_is_said_before_it_is_sent(phone: ChatPhone) -> None:
    """A kind sentence with the limit; nothing leaves the page, and writing goes on."""
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    gives(phone.page, BIG)
    expect(phone.page.get_by_test_id("writer-notice")).to_contain_text("20 MB")
    assert not any("/files" in url for url in asked)
    phone.presses("English", "Are you safe")


def test_cancelled_on_its_way(phone: ChatPhone) -> None:
    """A file that she takes back disappears, and what she wrote after it is sent."""
    held: list[Route] = []
    phone.page.route("**/chat/api/files**", hold(held))
    gives(phone.page, PHOTO)
    expect(phone.page.get_by_test_id("part")).to_be_visible()
    phone.page.get_by_test_id("cancel").click()
    expect(phone.page.get_by_test_id("said").filter(has_text="Photo")).to_have_count(0)
    phone.presses("English", "Are you safe")
    assert len(held) == 1


def test_a_reload_in_the_middle_says_so(phone: ChatPhone) -> None:
    """The page keeps no file: after a reload it asks to choose it again."""
    held: list[Route] = []
    phone.page.route("**/chat/api/files**", hold(held))
    gives(phone.page, PHOTO)
    expect(phone.page.get_by_test_id("part")).to_be_visible()
    phone.page.reload()
    expect(phone.page.get_by_test_id("state-lost")).to_contain_text("Choose it again")
    assert "her-name" not in phone.page.evaluate("JSON.stringify({...sessionStorage})")
    phone.page.unroute("**/chat/api/files**")
    phone.page.get_by_test_id("cancel").click()
    phone.presses("English", "Are you safe")


def test_a_bad_link_is_tried_again(phone: ChatPhone) -> None:
    """Cut off twice, the same file arrives once."""
    cuts = 2

    def cut(route: Route) -> None:
        nonlocal cuts
        cuts -= 1
        if cuts >= 0:
            route.abort("connectionreset")
        else:
            route.continue_()

    phone.presses("English", "Are you safe")
    phone.page.route("**/chat/api/files**", cut)
    before = phone.bubbles.count()
    gives(phone.page, PHOTO, name="document")
    phone.waits(before, NOT_HERE)
    expect(phone.page.get_by_test_id("state-kept").last).to_be_visible()


def test_a_voice_message(phone: ChatPhone) -> None:
    """Recorded, timed, sent; a discarded one leaves nothing."""
    phone.presses("English", "Are you safe")
    page = phone.page
    page.get_by_test_id("record").click()
    expect(page.get_by_test_id("elapsed")).to_have_text("0:01")
    page.get_by_test_id("record-discard").click()
    expect(page.get_by_test_id("write")).to_be_visible()
    expect(page.get_by_test_id("said").filter(has_text="Voice")).to_have_count(0)
    before = phone.bubbles.count()
    page.get_by_test_id("record").click()
    expect(page.get_by_test_id("elapsed")).to_have_text("0:01")
    page.get_by_test_id("record-send").click()
    expect(page.get_by_test_id("said").last).to_contain_text("Voice message")
    phone.waits(before, NOT_HERE)


def test_pictures_beside_the_answers(phone: ChatPhone) -> None:
    """Asked for, a picture stands in the bubble, under the strict policy, with words beside it."""
    complaints: list[str] = []
    phone.page.on("console", lambda message: complaints.append(message.text))
    phone.presses("▦", "Choose your language")
    phone.presses("English", "Are you safe")
    picture = phone.bubbles.last.get_by_test_id("attached-image")
    expect(picture).to_be_visible()
    expect(picture).to_have_attribute("alt", re.compile(r"1\. Yes"))
    assert picture.evaluate("image => image.naturalWidth") > 100
    assert not [one for one in complaints if "policy" in one.lower()]
    phone.page.reload()
    expect(phone.bubbles.last.get_by_test_id("attached-image")).to_be_visible()
    phone.presses("1. Yes", "Which fits")


def test_a_forbidden_microphone_is_explained(demo: Demo) -> None:
    """Without the permission she is told what to do, and the line to write in is there again."""
    context = demo.browser.new_context(viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    phone = ChatPhone(page, demo.base)
    phone.says("hello", "Choose your language")
    page.get_by_test_id("record").click()
    expect(page.get_by_test_id("writer-notice")).to_contain_text("may not use the microphone")
    expect(page.get_by_test_id("write")).to_be_visible()
    context.close()
