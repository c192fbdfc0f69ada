"""Log-in: both factors, once each; guessing is slow and keeps nobody out for long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from backend.database.tables import members, sessions
from tests.backend.consoles import Browser, Console, b64, running_console, totp

ADA = "Ada (demo)"


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """A demo console on either database."""
    async with running_console(database_url, tmp_path) as running:
        yield running


def stranger(console: Console, like: Browser) -> Browser:
    """Another browser that says it is the same member."""
    return Browser(
        console.client(),
        console.clock,
        like.name,
        like.seed,
        like.secret,
        like.member_id,
        like.login_proof,
    )


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code."""
    return answer.status_code, answer.json().get("code", "")


async def test_both_factors_open_a_session(console: Console) -> None:
    """Name in any case, proof and code: the wrapped seed comes back and /v1/me answers."""
    ada = stranger(console, await console.enrolled(ADA))
    answer = await ada.log_in(name="  ada  (DEMO) ")
    assert answer.status_code == 200
    assert answer.json()["wrapped_seed"] == b64(b"w" * 60)
    assert answer.json()["me"]["id"] == ada.member_id
    assert (await ada.get("/v1/me")).status_code == 200


async def test_every_wrong_thing_looks_the_same(console: Console) -> None:
    """Unknown name, wrong passphrase and wrong code cannot be told apart."""
    ada = stranger(console, await console.enrolled(ADA))
    answers = [
        await ada.log_in(name="Nobody"),
        await ada.log_in(login=b64(bytes(32))),
        await ada.log_in(totp="000000"),
    ]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert {code(answer) for answer in answers} == {(401, "wrong")}


async def test_a_code_works_once(console: Console) -> None:
    """A code that was seen over a shoulder opens nothing, nor does one from before it."""
    ada = stranger(console, await console.enrolled(ADA))
    assert (await ada.log_in()).status_code == 200
    assert code(await ada.log_in()) == (401, "wrong")
    assert code(await ada.log_in(totp=totp(ada.secret, console.clock, steps=-1))) == (401, "wrong")


async def test_the_code_of_enrolment_is_used_up(console: Console) -> None:
    """The code that enrolled does not log in as well."""
    ada = await console.invited(ADA)
    await ada.post(f"/v1/invitations/{console.invitation(ADA)}", ada.enrolment())
    assert code(await stranger(console, ada).log_in()) == (401, "wrong")


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (1, 200), (2, 401)])
async def test_a_clock_may_be_half_a_minute_off(
    sqlite_url: str, tmp_path: Path, steps: int, status: int
) -> None:
    """One step of tolerance either way, not two."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.enrolled(ADA)
        console.clock.forward(minutes=5)
        answer = await ada.log_in(totp=totp(ada.secret, console.clock, steps=steps))
        assert answer.status_code == status


async def test_of_two_log_ins_with_one_code_one_gets_in(console: Console) -> None:
    """A race for the same code has one winner."""
    ada = await console.enrolled(ADA)
    first, second = stranger(console, ada), stranger(console, ada)
    answers = await asyncio.gather(first.log_in(), second.log_in())
    assert sorted(answer.status_code for answer in answers) == [200, 401]


async def test_salts_of_unknown_names_are_stable_and_their_own(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Asking twice, in another spelling or after a restart does not tell that nobody has it."""
    answers: list[dict[str, Any]] = []
    real: dict[str, Any] = {}
    for seed in (1, 2):
        async with running_console(sqlite_url, tmp_path, seed=seed) as console:
            browser = Browser(console.client(), console.clock, "", bytes(32))
            answers += [
                (await browser.post("/v1/login/start", {"name": name})).json()
                for name in ("Nobody", " nobody ", "Somebody")
            ]
            if seed == 1:
                ada = await console.enrolled(ADA)
                real = (await ada.post("/v1/login/start", {"name": ADA})).json()
    assert answers[0] == answers[1] == answers[3] == answers[4]
    assert answers[0] != answers[2] == answers[5]
    assert answers[0].keys() == real.keys()
    assert answers[0]["argon"] | {"salt": ""} == real["argon"] | {"salt": ""}


async def test_guessing_a_passphrase_slows_down(console: Console) -> None:
    """After five failures each try waits longer, at most a minute; the right one works after it."""
    ada = stranger(console, await console.enrolled(ADA))
    for _ in range(5):
        assert code(await ada.log_in(login=b64(bytes(32)))) == (401, "wrong")
    waits = []
    for _ in range(8):
        refused = await ada.log_in(login=b64(bytes(32)))
        assert code(refused) == (429, "slow_down")
        waits.append(int(refused.headers["retry-after"]))
        console.clock.forward(minutes=waits[-1] / 60)
        assert code(await ada.log_in(login=b64(bytes(32)))) == (401, "wrong")
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    console.clock.forward(minutes=1)
    assert (await ada.log_in()).status_code == 200


async def test_asking_while_waiting_does_not_lengthen_the_wait(console: Console) -> None:
    """A flood of tries that are refused anyway never moves the end of the wait."""
    ada = stranger(console, await console.enrolled(ADA))
    for _ in range(5):
        await ada.log_in(login=b64(bytes(32)))
    for _ in range(20):
        assert code(await ada.log_in(login=b64(bytes(32)))) == (429, "slow_down")
    console.clock.forward(minutes=2 / 60)
    assert (await ada.log_in()).status_code == 200


async def test_a_clock_that_is_set_back_makes_nobody_wait_for_it(console: Console) -> None:
    """One wrong code before an hour that comes twice does not cost that hour."""
    ada = stranger(console, await console.enrolled(ADA))
    console.clock.forward(hours=1)
    assert code(await ada.log_in(totp="000000")) == (401, "wrong")
    console.clock.forward(minutes=-50)
    assert (await ada.log_in()).status_code == 200


async def test_parallel_guesses_are_all_counted(console: Console) -> None:
    """Twenty guesses at once are no way around the limit of five."""
    ada = stranger(console, await console.enrolled(ADA))
    answers = await asyncio.gather(*(ada.log_in(login=b64(bytes(32))) for _ in range(20)))
    assert sum(answer.status_code == 401 for answer in answers) == 5


async def test_guessing_codes_is_slower_still(console: Console) -> None:
    """Whoever has the passphrase and guesses codes soon waits a quarter of an hour a guess."""
    ada = stranger(console, await console.enrolled(ADA))
    guesses = 0
    until = console.clock.ms + 24 * 3_600_000
    while console.clock.ms < until:
        answer = await ada.log_in(totp="000000")
        if answer.status_code == 429:
            console.clock.forward(minutes=int(answer.headers["retry-after"]) / 60)
        else:
            guesses += 1
    assert guesses < 120  # three codes in a million fit: under one in 2,500 a day


async def test_a_stranger_keeps_nobody_out(console: Console) -> None:
    """Guesses are slowed; who has the words logs in, on a browser that is new here, too."""
    ada = await console.enrolled(ADA)
    other = stranger(console, ada)
    for _ in range(12):
        await other.log_in(login=b64(bytes(32)))
    assert code(await other.log_in(login=b64(bytes(32)))) == (429, "slow_down")
    # right words with a wrong code are not told from wrong words while the name waits
    assert code(await other.log_in(totp="000000")) == (429, "slow_down")
    assert (await other.log_in()).status_code == 200
    await ada.post("/v1/logout")
    console.clock.forward(minutes=1)  # a code works once
    assert (await ada.log_in()).status_code == 200


async def test_a_forged_device_cookie_is_a_strangers(console: Console) -> None:
    """Naming a member in the cookie without its proof opens no lane of one's own."""
    ada = await console.enrolled(ADA)
    other = stranger(console, ada)
    other.client = console.client({"relais_device": f"{ada.member_id}.{'0' * 64}"})
    for _ in range(5):
        await other.log_in(login=b64(bytes(32)))
    again = await stranger(console, ada).log_in(login=b64(bytes(32)))
    assert code(again) == (429, "slow_down")


async def test_guessing_at_many_names_slows_those_names_only(console: Console) -> None:
    """A flood over many names is slowed as a whole; who was not guessed at logs in at once."""
    ada = stranger(console, await console.enrolled(ADA))
    wrong = {"login": b64(bytes(32))}
    for number in range(110):
        for _ in range(2):
            await ada.log_in(name=f"guess {number}", **wrong)
    assert code(await ada.log_in(name="guess 1", **wrong)) == (429, "slow_down")
    assert (await ada.log_in()).status_code == 200


async def test_a_session_ends_after_a_quarter_of_an_hour_unused(console: Console) -> None:
    """Use moves the end; what a page asks by itself does not."""
    ada = await console.enrolled(ADA)
    for _ in range(3):
        console.clock.forward(minutes=13)
        assert (await ada.get("/v1/me")).status_code == 200
    for _ in range(2):
        console.clock.forward(minutes=7)
        assert (await ada.get("/v1/tonight")).status_code == 200
    console.clock.forward(minutes=2)
    assert code(await ada.get("/v1/tonight")) == (401, "signed_out")
    assert code(await ada.get("/v1/me")) == (401, "signed_out")


async def test_a_session_ends_after_twelve_hours_whatever_happens(console: Console) -> None:
    """Constant use does not keep it for ever."""
    ada = await console.enrolled(ADA)
    answers = []
    for _ in range(12 * 6):
        console.clock.forward(minutes=10)
        answers.append((await ada.get("/v1/me")).status_code)
    assert set(answers[:-1]) == {200}
    assert answers[-1] == 401


async def test_log_out_ends_the_session_on_the_server(console: Console) -> None:
    """A cookie that was copied before is worth nothing after."""
    ada = await console.enrolled(ADA)
    copied = console.client({"relais_session": ada.client.cookies["relais_session"]})
    assert (await copied.get("/v1/me")).status_code == 200
    assert (await ada.post("/v1/logout")).status_code == 204
    assert (await copied.get("/v1/me")).status_code == 401
    assert (await ada.post("/v1/logout")).status_code == 204


async def test_a_disabled_member_is_out_at_once(console: Console) -> None:
    """Sessions stop answering, and no new one can be opened."""
    ada = await console.enrolled(ADA)
    async with console.relais.db.write() as tx:
        await tx.execute(update(members).values(disabled_at=1))
    assert (await ada.get("/v1/me")).status_code == 401
    assert code(await ada.log_in()) == (401, "wrong")


async def test_old_sessions_are_swept(console: Console) -> None:
    """A log-in removes the rows of sessions that are over."""
    ada = await console.enrolled(ADA)
    console.clock.forward(hours=13)
    await ada.log_in()
    async with console.relais.db.read() as connection:
        assert len((await connection.execute(select(sessions))).all()) == 1
