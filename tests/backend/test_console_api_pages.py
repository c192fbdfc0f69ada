"""Pages, texts and headers that browsers get."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.consoles import Console, running_console

PAGES = ("/", "/chat", "/console", "/docs")


@pytest.fixture
async def console(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """A demo console with built pages."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    for name in ("index", "chat", "console"):
        (dist / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>")
    (dist / "assets" / "app-1a2b.js").write_text("export {};")
    (dist / "assets" / "argon-3c4d.wasm").write_bytes(b"\0asm")
    (dist / "icon.svg").write_text("<svg/>")
    (dist / ".hidden.txt").write_text("no")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    async with running_console(sqlite_url, tmp_path, console_dir=dist) as running:
        yield running


async def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(console: Console) -> None:
    """The policy of every page, and of /docs, is the strict one."""
    for path in PAGES:
        answer = await console.client().get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
            "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; "
            "form-action 'none'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"


async def test_every_answer_carries_the_headers(console: Console) -> None:
    """Pages, data, files and errors alike."""
    for path in (*PAGES, "/v1/about", "/v1/me", "/nothing", "/assets/app-1a2b.js", "/openapi.json"):
        headers = (await console.client().get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers  # this one is served over http


async def test_only_files_with_a_hash_in_their_name_are_kept(console: Console) -> None:
    """A browser's cache holds no page and no answer of the API."""
    client = console.client()
    kept = (await client.get("/assets/app-1a2b.js")).headers["cache-control"]
    assert "immutable" in kept
    for path in ("/v1/about", "/icon.svg", "/assets/nothing.js"):
        assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_types_do_not_depend_on_the_machine(console: Console) -> None:
    """With nosniff a wrong type would stop the page."""
    client = console.client()
    for path, kind in (
        ("/assets/app-1a2b.js", "text/javascript; charset=utf-8"),
        ("/assets/argon-3c4d.wasm", "application/wasm"),
        ("/icon.svg", "image/svg+xml"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
    ):
        assert (await client.get(path)).headers["content-type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/link.txt",
        "/assets/%00.js",
        "/.hidden.txt",
        "/assets/",
        "/docs/..%2f__init__.py",
        "/%2e%2e/secret.txt",
    ],
)
async def test_no_file_outside_the_built_pages_is_served(console: Console, path: str) -> None:
    """Dots, encoded slashes, links and hidden names lead nowhere."""
    answer = await console.client().get(path)
    assert answer.status_code in {400, 404}
    assert "secret" not in answer.text


async def test_docs_need_nothing_from_elsewhere(console: Console) -> None:
    """The page names only our own files, and each of them is there."""
    client = console.client()
    page = (await client.get("/docs")).text
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert name.startswith(("/docs/", "data:,"))
        if name.startswith("/"):
            assert (await client.get(name)).status_code == 200
    assert not re.search(r"<script(?![^>]*src)|style=|\son\w+=", page)


async def test_pages_that_were_not_built_say_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    """A clear line and 503 instead of a broken page; the API works."""
    async with running_console(sqlite_url, tmp_path, console_dir=tmp_path / "none") as console:
        answer = await console.client().get("/console")
        assert (answer.status_code, "make setup" in answer.text) == (503, True)
        assert (await console.client().get("/v1/about")).status_code == 200


async def test_https_is_kept(sqlite_url: str, tmp_path: Path) -> None:
    """Behind https browsers are told to stay there, and cookies are Secure."""
    public = "https://relais.example"
    async with running_console(sqlite_url, tmp_path, public_url=public) as console:
        answer = await console.client().get("/v1/about")
        assert "max-age" in answer.headers["strict-transport-security"]
        ada = await console.invited("Ada (demo)")
        path = f"/v1/invitations/{console.invitation('Ada (demo)')}"
        enrolled = await ada.post(path, ada.enrolment())
        assert all("Secure" in line for line in enrolled.headers.get_list("set-cookie"))


async def test_texts_of_an_edition_and_of_the_console(console: Console) -> None:
    """Labels by message id in the wanted language, without the bot's and the engine's texts."""
    client = console.client()
    content = console.relais.content.current.hash
    english = (await client.get(f"/v1/labels/{content}", params={"locale": "en"})).json()["texts"]
    assert "safety/safe_now/text" in english
    assert not any(key.startswith(("engine/", "responder/", "offline/")) for key in english)
    unknown = await client.get(f"/v1/labels/{content}", params={"locale": "tlh"})
    assert unknown.json()["texts"] == english
    assert (await client.get("/v1/labels/..%2f..")).status_code in {404, 422}
    catalogue = (await client.get("/v1/catalogue/console", params={"locale": "fr"})).json()
    assert catalogue["dir"] == "ltr"
    languages = (await client.get("/v1/languages")).json()
    assert {one["id"] for one in languages} >= {"en", "fr"}
    about = (await client.get("/v1/about")).json()
    assert about.keys() == {"mode", "operator", "version", "locales"}


async def test_errors_never_repeat_what_was_sent(console: Console) -> None:
    """A refused body is not echoed, neither its values nor its unknown names."""
    sentinel = "Zx9SentinelWords"
    for body in ({"name": sentinel * 9}, {"name": "x", sentinel: 1}, sentinel, [sentinel]):
        answer = await console.client().post(
            "/v1/login/start", json=body, headers={"X-Relais": "console"}
        )
        assert answer.status_code == 422
        assert sentinel not in answer.text
