"""Passkeys: made by their member, used once a challenge, of no use to anybody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from backend.accounts.passkeys import relying_party
from backend.database.tables import passkey_challenges
from backend.settings import Settings
from tests.backend.authenticators import Device
from tests.backend.consoles import HEADER, Browser, Console, b64, running_console

ORIGIN = "http://localhost:8000"


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """Reached by a host name."""
    async with running_console(database_url, tmp_path, public_url=ORIGIN) as running:
        yield running


def device(**changes: Any) -> Device:
    """A phone in the right place."""
    return Device(**({"origin": ORIGIN, "host": "localhost"} | changes))


async def begins(browser: Browser) -> dict[str, Any]:
    """Options to make one."""
    answer = await browser.post("/v1/me/passkeys/new", {"login": b64(browser.login_proof)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["options"]
    return found


async def registers(browser: Browser, made: Device) -> str:
    """Make and keep it; the code of a refusal."""
    answer = await browser.post(
        "/v1/me/passkeys", {"credential": made.makes(await begins(browser))}
    )
    return str(answer.json()["code"]) if answer.content else str(answer.status_code)


async def options_for(console: Console, who: Browser) -> dict[str, Any]:
    """What a browser that is not signed in gets, with this name and these words."""
    body = {"name": who.name, "login": b64(who.login_proof)}
    answer = await console.client().post("/v1/login/passkey", json=body, headers=HEADER)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["options"]
    return found


def typed(console: Console, name: str, proof: bytes = bytes(32)) -> Browser:
    """A browser in which somebody types this name, and other words than its owner's."""
    browser = Browser(console.client(), console.clock, name, bytes(32))
    browser.login_proof = proof
    return browser


def shape(found: Any) -> Any:
    """Everything but the letters: names, kinds, how many of each, how long."""
    if isinstance(found, dict):
        return {name: shape(value) for name, value in found.items()}
    if isinstance(found, list):
        return [shape(one) for one in found]
    return (type(found), len(found) if isinstance(found, str) else found)


async def logs_in(console: Console, who: Browser, credential: dict[str, Any]) -> int:
    """With the right words and this passkey."""
    body = {"name": who.name, "login": b64(who.login_proof), "passkey": credential}
    answer = await console.client().post("/v1/login", json=body, headers=HEADER)
    return int(answer.status_code)


async def test_a_passkey_is_made_and_opens(console: Console) -> None:
    """Listed, used, removed; then it opens nothing."""
    ada, phone = await console.enrolled("Ada (demo)"), device()
    assert await registers(ada, phone) == "204"
    (one,) = (await ada.get("/v1/me/security")).json()["passkeys"]
    for _ in range(2):
        options = await options_for(console, ada)
        assert [it["id"] for it in options["allowCredentials"]] == [one["id"]]
        assert await logs_in(console, ada, phone.answers(options)) == 200
    gone = await ada.client.delete(f"/v1/me/passkeys/{one['id']}", headers=HEADER)
    assert gone.status_code == 204
    again = phone.answers(await options_for(console, ada))
    assert await logs_in(console, ada, again) == 401


async def test_an_answer_serves_once(console: Console) -> None:
    """Whoever saw it on its way cannot use it again; nor one whose challenge is too old."""
    ada, phone = await console.enrolled("Ada (demo)"), device()
    await registers(ada, phone)
    answer = phone.answers(await options_for(console, ada))
    assert await logs_in(console, ada, answer) == 200
    assert await logs_in(console, ada, answer) == 401
    late = phone.answers(await options_for(console, ada))
    console.clock.forward(minutes=6)
    assert await logs_in(console, ada, late) == 401


@pytest.mark.parametrize(
    "how", ["other member", "other origin", "other host", "copied", "words", "nobody's challenge"]
)
async def test_what_is_not_hers_opens_nothing(console: Console, how: str) -> None:
    """Another's passkey or challenge, another page, a copied device, wrong words."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    phone = device()
    await registers(ada, phone)
    assert await logs_in(console, ada, phone.answers(await options_for(console, ada))) == 200
    options = await options_for(console, ada)
    who = ada
    if how == "other member":
        options, who = await options_for(console, sam), sam
    elif how == "other origin":
        phone.origin = "http://localhost.evil:8000"
    elif how == "other host":
        phone.host = "evil.example"
    elif how == "words":
        who = Browser(console.client(), console.clock, ada.name, ada.seed)
        who.login_proof = bytes(32)
    elif how == "nobody's challenge":
        options = {**options, "challenge": "A" * 43}
    answer = phone.answers(options, uses=1 if how == "copied" else None)
    assert await logs_in(console, who, answer) == 401


@pytest.mark.parametrize("how", ["other origin", "other member's challenge", "twice", "rubbish"])
async def test_a_passkey_that_does_not_fit_is_not_kept(console: Console, how: str) -> None:
    """And the list stays as it was."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    phone = device(origin="https://evil.example") if how == "other origin" else device()
    options = await begins(sam if how == "other member's challenge" else ada)
    credential = phone.makes(options)
    if how == "rubbish":
        credential["response"]["attestationObject"] = "oWNmbXRkbm9uZQ"
    if how == "twice":
        assert await registers(sam, device(id=phone.id)) == "204"
    answer = await ada.post("/v1/me/passkeys", {"credential": credential})
    assert answer.json()["code"] == "wrong_passkey"
    assert (await ada.get("/v1/me/security")).json()["passkeys"] == []


async def test_a_stranger_learns_nothing_of_passkeys(console: Console) -> None:
    """Nobody's name, and a member with none, one, three: one shape, and ids that do not change."""
    ada = await console.enrolled("Ada (demo)")
    asked = [typed(console, "Nobody"), typed(console, ada.name)]
    seen = [await options_for(console, one) for one in asked]
    for sizes in ([16], [64, 20]):
        for size in sizes:
            assert await registers(ada, device(id=bytes([size]) * size)) == "204"
        seen += [await options_for(console, asked[1])]
    assert all(shape(one) == shape(seen[0]) for one in seen)
    assert len({one["allowCredentials"][0]["id"] for one in seen[1:]}) == 1
    assert len({one["challenge"] for one in seen}) == 4


async def test_no_guess_at_the_words_is_told_to_be_right(console: Console) -> None:
    """Every guess gets an id of its own, and the right words get hers: they look alike."""
    ada = await console.enrolled("Ada (demo)")
    await registers(ada, device(id=b"i" * 32))
    guesses = [typed(console, ada.name, bytes([n]) * 32) for n in range(3)]
    seen = [await options_for(console, one) for one in [*guesses, ada]]
    assert all(shape(one) == shape(seen[0]) for one in seen)
    ids = [one["allowCredentials"][0]["id"] for one in seen]
    assert len(set(ids)) == 4
    assert ids[3] == bytes_to_base64url(b"i" * 32)


async def test_what_was_asked_for_with_wrong_words_opens_nothing(console: Console) -> None:
    """The challenge is nobody's, though the passkey and the words of the log-in are hers."""
    ada, phone = await console.enrolled("Ada (demo)"), device()
    await registers(ada, phone)
    asked = await options_for(console, typed(console, ada.name))
    assert await logs_in(console, ada, phone.answers(asked)) == 401


async def test_who_asks_for_challenges_fills_no_table(console: Console) -> None:
    """Anybody may ask: one is written down when it was answered with the right words."""
    ada, phone = await console.enrolled("Ada (demo)"), device()
    await registers(ada, phone)

    async def kept() -> int:
        async with console.relais.db.read() as connection:
            return len((await connection.execute(select(passkey_challenges))).all())

    before = await kept()
    for who in [ada, typed(console, "Nobody")] * 10:
        await options_for(console, who)
    assert await kept() == before
    assert await logs_in(console, ada, phone.answers(await options_for(console, ada))) == 200
    assert await kept() == before + 1
    console.clock.forward(minutes=6)
    assert await logs_in(console, ada, phone.answers(await options_for(console, ada))) == 200
    assert await kept() == 1


@pytest.mark.parametrize("at", [0, 7, 8, 24, 39])
async def test_a_challenge_that_was_changed_opens_nothing(console: Console, at: int) -> None:
    """Neither its end, nor what makes it one, nor its mark."""
    ada, phone = await console.enrolled("Ada (demo)"), device()
    await registers(ada, phone)
    options = await options_for(console, ada)
    raw = bytearray(base64url_to_bytes(options["challenge"]))
    assert len(raw) == 40
    raw[at] ^= 1
    changed = options | {"challenge": bytes_to_base64url(bytes(raw))}
    assert await logs_in(console, ada, phone.answers(changed)) == 401
    assert await logs_in(console, ada, phone.answers(options)) == 200


async def test_a_member_has_ten_at_most(console: Console) -> None:
    """Then one has to go first."""
    ada = await console.enrolled("Ada (demo)")
    for number in range(10):
        assert await registers(ada, device(id=bytes([number]) * 16)) == "204"
    answer = await ada.post("/v1/me/passkeys/new", {"login": b64(ada.login_proof)})
    assert answer.json()["code"] == "too_many"


@pytest.mark.parametrize(
    ("url", "possible"),
    [
        ("https://relais.example", True),
        ("http://localhost:8000", True),
        ("http://relais.example", False),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]", False),
        ("nonsense", False),
    ],
)
def test_where_passkeys_can_be(url: str, possible: bool) -> None:
    """A host name over https, or this very machine by its name."""
    assert (relying_party(Settings(public_url=url, _env_file=None)) is not None) is possible


async def test_what_a_log_in_asked_for_adds_no_passkey(console: Console) -> None:
    """Everybody may ask for a log-in's challenge; to add a passkey the words are needed."""
    ada = await console.enrolled("Ada (demo)")
    asked = await options_for(console, ada)
    made = device().makes({**asked, "rp": {"id": "localhost"}})
    answer = await ada.post("/v1/me/passkeys", {"credential": made})
    assert answer.status_code == 422
