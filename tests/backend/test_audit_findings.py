"""One test for each finding of the public audits of GlobaLeaks, SecureDrop and Hush Line.

The findings are listed in the design page of the vault. What others got wrong once is held here by
name, also where another test holds the same more closely.
"""

import ast
import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

import backend
from backend.cases.schemas import GrantOut
from backend.console.headers import DATA_POLICY, FILE_POLICY, PAGE_POLICY
from backend.database.tables import cases, media
from backend.vault.roster import RosterError, SignedRoster, canonical, read_roster
from backend.vault.roster_root import pinned_root
from sealing import verify
from tests.backend.chats import TOKENS, Chat
from tests.backend.console_cases import open_case
from tests.backend.consoles import HEADER, Browser, Console, b64, running_console, totp
from tests.backend.filing_scene import age_opened, open_desk

CONSOLE = Path(backend.__file__).parents[1] / "console" / "src"


@pytest.fixture
async def console(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """The demo."""
    async with running_console(sqlite_url, tmp_path, **TOKENS) as running:
        yield running


def proof(browser: Browser) -> dict[str, str]:
    """The words, proved."""
    return {"login": b64(browser.login_proof)}


async def test_two_factor_enrolment_is_not_chosen_by_an_id(console: Console) -> None:
    """GlobaLeaks: somebody could enrol a second factor for another. Here no id is taken at all."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    new = (await sam.post("/v1/me/authenticator/new", proof(sam))).json()["totp_secret"]
    body = {"totp": totp(new, console.clock)}
    assert (await ada.post("/v1/me/authenticator", body)).json()["code"] == "wrong_code"
    stranger = console.client()
    assert (await stranger.post("/v1/me/authenticator", json=body, headers=HEADER)).is_client_error
    named = body | {"member_id": ada.member_id, "user_id": ada.member_id}
    assert (await sam.post("/v1/me/authenticator", named)).json()["code"] == "malformed"
    assert (await sam.post("/v1/me/authenticator", body)).status_code == 204
    console.clock.forward(minutes=1)
    assert (await ada.log_in()).status_code == 200


async def test_logging_out_cannot_be_forged(console: Console) -> None:
    """SecureDrop: a foreign page logged journalists out. Here it takes a header it cannot send."""
    ada = await console.enrolled("Ada (demo)")
    for headers in ({}, {**HEADER, "Sec-Fetch-Site": "cross-site"}):
        answer = await ada.client.post("/v1/logout", headers=headers)
        assert answer.json()["code"] == "forged"
    assert (await ada.client.get("/v1/logout")).status_code == 405
    assert (await ada.get("/v1/me")).status_code == 200


async def test_nothing_is_kept_in_a_browser_that_is_not_signed_in(console: Console) -> None:
    """SecureDrop: an unauthenticated local cache. Here answers are not stored, pages keep pins."""
    ada = await console.enrolled("Ada (demo)")
    case_id = await open_case(console.relais, [ada.member_id])
    for path in ("/v1/me", "/v1/roster", f"/v1/cases/{case_id}", "/console", "/chat"):
        assert (await ada.get(path)).headers["cache-control"] == "no-store", path
    kept = {"readPin", "writePin"}
    for source in sorted((CONSOLE / "console").rglob("*.ts*")):
        text = source.read_text("utf-8")
        assert "indexedDB" not in text
        assert "caches." not in text
        assert "sessionStorage" not in text
        for line in text.splitlines():
            if "localStorage" in line:
                known = any(name in line for name in kept) or source.name == "language.tsx"
                assert known, (source, line)


async def test_what_the_server_says_of_keys_is_signed(console: Console) -> None:
    """SecureDrop: unsigned data from server to client. Here keys come signed, or not at all."""
    await console.enrolled("Ada (demo)")
    token = console.invitation("Sam (demo)")
    told = (await console.client().get(f"/v1/invitations/{token}")).json()["roster"]
    signed = SignedRoster(*(_raw(told[name]) for name in ("document", "signature")))
    root = pinned_root(console.relais.settings) or b""
    assert read_roster(signed, root).members
    ghost = json.loads(signed.document)
    ghost["members"].append({**ghost["members"][0], "id": "f" * 32})
    with pytest.raises(RosterError):
        read_roster(SignedRoster(canonical(ghost), signed.signature), root)
    inbox = (
        await console.client().get(
            "/v1/inbox-key", headers={"Authorization": f"Bearer {TOKENS['bot_token_telegram']}"}
        )
    ).json()
    message = inbox["key_id"].encode() + _raw(inbox["public"])
    assert verify(_raw(inbox["signer"]), "inbox-key", message, _raw(inbox["signature"]))
    assert not verify(_raw(inbox["signer"]), "inbox-key", message[:-1], _raw(inbox["signature"]))


def _raw(text: str) -> bytes:
    import base64

    return base64.b64decode(text)


async def test_one_persons_file_never_becomes_anothers(sqlite_url: str, tmp_path: Path) -> None:
    """Hush Line, SecureDrop: conversions mixed data of two sources. Ten pictures at once, here."""
    async with open_desk(sqlite_url, tmp_path) as desk:
        case_id = await desk.opens_account()
        seed = await desk.seed(case_id)
        colours = [(25 * n, 255 - 25 * n, n) for n in range(10)]
        files = await asyncio.gather(
            *(desk.uploaded(_square(colour), kind="photo", mime="image/png") for colour in colours)
        )
        from conversation import effects as fx

        for number, file in enumerate(files, 1):
            await desk.carries_out(fx.Attach("files", "evidence", file, "photo", number))
        for file, colour in zip(files, colours, strict=True):
            (row,) = await desk.rows(select(media).where(media.c.id == file))
            for header, path in ((row.header, row.path), (row.preview_header, row.preview_path)):
                stored = await desk.relais.files.open(path)
                sealed = header + b"".join([chunk async for chunk in stored.chunks])
                seen = Image.open(io.BytesIO(age_opened(sealed, seed))).convert("RGB")
                pixel: Any = seen.getpixel((5, 5))
                assert max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 12


def _square(colour: tuple[int, int, int]) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(target, "PNG")
    return target.getvalue()


async def test_what_says_that_it_is_sealed_is_looked_at(console: Console) -> None:
    """Hush Line: a flag "already encrypted" let script through. Here a shape, and never a page."""
    ada = await console.enrolled("Ada (demo)")
    case_id = await open_case(console.relais, [ada.member_id], alerted=[ada.member_id])
    await ada.post(f"/v1/cases/{case_id}/take")
    script = b"<script>alert(1)</script>".ljust(1200)
    step = {"item_id": "e" * 32, "generation": 1, "sealed": b64(script)}
    step["signature"] = b64(bytes(64))
    assert (await ada.post(f"/v1/cases/{case_id}/steps", step)).json()["code"] == "not_sealed"
    assert "script-src" not in FILE_POLICY
    assert FILE_POLICY.endswith("sandbox")


def test_pages_load_nothing_from_elsewhere() -> None:
    """GlobaLeaks, Hush Line: a CDN in the policy. Here no host stands in any."""
    for policy in (PAGE_POLICY, DATA_POLICY, FILE_POLICY):
        words = set(re.findall(r"\S+", policy.replace(";", " ")))
        sources = {word for word in words if not re.fullmatch(r"[a-z-]+", word)}
        assert sources <= {"'self'", "'none'", "'wasm-unsafe-eval'", "data:", "blob:"}
    assert "unsafe-inline" not in PAGE_POLICY


async def test_a_second_factor_serves_once_and_cannot_be_tried_through(console: Console) -> None:
    """GlobaLeaks, SecureDrop: codes could be used again, and guessed. Here neither."""
    ada = await console.enrolled("Ada (demo)")
    code = totp(ada.secret, console.clock)
    assert (await ada.log_in(totp=code)).status_code == 200
    assert (await ada.log_in(totp=code)).status_code == 401
    codes = [(await ada.log_in(totp=f"{n:06d}")).status_code for n in range(8)]
    assert 429 in codes


def test_the_server_fetches_nothing_that_somebody_names() -> None:
    """Blind SSRF: here no code of the backend can make a request but the store's own client."""
    clients = {"httpx", "aiohttp", "requests", "urllib3", "http", "socket", "smtplib", "obstore"}
    found = set()
    for source in Path(backend.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            found |= {
                f"{source.name}:{name}" for name in names if name.partition(".")[0] in clients
            }
            found |= {f"{source.name}:{n}" for n in names if n.startswith("urllib.request")}
    assert {one.partition(":")[0] for one in found} <= {"store.py"}


async def test_ids_and_codes_do_not_count_up(console: Console) -> None:
    """Sequential ids tell how many there are, and name the next. Here all are drawn."""
    ada = await console.enrolled("Ada (demo)")
    world = console.relais.world
    ids = [world.new_id() for _ in range(50)]
    assert len({one[:4] for one in ids}) > 45
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)
    numbers = [int(one, 16) for one in ids]
    assert sorted(numbers) != numbers
    for near in ("0" * 31 + "2", "0" * 31 + "0"):
        await open_case(console.relais, [ada.member_id])
        assert (await ada.get(f"/v1/cases/{near}")).json()["code"] == "not_yours"
        break


async def test_nobody_deletes_what_another_was_sent(console: Console) -> None:
    """SecureDrop: a source could delete replies to others. Here a chat clears itself alone."""
    async with console.client() as client:
        one, other = (Chat(client, console.relais, name) for name in ("one", "other"))
        await one.says("hello")
        first = await other.posts({"kind": "text", "text": "hello"}, "other-hello")
        delivery = first.json()["delivery"]
        await other.reports(delivery, outcome="sent", message_ids=["others-message"])
        gone = (await one.posts({"kind": "text", "text": "00"}, "one-leaves")).json()["delivery"]
        assert gone["kind"] == "forget"
        assert "others-message" not in gone["target"]
        assert "other-hello" not in gone["target"]
        page = Chat(client, console.relais, "one", channel="page")
        assert (await page.reports(gone, outcome="sent")).status_code == 409


async def test_nothing_tells_when_a_key_was_made(console: Console) -> None:
    """SecureDrop: dates of keys told when a source came. Here none is served with a key."""
    ada = await console.enrolled("Ada (demo)")
    case_id = await open_case(console.relais, [ada.member_id], alerted=[ada.member_id])
    await ada.post(f"/v1/cases/{case_id}/take")
    served = (await ada.get(f"/v1/cases/{case_id}")).json()
    assert set(served["grants"][0]) == set(GrantOut.model_fields)
    assert not {"granted_at", "made_at", "created_at"} & set(GrantOut.model_fields)
    document = json.loads(_raw((await ada.get("/v1/roster")).json()["document"]))
    assert set(document["members"][0]) == {"id", "name", "organisation", "roles", "kem", "sign"}


async def test_a_stranger_cannot_lock_a_member_out(console: Console) -> None:
    """GlobaLeaks: guessing at a name shut its owner out. Here her own browser is counted apart."""
    ada = await console.enrolled("Ada (demo)")
    stranger = Browser(console.client(), console.clock, ada.name, bytes(32))
    stranger.login_proof, stranger.secret = bytes(32), ada.secret
    for _ in range(30):
        await stranger.log_in()
    assert (await stranger.log_in()).status_code == 429
    assert (await ada.log_in()).status_code == 200


@pytest.mark.parametrize("path", ["/v1/login", "/v1/login/start", "/v1/logout"])
async def test_deep_nesting_is_refused_at_once(console: Console, path: str) -> None:
    """GlobaLeaks: nested JSON used the machine up. Here it is a plain refusal."""
    deep = "[" * 200_000 + "]" * 200_000
    answer = await console.client().post(
        path, content=deep, headers={**HEADER, "Content-Type": "application/json"}
    )
    assert answer.status_code < 500
    assert "readyz" not in answer.text


async def test_nobody_sends_how_urgent_she_is(console: Console) -> None:
    """GlobaLeaks: scores could be forged by whoever wrote. Here answers alone make urgency."""
    ada = await console.enrolled("Ada (demo)")
    async with console.client() as client:
        phone = Chat(client, console.relais, "ada-chat")
        await phone.says((await ada.post("/v1/me/link-codes")).json()["code"])
        await ada.post("/v1/me/on-call", {"on_call": True})
        person = Chat(client, console.relais, "555")
        forged = {"urgency": "urgent", "score": 100, "kind": "text"}
        words = ("hello", "1", "1", "1", "4", "5", "2", "3", "1", "3", "1")
        for number, text in enumerate(words):
            answer = await person.posts({**forged, "text": text}, f"e{number}")
            await person.settles(answer.json()["delivery"])
    async with console.relais.db.read() as connection:
        assert len((await connection.execute(select(cases))).all()) == 1
    (line,) = (await ada.get("/v1/tonight")).json()["open"]
    assert line["urgency"] == "normal"
