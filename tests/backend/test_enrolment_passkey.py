"""Enrolment with a passkey: a second factor from the first moment, and the last one stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from backend.database.tables import passkeys
from tests.backend.authenticators import Device
from tests.backend.consoles import HEADER, Browser, Console, b64, running_console, totp
from tests.backend.test_passkeys import ORIGIN, device, logs_in, options_for, registers

ADA = "Ada (demo)"
SAM = "Sam (demo)"


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """Reached by a host name."""
    async with running_console(database_url, tmp_path, public_url=ORIGIN) as running:
        yield running


def link(console: Console, name: str) -> str:
    """The invitation's address in the API."""
    return f"/v1/invitations/{console.invitation(name)}"


async def asks(console: Console, browser: Browser) -> dict[str, Any]:
    """Options to make the passkey, of this member's invitation."""
    answer = await browser.post(f"{link(console, browser.name)}/passkey")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["options"]
    return found


def body(browser: Browser, credential: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An enrolment with this passkey and no code."""
    right = browser.enrolment(passkey=credential)
    right.pop("totp")
    return right | changes


async def enrols(console: Console, phone: Device, name: str = ADA) -> Browser:
    """Somebody who has a passkey and no authenticator, signed in."""
    browser = await console.invited(name)
    credential = phone.makes(await asks(console, browser))
    answer = await browser.post(link(console, name), body(browser, credential))
    assert answer.status_code == 201, answer.text
    console.clock.forward(minutes=1)
    return browser


async def removes(browser: Browser, phone: Device) -> httpx.Response:
    """This one is forgotten."""
    listed = phone.makes({"challenge": ""})["id"]
    return await browser.client.delete(f"/v1/me/passkeys/{listed}", headers=HEADER)


async def test_who_enrols_with_a_passkey_logs_in_with_it(console: Console) -> None:
    """It is there with the key, and the session too; no authenticator was set up."""
    phone = device()
    ada = await enrols(console, phone)
    assert (await ada.get("/v1/me")).json()["in_roster"]
    security = (await ada.get("/v1/me/security")).json()
    assert (len(security["passkeys"]), security["authenticator"]) == (1, False)
    assert await logs_in(console, ada, phone.answers(await options_for(console, ada))) == 200


async def test_the_secret_of_the_invitation_is_no_factor_then(console: Console) -> None:
    """Whoever saw the link's secret has no code of hers; it is refused like any wrong one."""
    ada = await enrols(console, device())
    answer = await ada.log_in()
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong")


async def test_an_invitation_says_that_passkeys_can_be(console: Console) -> None:
    """The console is reached by a host name."""
    ada = await console.invited(ADA)
    assert (await ada.get(link(console, ADA))).json()["passkeys_possible"] is True


async def test_where_none_can_be_none_is_asked_for_or_taken(
    sqlite_url: str, tmp_path: Path
) -> None:
    """An address is no name: the invitation says so, and both steps refuse."""
    async with running_console(sqlite_url, tmp_path) as console:
        ada = await console.invited(ADA)
        assert (await ada.get(link(console, ADA))).json()["passkeys_possible"] is False
        refused = await ada.post(f"{link(console, ADA)}/passkey")
        made = body(ada, device().makes({"challenge": "AAAA"}))
        taken = await ada.post(link(console, ADA), made)
        assert [one.json()["code"] for one in (refused, taken)] == ["no_passkeys"] * 2


@pytest.mark.parametrize("factor", ["none", "both"])
async def test_exactly_one_second_factor_is_taken(console: Console, factor: str) -> None:
    """Without one nobody enrols; with two nobody is in doubt which one counts."""
    ada = await console.invited(ADA)
    made = body(ada, device().makes(await asks(console, ada)))
    if factor == "both":
        made["totp"] = totp(ada.secret, console.clock)
    else:
        made.pop("passkey")
    assert (await ada.post(link(console, ADA), made)).status_code == 422
    assert (await ada.get(link(console, ADA))).status_code == 200


@pytest.mark.parametrize(
    "how", ["another invitation's", "a member's", "a log-in's", "too old", "other origin", "taken"]
)
async def test_a_passkey_that_does_not_fit_costs_no_invitation(console: Console, how: str) -> None:
    """Asked for elsewhere, too late, by another page, or somebody's already: nobody is enrolled."""
    invited = how == "another invitation's"
    sam = await (console.invited(SAM) if invited else console.enrolled(SAM))
    ada, phone = await console.invited(ADA), device()
    options = await asks(console, ada)
    if invited:
        options = await asks(console, sam)
    elif how == "a member's":
        begun = await sam.post("/v1/me/passkeys/new", {"login": b64(sam.login_proof)})
        options = begun.json()["options"]
    elif how == "a log-in's":
        options = await options_for(console, ada)
    elif how == "too old":
        console.clock.forward(minutes=6)
    elif how == "other origin":
        phone.origin = "https://evil.example"
    elif how == "taken":
        assert await registers(sam, phone) == "204"
    answer = await ada.post(link(console, ADA), body(ada, phone.makes(options)))
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_passkey")
    right = device(id=b"another").makes(await asks(console, ada))
    assert (await ada.post(link(console, ADA), body(ada, right))).status_code == 201


async def test_an_invitation_serves_once_with_passkeys_too(console: Console) -> None:
    """Afterwards it gives no challenge and takes none; of two at once one gets in, with one key."""
    first, second = await console.invited(ADA), await console.invited(ADA)
    made = [
        body(one, device(id=bytes([n]) * 9).makes(await asks(console, one)))
        for n, one in enumerate((first, second))
    ]
    answers = await asyncio.gather(*(first.post(link(console, ADA), one) for one in made))
    assert sorted(answer.status_code for answer in answers) == [201, 404]
    assert (await second.post(f"{link(console, ADA)}/passkey")).status_code == 404
    async with console.relais.db.read() as connection:
        assert len((await connection.execute(select(passkeys))).all()) == 1


async def test_the_last_factor_stays(console: Console) -> None:
    """The only passkey of a member without an authenticator is refused; one of two is not."""
    phone, stick = device(), device(id=b"a stick of hers")
    ada = await enrols(console, phone)
    refused = await removes(ada, phone)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_factor")
    assert (await removes(ada, device(id=b"no such one"))).status_code == 404
    assert await registers(ada, stick) == "204"
    assert (await removes(ada, phone)).status_code == 204
    assert (await removes(ada, stick)).json()["code"] == "last_factor"
    assert await logs_in(console, ada, stick.answers(await options_for(console, ada))) == 200


async def test_of_two_last_passkeys_that_go_at_once_one_stays(
    postgres_url: str, tmp_path: Path
) -> None:
    """PostgreSQL: two browsers remove one each, and neither sees what the other has not committed.

    (SQLite has one writer at a time.) Both are held up before they delete, by a lock on the rows.
    """
    async with running_console(postgres_url, tmp_path, public_url=ORIGIN) as console:
        await _remove_both_at_once(console)


async def _remove_both_at_once(console: Console) -> None:
    phone, stick = device(), device(id=b"a stick of hers")
    ada = await enrols(console, phone)
    assert await registers(ada, stick) == "204"
    async with console.relais.db.write() as tx:
        await tx.execute(select(passkeys).with_for_update())
        going = [asyncio.create_task(removes(ada, one)) for one in (phone, stick)]
        await waiting(console, len(going))
    answers = await asyncio.gather(*going)
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    async with console.relais.db.read() as connection:
        assert len((await connection.execute(select(passkeys))).all()) == 1


async def waiting(console: Console, many: int) -> None:
    """Until so many transactions of this database wait for a lock."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def seen() -> int:
        async with console.relais.db.read() as connection:  # anew: PostgreSQL remembers an answer
            found: int = (await connection.execute(asked)).scalar_one()
            return found

    async with asyncio.timeout(10):
        while await seen() < many:  # noqa: ASYNC110  (another session's state)
            await asyncio.sleep(0.02)


async def test_with_an_authenticator_every_passkey_may_go(console: Console) -> None:
    """It is set up later as anybody's is, and opens then."""
    phone = device()
    ada = await enrols(console, phone)
    begun = await ada.post("/v1/me/authenticator/new", {"login": b64(ada.login_proof)})
    ada.secret = begun.json()["totp_secret"]
    assert (await removes(ada, phone)).json()["code"] == "last_factor"  # no code was shown yet
    shown = await ada.post("/v1/me/authenticator", {"totp": totp(ada.secret, console.clock)})
    assert shown.status_code == 204
    assert (await removes(ada, phone)).status_code == 204
    console.clock.forward(minutes=1)
    assert (await ada.log_in()).status_code == 200


async def test_a_lost_device_is_replaced_with_a_code_on_paper(console: Console) -> None:
    """Words and paper open; the lost passkey goes, and whoever was signed in with it."""
    lost, new = device(), device(id=b"the new phone's")
    there = await enrols(console, lost)
    codes = (await there.post("/v1/me/recovery-codes", {"login": b64(there.login_proof)})).json()
    here = Browser(console.client(), console.clock, there.name, there.seed, there.secret)
    here.login_proof = there.login_proof
    assert (await here.log_in(totp=codes["codes"][0])).status_code == 200
    assert await registers(here, new) == "204"
    assert (await there.get("/v1/me")).status_code == 200
    assert (await removes(here, lost)).status_code == 204
    assert (await there.get("/v1/me")).status_code == 401
    assert (await here.get("/v1/me")).status_code == 200
    assert await logs_in(console, here, lost.answers(await options_for(console, here))) == 401
    assert await logs_in(console, here, new.answers(await options_for(console, here))) == 200
