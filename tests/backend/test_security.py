"""A member's own key: sessions, codes for a lost phone, another authenticator, new words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.accounts.security import plain_code
from backend.database.tables import recovery_codes
from tests.backend.consoles import ARGON, Browser, Console, b64, running_console, totp


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """The demo on either database."""
    async with running_console(database_url, tmp_path) as running:
        yield running


def proof(browser: Browser, right: bool = True) -> dict[str, str]:
    """What the words prove; or other words."""
    return {"login": b64(browser.login_proof if right else bytes(32))}


async def codes_of(browser: Browser) -> list[str]:
    """New codes."""
    answer = await browser.post("/v1/me/recovery-codes", proof(browser))
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["codes"]
    return found


async def logs_in(console: Console, browser: Browser, code: str) -> Any:
    """In a browser of its own."""
    other = Browser(console.client(), console.clock, browser.name, browser.seed)
    other.login_proof, other.secret = browser.login_proof, browser.secret
    return await other.log_in(totp=code)


async def test_a_code_stands_in_for_the_phone_once(console: Console) -> None:
    """As it was written down, in any case, with or without its hyphen; the second time not."""
    ada = await console.enrolled("Ada (demo)")
    codes = await codes_of(ada)
    assert len(set(codes)) == 8
    assert (await logs_in(console, ada, codes[0].lower().replace("-", " "))).status_code == 200
    assert (await logs_in(console, ada, codes[0])).status_code == 401
    assert (await ada.get("/v1/me/security")).json()["codes_left"] == 7


async def test_new_codes_end_the_earlier_ones(console: Console) -> None:
    """A paper that was lost opens nothing."""
    ada = await console.enrolled("Ada (demo)")
    first = await codes_of(ada)
    await codes_of(ada)
    assert (await logs_in(console, ada, first[0])).status_code == 401


async def test_a_code_opens_nothing_without_the_words_or_for_another(console: Console) -> None:
    """It is the second factor of one member, not a way in."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    codes = await codes_of(ada)
    wrong = await ada.post(
        "/v1/login", {"name": ada.name, "login": b64(bytes(32)), "totp": codes[0]}
    )
    assert wrong.status_code == 401
    assert (await logs_in(console, sam, codes[1])).status_code == 401
    assert (await logs_in(console, ada, codes[1])).status_code == 200


async def test_codes_are_kept_as_hashes_and_cannot_be_guessed(console: Console) -> None:
    """No column holds one; wrong ones are slowed down like wrong six digits."""
    ada = await console.enrolled("Ada (demo)")
    codes = await codes_of(ada)
    async with console.relais.db.read() as connection:
        rows = (await connection.execute(select(recovery_codes))).all()
    kept = b"".join(bytes(row.code_index) for row in rows)
    assert all(code.replace("-", "").encode() not in kept for code in codes)
    answers = [(await logs_in(console, ada, f"0000{n}00000")).status_code for n in range(8)]
    assert answers[:5] == [401] * 5
    assert answers[-1] == 429


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/me/recovery-codes", {}),
        ("/v1/me/authenticator/new", {}),
        ("/v1/me/words", {"login": b64(b"n" * 32), "wrapped_seed": b64(b"w" * 60), "argon": ARGON}),
    ],
)
async def test_what_changes_the_key_asks_for_the_words_again(
    console: Console, path: str, more: dict[str, Any]
) -> None:
    """Whoever finds an open console changes nothing; and cannot try for long."""
    ada = await console.enrolled("Ada (demo)")
    body = {**proof(ada, right=False), **more}
    if "argon" in more:
        body["before"] = b64(bytes(32))
    answers = [(await ada.post(path, body)).json()["code"] for _ in range(7)]
    assert answers[:5] == ["wrong_words"] * 5
    assert answers[-1] == "slow_down"
    assert (await ada.get("/v1/me")).status_code == 200


async def test_another_authenticator_counts_once_it_showed_a_code(console: Console) -> None:
    """Until then the old one does; afterwards only the new one."""
    ada = await console.enrolled("Ada (demo)")
    new = (await ada.post("/v1/me/authenticator/new", proof(ada))).json()["totp_secret"]
    wrong = await ada.post("/v1/me/authenticator", {"totp": "000000"})
    assert wrong.json()["code"] == "wrong_code"
    assert (await logs_in(console, ada, totp(ada.secret, console.clock))).status_code == 200
    console.clock.forward(minutes=1)
    right = await ada.post("/v1/me/authenticator", {"totp": totp(new, console.clock)})
    assert right.status_code == 204
    again = await ada.post("/v1/me/authenticator", {"totp": totp(new, console.clock)})
    assert again.json()["code"] == "wrong_code"
    console.clock.forward(minutes=1)
    assert (await logs_in(console, ada, totp(ada.secret, console.clock))).status_code == 401
    assert (await logs_in(console, ada, totp(new, console.clock))).status_code == 200


async def test_new_words_keep_the_key_and_end_other_sessions(console: Console) -> None:
    """The old words open nothing any more; this session goes on."""
    ada = await console.enrolled("Ada (demo)")
    other = Browser(console.client(), console.clock, ada.name, ada.seed)
    other.login_proof, other.secret = ada.login_proof, ada.secret
    assert (await other.log_in()).status_code == 200
    new = b"n" * 32
    argon = ARGON | {"salt": b64(b"another salt....")}
    answer = await ada.post(
        "/v1/me/words",
        {
            "before": b64(ada.login_proof),
            "login": b64(new),
            "wrapped_seed": b64(b"v" * 60),
            "argon": argon,
        },
    )
    assert answer.status_code == 204, answer.text
    assert (await other.get("/v1/me")).status_code == 401
    me = (await ada.get("/v1/me")).json()
    assert me["wrapped_seed"] == b64(b"v" * 60)
    started = await ada.post("/v1/login/start", {"name": ada.name})
    assert started.json()["argon"]["salt"] == argon["salt"]
    console.clock.forward(minutes=1)
    assert (await logs_in(console, ada, totp(ada.secret, console.clock))).status_code == 401
    ada.login_proof = new
    console.clock.forward(minutes=2)
    assert (await logs_in(console, ada, totp(ada.secret, console.clock))).status_code == 200


async def test_sessions_are_listed_and_ended_by_their_member_alone(console: Console) -> None:
    """One of the others, or all of them; never another member's, never this one."""
    ada, sam = await console.enrolled("Ada (demo)"), await console.enrolled("Sam (demo)")
    others = []
    for _ in range(3):
        other = Browser(console.client(), console.clock, ada.name, ada.seed)
        other.login_proof, other.secret = ada.login_proof, ada.secret
        assert (await other.log_in()).status_code == 200
        others.append(other)
        console.clock.forward(minutes=1)
    listed = (await ada.get("/v1/me/security")).json()["sessions"]
    assert [one["here"] for one in listed].count(True) == 1
    assert len(listed) == 4
    away = [one["id"] for one in listed if not one["here"]]
    here = next(one["id"] for one in listed if one["here"])
    delete = ada.client.delete
    header = {"X-Relais": "console"}
    stolen = await sam.client.delete(f"/v1/me/sessions/{away[0]}", headers=header)
    assert stolen.json() == {"ended": 0}
    assert (await delete(f"/v1/me/sessions/{here}", headers=header)).json() == {"ended": 0}
    assert (await delete(f"/v1/me/sessions/{away[0]}", headers=header)).json() == {"ended": 1}
    assert (await delete("/v1/me/sessions/others", headers=header)).json() == {"ended": 2}
    assert [(await one.get("/v1/me")).status_code for one in others] == [401, 401, 401]
    assert (await ada.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("typed", ["", "123456", "ABCDE-FGHI!", "ABCDE-FGHIJK", "ÀBCDE-FGHIJ"])
def test_what_is_no_recovery_code(typed: str) -> None:
    """Too short, too long, or letters that no code has."""
    assert plain_code(typed) is None
